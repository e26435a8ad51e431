import { CommandFailure } from '../../devices/command.ts';
import { serve } from './serve.ts';

/** The reference CMS as a process of its own, for who starts it without the command line: `node main.js CONFIGURATION`. */
try {
  await serve(process.argv[2] ?? '');
} catch (error) {
  if (!(error instanceof CommandFailure)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.code;
}
