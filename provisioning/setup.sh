#!/usr/bin/env bash
# Makes a Debian 12 machine with Node 20 ready for Sportello: Debian packages, npm packages with their native parts, build.
# Idempotent; does nothing, quickly, where nothing is missing. Says what it does on standard error.
# Exit codes: 0 ready, 2 something is missing that it may not install itself (one line says what to do), others: a step failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "setup: $*" >&2; }
stop() { say "$*"; exit 2; }

# 1. Node
node_version=$(node --version 2>/dev/null) || stop 'Node 20.19 or later is needed, and npm with it'
IFS=. read -r major minor _ <<<"${node_version#v}"
((major > 20 || (major == 20 && minor >= 19))) || stop "Node 20.19 or later is needed, this is $node_version"

# 2. Debian packages: what the devices need, what the native npm parts are compiled with, what the tests drive.
packages=(
  pcscd libpcsclite1 libusb-1.0-0 udev socat util-linux iproute2 fonts-dejavu-core
  build-essential python3 pkg-config libpcsclite-dev
  vsmartcard-vpcd opensc chromium openssl umockdev gir1.2-umockdev-1.0 python3-gi gdb strace slapd
)
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qx "installed $package" <<<"$installed" || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  if ((EUID != 0)); then
    say "Debian packages are missing; as root: apt-get install --no-install-recommends ${missing[*]}"
    exit 2
  fi
  say "installing Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q >&2
  apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
fi

# 3. npm packages. The stamp is the lock file they were installed from; npm leaves an optional native part that did not
# compile out without a word, hence the look at what was built.
stamp=node_modules/.sportello/package-lock.json
native=(node_modules/better-sqlite3/build/Release/better_sqlite3.node node_modules/pcsclite/build/Release/pcsclite.node)
complete() { cmp -s package-lock.json "$stamp" && ls "${native[@]}" >/dev/null 2>&1; }
if ! complete; then
  say 'installing npm packages and compiling their native parts (2 to 3 minutes)'
  headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  if [[ -f $headers/include/node/node.h ]]; then export npm_config_nodedir=$headers; fi # else they would be downloaded
  npm ci --include=dev --include=optional --loglevel=error >&2
  mkdir -p "$(dirname "$stamp")"
  cp package-lock.json "$stamp"
  complete || { rm -f "$stamp"; stop "a native part was not built: ${native[*]}; npm rebuild --foreground-scripts pcsclite better-sqlite3 says why"; }
fi

# 4. Build
node provisioning/build.js
