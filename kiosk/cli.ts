import { Command, CommanderError } from 'commander';
import { CommandFailure, exit } from '../devices/command.ts';
import { type CommandGroup, addGroups } from './command-group.ts';

const groups: readonly CommandGroup[] = [
  {
    name: 'demo',
    summary: 'the kiosk on virtual devices, with everything it needs',
    load: async () => (await import('./demo/commands.ts')).demoCommand(),
  },
  { name: 'run', summary: 'the kiosk on real devices and a real CMS', load: async () => (await import('./main.ts')).runCommand() },
  {
    name: 'cms',
    summary: 'the reference CMS, and the contract suite for any CMS',
    load: async () => (await import('./reference-cms/commands.ts')).cmsCommands(),
  },
  {
    name: 'card',
    summary: 'readers and cards: list, read, a virtual card',
    load: async () => (await import('../devices/card/commands.ts')).cardCommands(),
  },
  {
    name: 'printer',
    summary: 'the receipt printer: status, test page, a virtual printer',
    load: async () => (await import('../devices/printer/commands.ts')).printerCommands(),
  },
  {
    name: 'barcode',
    summary: 'the barcode scanner: what it reads, a virtual scanner',
    load: async () => (await import('../devices/barcode/commands.ts')).barcodeCommands(),
  },
  {
    name: 'trust',
    summary: 'certificates and CRLs: is this one to be trusted',
    load: async (words) => (await import('./trust/commands.ts')).trustCommands(words),
  },
  {
    name: 'procedure',
    summary: 'the regions’ procedures: what they allow, what they ask for',
    load: async () => (await import('./procedures/commands.ts')).procedureCommands(),
  },
  {
    name: 'records',
    summary: 'the operations journal: list, show',
    load: async () => (await import('./records/commands.ts')).recordsCommands(),
  },
  {
    name: 'operator',
    summary: "the operators' accounts of this machine",
    load: async () => (await import('./operators/commands.ts')).operatorCommands(),
  },
  {
    name: 'doctor',
    summary: 'checks this machine part by part, with advice',
    load: async () => (await import('../provisioning/commands.ts')).doctorCommand(),
  },
  {
    name: 'discover',
    summary: 'finds devices, and proposes their configuration',
    load: async () => (await import('../provisioning/commands.ts')).discoverCommand(),
  },
];

const quiet = { writeErr: () => undefined, outputError: () => undefined };

/** Commander's own complaints become exceptions, for this command and those under it. */
function throwing(command: Command): Command {
  command.exitOverride().configureOutput(quiet);
  command.commands.forEach(throwing);
  return command;
}

/** The exit code of a call, with its one line on standard error where it has something to say (docs/decisions/0060-exit-codes.md). */
async function dispatch(args: readonly string[]): Promise<number | undefined> {
  const program = new Command('sportello')
    .description('The desk at which an Italian health and service card (TS-CNS) is activated, as a machine.')
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nExamples:\n  sportello demo               a whole kiosk on this machine, without any device\n  sportello card read --help   what a command does and answers',
    );
  try {
    await addGroups(program, groups, args);
    await throwing(program).parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommandFailure) {
      complain(error.message);
      return error.code;
    }
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exit.yes;
    const called = args.filter((arg) => !arg.startsWith('-')).join(' ');
    complain(
      error.code === 'commander.help'
        ? `${called === '' ? '' : `${called}: `}a command is needed; --help lists them`
        : error.message.replace(/^error: /, ''),
    );
    return exit.unusable;
  }
}

function complain(message: string): void {
  process.stderr.write(`sportello: ${message.trim().replace(/\s*\n\s*/g, ' ')}\n`);
}

// A reader that has seen enough (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exit.yes);
});

const code = await dispatch(process.argv.slice(2));
if (code !== undefined) process.exitCode = code;
