#!/usr/bin/env bash
# Runs the test suite where it can disturb nobody: private network (loopback only), mounts and processes.
# Whatever ends the run, SIGKILL included, ends everything that it started. Arguments go to vitest; its exit code is ours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${1-} == --inside ]]; then
  shift
  ip link set lo up
  # The card reader's socket answers at once instead of after 40 ms: quickack works on a host route only.
  ip route replace local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1 quickack 1 || true
  # A pcscd of the machine stays out of sight.
  if mkdir -p /run/pcscd 2>/dev/null; then mount -t tmpfs tmpfs /run/pcscd || true; fi
  exec node node_modules/vitest/vitest.mjs run "$@"
fi

# What is left in temporary folders goes with the run.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sportello-tests-XXXXXX")
chmod 1777 "$scratch"
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch

namespaces=(unshare --mount --net --pid --fork --kill-child --mount-proc)
if ((EUID != 0)); then namespaces+=(--map-root-user); fi
if "${namespaces[@]}" ip link set lo up 2>/dev/null; then
  code=0
  setpriv --pdeathsig KILL "${namespaces[@]}" bash tests/run.sh --inside "$@" || code=$?
  exit $code
fi
echo 'tests: this machine refuses namespaces; running in the open' >&2
node node_modules/vitest/vitest.mjs run "$@"
