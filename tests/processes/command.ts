import { Command } from 'commander';
import { CommandFailure } from '../../devices/command.ts';
import { operatorCommands } from '../../kiosk/operators/commands.ts';
import { recordsCommands } from '../../kiosk/records/commands.ts';

/** Runs a command of records or operators as the executable does: a failure is one line and its exit code. */
try {
  await new Command('sportello').addCommand(recordsCommands()).addCommand(operatorCommands()).parseAsync();
} catch (error) {
  if (!(error instanceof CommandFailure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.code;
}
