import { readFileSync, writeSync } from 'node:fs';
import { importCrls } from '../../kiosk/trust/crl/import.ts';
import { type CrlIssuer, readIssuers } from '../../kiosk/trust/crl/issuer.ts';
import { openStore } from '../../kiosk/trust/crl/store.ts';
import { err } from '../../devices/result.ts';

/**
 * Imports a CRL into a store: `<store> <issuer> <crl> [hold]`. Says `open` when it begins and `done` when all is durable. With `hold` it writes
 * everything, says `written`, and waits for its end with the transaction still open.
 */
const [folder = '', issuerFile = '', crl = '', hold] = process.argv.slice(2);
const say = (word: string): void => void writeSync(1, `${word}\n`);

function issuersIn(file: string): readonly CrlIssuer[] {
  const read = readIssuers(file);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

const opened = openStore(folder);
if (!opened.ok) throw new Error(opened.error);
const store = opened.value;
const issuers = issuersIn(issuerFile);
say('open');
const waiting = {
  ...store,
  together: <T, E>(work: () => ReturnType<typeof store.together<T, E>>) =>
    store.together<T, E>(() => {
      const done = work();
      if (hold !== 'hold') return done;
      say('written');
      // Blocks for good: what waits at the other end of standard input never writes.
      readFileSync(0);
      return done.ok ? err('stopped' as E) : done;
    }),
};
const imported = importCrls(waiting, [crl], { issuers, now: new Date(), allowSha1: false, allowRsa1024: false });
say(imported.ok ? 'done' : `refused ${imported.error.detail}`);
store.close();
