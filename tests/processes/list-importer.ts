import { readFileSync, writeSync } from 'node:fs';
import { importList } from '../../kiosk/trust/trusted-list/import.ts';
import { readPins } from '../../kiosk/trust/trusted-list/signers.ts';

/** Imports a trusted list into a store: `<store> <signer> <list>`. Says `done` once it is held. */
const [folder = '', signer = '', list = ''] = process.argv.slice(2);
const pins = readPins([signer]);
if (!pins.ok) throw new Error(pins.error);
const imported = importList(folder, { bytes: readFileSync(list) }, pins.value, new Date());
writeSync(1, imported.ok ? 'done\n' : `refused ${imported.error}\n`);
