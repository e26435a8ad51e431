import { Command } from 'commander';
import { CommandFailure, answerJson, exit, untilInterrupted } from '../command.ts';
import { withAny, withDeadline } from '../deadline.ts';
import type { BarcodeScanner, ScannerStatus } from './contract.ts';
import { openScanner } from './scanner.ts';

/** How long a scanner may take to be there, milliseconds. */
const PRESENT_LIMIT_MS = 3_000;

/** `sportello barcode …`: what a scanner reads, and a virtual scanner. */
export function barcodeCommands(): Command {
  const barcode = new Command('barcode').description('barcode scanners: what they read, and a virtual one');

  barcode
    .command('listen')
    .description('one JSON line a scan, until it is stopped')
    .requiredOption('--device <url>', 'serial:/dev/…?baud=…, hid:/dev/hidraw0 or hid:VID:PID')
    .addHelpText('after', '\nExample:\n  sportello barcode listen --device serial:/dev/ttyACM0')
    .action(async ({ device }: { device: string }) => {
      const opened = openScanner(device);
      if (!opened.ok) throw new CommandFailure(exit.unusable, opened.error);
      const scanner = opened.value;
      const stopped = untilInterrupted();
      try {
        await present(scanner, stopped);
        scanner.onStatus((status) => say(statusLine(status)));
        scanner.onIgnored((why) => say(`ignored: ${why}`));
        say('listening');
        await listen(scanner, stopped);
      } finally {
        await scanner.close();
      }
    });

  barcode
    .command('virtual')
    .description('a virtual scanner on a pseudo-terminal; runs until it is stopped')
    .requiredOption('--pty <path>', 'where the pseudo-terminal is linked')
    .requiredOption('--control <path>', 'unix socket that takes "scan TEXT", "half TEXT", "flood N", "unplug", "plug", a line each')
    .addHelpText('after', '\nExample:\n  sportello barcode virtual --pty /tmp/scanner --control /tmp/scanner.control')
    .action(async (options: { pty: string; control: string }) => {
      const stopped = untilInterrupted();
      const { startVirtualScanner } = await import('./virtual/virtual-scanner.ts');
      const scanner = await startVirtualScanner({ link: options.pty, control: options.control }).catch((error: unknown) => {
        throw new CommandFailure(exit.unusable, error instanceof Error ? error.message : String(error));
      });
      say(`virtual scanner at ${scanner.address}`);
      if (!stopped.aborted) await new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }));
      await scanner.close();
    });

  return barcode;
}

/** Waits for the scanner to be there; out of reach where it is not within the limit. */
async function present(scanner: BarcodeScanner, stopped: AbortSignal): Promise<void> {
  const there = await withDeadline(PRESENT_LIMIT_MS, stopped, async (ended) => {
    if (scanner.status().state !== 'disconnected') return;
    await new Promise<void>((resolve) => {
      const stop = scanner.onStatus(({ state }) => state === 'ready' && resolve());
      ended.addEventListener('abort', stop, { once: true });
    });
  });
  const status = scanner.status();
  if (!there.ok && there.error.kind === 'timeout') throw new CommandFailure(exit.unreachable, statusLine(status));
}

async function listen(scanner: BarcodeScanner, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    const scan = await scanner.next(stopped);
    if (scan.ok) answerJson({ ...scan.value, at: new Date().toISOString() });
    else if (scan.error.kind === 'disconnected') await plugged(scanner, stopped);
  }
}

async function plugged(scanner: BarcodeScanner, stopped: AbortSignal): Promise<void> {
  const again = new AbortController();
  const stop = scanner.onStatus(() => again.abort());
  if (scanner.status().state === 'disconnected')
    await withAny([again.signal, stopped], (ended) => new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve())));
  stop();
}

function statusLine(status: ScannerStatus): string {
  return status.state === 'disconnected' ? `scanner disconnected (${status.detail})` : `scanner ${status.state}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
