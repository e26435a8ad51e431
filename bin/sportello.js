#!/usr/bin/env node
// The executable itself is committed, since npx remembers a missing one; what it runs is built, here too if nobody did yet.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = new URL('../dist/bundled/kiosk.cli.js', import.meta.url);

if (!existsSync(cli)) {
  const build = fileURLToPath(new URL('../provisioning/build.js', import.meta.url));
  spawnSync(process.execPath, [build], { stdio: ['ignore', 2, 2] });
  if (!existsSync(cli)) {
    process.stderr.write('sportello: the build failed; npm run setup tells why\n');
    process.exit(2);
  }
}
await import(cli.href);
