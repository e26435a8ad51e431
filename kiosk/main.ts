import { Command } from 'commander';
import { CommandFailure, exit } from '../devices/command.ts';
import { readConfiguration } from './configuration.ts';
import { type Kiosk, type KioskParts, startKiosk } from './kiosk.ts';
import { createLog } from './log/log.ts';
import { processEntry } from './project.ts';

/** A kiosk that was told to stop gets this long to close its devices and records, milliseconds. */
const STOP_LIMIT_MS = 10_000;

/** The composition root of the product: real parts only. */
export function runCommand(): Command {
  return new Command('run')
    .description('Runs the kiosk on real devices and a real CMS until it is told to stop.')
    .requiredOption('--config <file>', 'configuration file (JSON)')
    .addHelpText('after', '\nExample:\n  sportello run --config /etc/sportello/kiosk.json')
    .action(async ({ config }: { config: string }) => {
      await runKiosk(config, { cardHost: { entry: processEntry('devices/card/pcsc-host.ts') }, log: createLog('core') });
    });
}

/** Runs a kiosk from its configuration file until SIGTERM or SIGINT; what keeps it from starting becomes one line and an exit code. */
export async function runKiosk(file: string, parts: KioskParts): Promise<Kiosk> {
  const configuration = readConfiguration(file);
  if (!configuration.ok) throw new CommandFailure(exit.unusable, `${configuration.error.file}: ${configuration.error.detail}`);
  const kiosk = await startKiosk(configuration.value, parts);
  if (!kiosk.ok) throw new CommandFailure(exit.unreachable, `${kiosk.error.part} cannot be started: ${kiosk.error.detail}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      parts.log.event('kiosk-stopping', { signal });
      setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
      void kiosk.value.close().then(() => process.exit(0));
    });
  }
  return kiosk.value;
}
