import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../devices/command.ts';
import { readConfiguration } from '../kiosk/configuration.ts';
import { commandEntry } from '../kiosk/project.ts';
import { type FoundDevice, discoverDevices, foundReader, machine } from './discover.ts';
import { type Diagnosis, checksFor, examine } from './doctor.ts';

const doctorOptions = z.object({ config: z.string().min(1).optional(), json: z.boolean().default(false) });

/** `sportello doctor`: exit code 0 if all is well, 1 if anything is amiss. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('checks this machine part by part; with a configuration also its printer, CMS, clock, CRLs and disk')
    .option('--config <file>', "the kiosk's configuration")
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello doctor --config /etc/sportello/sportello.json')
    .action(async (given: unknown) => {
      const { config, json } = doctorOptions.parse(given);
      const read = config === undefined ? null : readConfiguration(config);
      if (read?.ok === false) throw new CommandFailure(exit.unusable, `${read.error.file}: ${read.error.detail}`);
      const diagnosis = await examine(checksFor(read?.value ?? null));
      if (json) answerJson(diagnosis);
      else process.stdout.write(report(diagnosis, config !== undefined));
      process.exitCode = diagnosis.ok ? exit.yes : exit.no;
    });
}

function report({ checks }: Diagnosis, configured: boolean): string {
  const lines = checks.flatMap(({ ok, title, detail, advice }) => [
    `${ok ? 'ok   ' : 'AMISS'}  ${title.padEnd(26)} ${detail}`,
    ...(advice === '' ? [] : [`${' '.repeat(34)}${advice}`]),
  ]);
  if (!configured) lines.push('with --config FILE also: records, printer, CMS, clock, CRLs');
  return `${lines.join('\n')}\n`;
}

/** `sportello discover`: the devices found; none found is an answer too. */
export function discoverCommand(): Command {
  return new Command('discover')
    .description('the devices found, each with its stable path and a proposed configuration entry')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello discover --json')
    .action(async (given: unknown) => {
      const { json } = z.object({ json: z.boolean().default(false) }).parse(given);
      const found = await listReaders();
      if (found === null) process.stderr.write('sportello: the PC/SC service cannot be reached; card readers are not listed\n');
      const devices = [...discoverDevices(machine), ...(found ?? []).map(foundReader)];
      if (json) answerJson(devices);
      else process.stdout.write(devices.length === 0 ? 'no devices found\n' : devices.map(told).join(''));
    });
}

const readers = z.array(z.object({ reader: z.string() }));
/** Milliseconds; `card list` has a limit of its own below this. */
const readersLimitMs = 10_000;

/** The names of the readers; `null` without a PC/SC service. Asked of `card list` in a process of its own: the binding's threads would hold this one. */
async function listReaders(): Promise<readonly string[] | null> {
  const ask = promisify(execFile);
  try {
    const { stdout } = await ask(process.execPath, [commandEntry(), 'card', 'list', '--json'], { timeout: readersLimitMs });
    return readers.parse(JSON.parse(stdout)).map(({ reader }) => reader);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function told({ kind, name, stablePath, entry, note }: FoundDevice): string {
  const lines = [`${kind}: ${name}`, `  ${stablePath}`];
  if (entry !== null) lines.push(`  ${JSON.stringify(entry)}`);
  if (note !== '') lines.push(`  (${note})`);
  return `${lines.join('\n')}\n`;
}
