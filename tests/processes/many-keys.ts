import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findOrMakeDeviceKey } from '../../kiosk/device-key.ts';
import { makeOneUseKey } from '../../kiosk/printing/one-use-key.ts';

/** Makes keys, with litter of all sizes between them so that the collector comes at all places: `node many-keys.js FOLDER COUNT`. */
const [folder = '', count = '0'] = process.argv.slice(2);
const file = join(folder, 'device-key.jwk');
for (let made = 0; made < Number(count); made += 1) {
  new Array(20 + ((made * 7919) % 997)).fill(made);
  rmSync(file, { force: true });
  const key = findOrMakeDeviceKey(file);
  if (!key.ok) throw new Error(key.error.detail);
  makeOneUseKey();
}
