import { setTimeout } from 'node:timers';
import Database from 'better-sqlite3';
import { openRecords } from '../../kiosk/records/records.ts';

/**
 * Opens the records in the folder given and writes operation after operation, to its outcome and half of them to their end. Each row is
 * acknowledged on standard output, `<sequence> <operation> <kind>`, once the journal says it is durable; the process ends with
 * `stopped <error>` when the journal cannot be written, or after as many operations as `how` says. With `hold` it only keeps the records open;
 * with `normal` it writes one operation with a SQLite that says `synchronous = full` and does not do it.
 */
const [folder = '', how = 'Infinity'] = process.argv.slice(2);
if (how === 'normal') syncLess();
const most = how === 'normal' ? 1 : Number(how);
const opened = openRecords({
  folder,
  onAppended: ({ sequence, operationId, row }) => process.stdout.write(`${sequence} ${operationId} ${row.kind}\n`),
});
if (!opened.ok) {
  process.stdout.write(`refused ${opened.error.kind}\n`);
  process.exit(1);
}
const records = opened.value;
process.stdout.write('open\n');

/** The mutant of the durable settings. */
function syncLess(): void {
  const say = Reflect.get<Database.Database, 'pragma'>(Database.prototype, 'pragma');
  Database.prototype.pragma = function (this: Database.Database, source, options) {
    if (source === 'synchronous') return 2;
    return say.call(this, source === 'synchronous = full' ? 'synchronous = normal' : source, options);
  };
}

function writeOperation(number: number): string | null {
  const operationId = `01890a5d-ac96-774b-bcce-${number.toString(16).padStart(12, '0')}`;
  const digest = records.digest('holder', operationId);
  const outcome = {
    operationId,
    attempt: 1,
    outcome: 'handed-over',
    evidence: { class: 'E4', raw: '3722' },
    exposed: false,
    reason: 'handed-over',
  } as const;
  const steps = [
    () =>
      records.append(operationId, {
        kind: 'OP_OPEN',
        operation: 'activation',
        case: 'adult',
        profile: 'emilia-romagna',
        profileVersion: '1',
        holder: digest,
        card: digest,
        operator: 'mrossi',
      }),
    () => records.append(operationId, { kind: 'RESERVE_INTENT' }),
    () => records.append(operationId, { kind: 'RESERVED', expiresAt: '2026-11-22T10:15:00.000Z' }),
    () => records.appendOutcome(outcome),
    ...(number % 2 === 0
      ? [
          () => records.appendReceipt(operationId, { kind: 'RECEIPT', state: 'CONFIRMED', cmsSequence: number, jws: 'e30.e30.AA' }),
          () => records.append(operationId, { kind: 'CLOSED', state: 'CONFIRMED' }),
        ]
      : []),
  ];
  for (const step of steps) {
    const written = step();
    if (!written.ok) return written.error.kind;
  }
  return null;
}

if (how === 'hold') process.stdin.resume().on('end', () => process.exit(0));
else {
  const first = records.list().length + 1;
  let stopped: string | null = null;
  for (let number = first; stopped === null && number < first + most; number += 1) {
    stopped = writeOperation(number);
    // Lets standard output go out.
    if (number % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  process.stdout.write(`stopped ${stopped} ${records.list().length}\n`);
  records.close();
}
