import { existsSync, writeSync } from 'node:fs';
import type { JournalEntry } from '../../flows/ports/journal.ts';
import { createLog } from '../../kiosk/log/log.ts';
import { runKiosk } from '../../kiosk/main.ts';
import { processEntry } from '../../kiosk/project.ts';

/**
 * The product's kiosk, stopped in its tracks right after a journal row of the kind in PAUSE_AFTER is durable, before anything that
 * the row announces: the suite kills what it wants to kill there, and goes on by making the file named in PAUSE_UNTIL.
 * Its card process is the product's, or the one in CARD_HOST. Arguments: the configuration file. Tells each row in a JSON line on standard output.
 */
const [, , configuration = ''] = process.argv;
const { CARD_HOST: cardHost = 'devices/card/pcsc-host.ts', PAUSE_AFTER: pauseAfter, PAUSE_UNTIL: pauseUntil = '' } = process.env;

const tell = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);
const nap = new Int32Array(new SharedArrayBuffer(4));

function onJournalRow({ row: { kind }, operationId, sequence }: JournalEntry): void {
  tell({ row: kind, operationId, sequence });
  if (kind !== pauseAfter) return;
  tell({ paused: kind });
  while (!existsSync(pauseUntil)) Atomics.wait(nap, 0, 0, 5);
}

await runKiosk(configuration, {
  cardHost: { entry: processEntry(cardHost) },
  log: createLog('core'),
  onJournalRow,
});
