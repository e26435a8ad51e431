import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../devices/command.ts';
import { exportCommand, verifyCommand } from './audit/commands.ts';
import { drawnAgain } from './draw.ts';
import { describeRecordsError } from './failure.ts';
import { type History, type OperationSummary, openHistory } from './history.ts';

const stateOptions = z.object({ state: z.string().min(1), json: z.boolean().default(false) });

/** `sportello records list|show|counts|draws|verify|export`: reads only, beside a running kiosk too. */
export function recordsCommands(): Command {
  const records = new Command('records').description('what the kiosk recorded of its operations');

  records
    .command('list')
    .description('operations, oldest first')
    .requiredOption('--state <dir>', "the kiosk's state, as in its configuration")
    .option('--open', 'only those that are not closed')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello records list --open --state /var/lib/sportello')
    .action((given: unknown) => {
      const { state, json, open } = stateOptions.extend({ open: z.boolean().default(false) }).parse(given);
      const operations = reading(state, (history) => history.list({ open }));
      if (json) answerJson(operations);
      else process.stdout.write(operations.length === 0 ? 'no operations\n' : operations.map(line).join(''));
    });

  records
    .command('show')
    .description('one operation with all its rows')
    .argument('<id>', 'operation id')
    .requiredOption('--state <dir>', "the kiosk's state, as in its configuration")
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello records show 01890a5d-ac96-774b-bcce-b302099a8057 --state /var/lib/sportello')
    .action((id: string, given: unknown) => {
      const { state, json } = stateOptions.parse(given);
      const operation = reading(state, (history) => history.show(id));
      if (operation === null) throw new CommandFailure(exit.no, `no operation ${JSON.stringify(id)} in ${state}`);
      if (json) answerJson(operation);
      else {
        process.stdout.write(line(operation));
        for (const { sequence, at, row } of operation.rows) {
          const { kind, ...fields } = row;
          process.stdout.write(`  ${String(sequence).padStart(6)}  ${at}  ${kind.padEnd(14)}  ${fieldsOf(fields)}\n`);
        }
      }
    });

  records
    .command('counts')
    .description('the three-way count of each day, and where journal and CMS differ')
    .requiredOption('--state <dir>', "the kiosk's state, as in its configuration")
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello records counts --state /var/lib/sportello')
    .action((given: unknown) => {
      const { state, json } = stateOptions.parse(given);
      const counts = reading(state, (history) => ({ days: history.countedDays(), incidents: history.incidents() }));
      if (json) answerJson(counts);
      else {
        for (const { day, intents, slips, releases } of counts.days) {
          process.stdout.write(`${day}  ${intents} prints announced  ${slips} slips  ${releases} releases\n`);
        }
        for (const { at, kind, operationId, attempt } of counts.incidents) {
          process.stdout.write(`${at}  ${kind}  ${operationId}  attempt ${attempt}\n`);
        }
        if (counts.days.length === 0) process.stdout.write('no day was counted yet\n');
      }
      if (counts.incidents.length > 0) process.exitCode = exit.no;
    });

  records
    .command('draws')
    .description('draws every lot of the blind envelopes again, from the rows and the seeds that were revealed')
    .requiredOption('--state <dir>', "the kiosk's state, as in its configuration")
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello records draws --state /var/lib/sportello')
    .action((given: unknown) => {
      const { state, json } = stateOptions.parse(given);
      const checked = reading(state, (history) => drawnAgain(history.rows()));
      const { draws, secret, faults } = checked;
      if (json) answerJson(checked);
      else {
        process.stdout.write(
          `${draws} draws, of which ${secret} by a seed that is still secret; ${faults.length} are not as they should be\n`,
        );
        for (const { sequence, detail } of faults) process.stdout.write(`${String(sequence).padStart(6)}  ${detail}\n`);
      }
      if (faults.length > 0) process.exitCode = exit.no;
    });

  records.addCommand(verifyCommand()).addCommand(exportCommand());
  return records;
}

/** The records stand in a folder of their own within the kiosk's state. */
function reading<T>(state: string, read: (history: History) => T): T {
  const folder = join(state, 'records');
  const opened = openHistory(folder);
  if (!opened.ok) throw new CommandFailure(exit.unusable, describeRecordsError(opened.error));
  try {
    return read(opened.value);
  } catch (error) {
    if (error instanceof z.ZodError) throw new CommandFailure(exit.unusable, `a row in ${folder} is not as it was written`);
    throw error;
  } finally {
    opened.value.close();
  }
}

function line({ operationId, openedAt, lastRow, outcome, state, waiting, attention }: OperationSummary): string {
  const told = [
    lastRow,
    outcome ?? 'no outcome',
    state ?? 'no receipt',
    ...(waiting ? ['waiting for the CMS'] : []),
    ...(attention ? ['A PERSON MUST LOOK'] : []),
  ];
  return `${operationId}  ${openedAt}  ${told.join('  ')}\n`;
}

function fieldsOf(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]: [string, unknown]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
