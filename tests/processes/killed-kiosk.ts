import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createLog } from '../../kiosk/log/log.ts';
import { runKiosk } from '../../kiosk/main.ts';
import { processEntry } from '../../kiosk/project.ts';
import { arm, install, watched } from './failpoints.ts';

/**
 * The product's kiosk, that dies by SIGKILL at a named point (`failpoints.ts`): the one in KILL_AT, or the one that comes in a line on standard
 * input. Arguments: the configuration file. Tells the points that it passes, and its rows, in JSON lines on standard output.
 */
const [, , configuration = ''] = process.argv;
const { CARD_HOST: cardHost = 'tests/processes/card-host.ts', KILL_AT: killAt = '' } = process.env;

install();
arm(killAt);
createInterface({ input: process.stdin }).on('line', arm);

await runKiosk(configuration, {
  cardHost: { entry: processEntry(cardHost) },
  log: watched(createLog('core')),
  onJournalRow: ({ row: { kind }, operationId }) => void writeSync(1, `${JSON.stringify({ row: kind, operationId })}\n`),
});
