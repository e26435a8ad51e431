import { Command } from 'commander';
import { z } from 'zod';
import { answerJson, CommandFailure, exit, untilInterrupted } from '../command.ts';
import { parsePrinterAddress } from './address.ts';
import type { PrintEvidence, Printer, PrinterStatus } from './contract.ts';
import { openPrinter } from './esc-pos.ts';
import { testPage } from './test-page.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(0).max(10_000);

/** `sportello printer …`: the virtual printer, the status of a printer, its test page. */
export function printerCommands(): Command {
  const printer = new Command('printer').description('receipt printers: status, test page, and a virtual one');

  printer
    .command('status')
    .description('asks a printer for its status; exit code 0 only where it is ready')
    .requiredOption('--device <url>', 'serial:/dev/…?baud=…, usb:/dev/usb/lp0 or tcp:127.0.0.1:PORT')
    .option('--json', 'answer with the status as JSON')
    .addHelpText('after', '\nExample:\n  sportello printer status --device serial:/dev/ttyUSB0?baud=115200 --json')
    .action(async (options: { device: string; json?: true }) => {
      const status = await withPrinter(options.device, (device) => device.status());
      report(options.json, status, describe(status));
      process.exitCode = status.state === 'ready' ? exit.yes : isReached(status) ? exit.no : exit.unreachable;
    });

  printer
    .command('test')
    .description('prints the test page and reports what the printer itself said about it')
    .requiredOption('--device <url>', 'serial:/dev/…?baud=…, usb:/dev/usb/lp0 or tcp:127.0.0.1:PORT')
    .option('--json', 'answer with the evidence as JSON')
    .addHelpText('after', '\nExample:\n  sportello printer test --device usb:/dev/usb/lp0')
    .action(async (options: { device: string; json?: true }) => {
      const interrupted = untilInterrupted();
      const result = await withPrinter(options.device, (device) => device.print(testPage(new Date()), interrupted));
      const evidence: PrintEvidence = 'class' in result ? result : { class: 'E0', raw: '', status: result, buffer: 'needless' };
      report(
        options.json,
        evidence,
        `${evidence.class}: ${meaning(evidence)}\nprinter: ${describe(evidence.status)}\nits own words: ${evidence.raw || '-'}`,
      );
      process.exitCode =
        evidence.class === 'E2' ? exit.yes : evidence.class === 'E0' && !isReached(evidence.status) ? exit.unreachable : exit.no;
    });

  printer
    .command('virtual')
    .description('a virtual ESC/POS printer that draws each cut slip; runs until it is stopped')
    .option('--pty <path>', 'on a pseudo-terminal linked at this path')
    .option('--tcp <port>', 'on this TCP port of 127.0.0.1')
    .requiredOption('--out <dir>', 'folder of the slips: NNNN.png and NNNN.txt')
    .option('--control <path>', 'unix socket that takes paper-out, cover-open, jam-after N, … a line each')
    .option('--presenter', 'with a presenter that holds the slip until it is taken; needs --pty')
    .option('--ms-per-line <ms>', 'how long a printed line takes', '20')
    .addHelpText('after', '\nExample:\n  sportello printer virtual --pty /tmp/printer --out /tmp/slips --control /tmp/printer.control')
    .action(async (options: { pty?: string; tcp?: string; out: string; control?: string; msPerLine: string; presenter?: true }) => {
      if ((options.pty === undefined) === (options.tcp === undefined))
        throw new CommandFailure(exit.unusable, 'give one of --pty PATH and --tcp PORT');
      if (options.presenter === true && options.pty === undefined) throw new CommandFailure(exit.unusable, '--presenter needs --pty PATH');
      const stopped = untilInterrupted();
      const { startVirtualPrinter } = await import('./virtual/virtual-printer.ts');
      const printing = await startVirtualPrinter({
        out: options.out,
        msPerLine: read(milliseconds, options.msPerLine, '--ms-per-line'),
        ...(options.pty === undefined ? {} : { link: options.pty }),
        ...(options.tcp === undefined ? {} : { tcp: read(port, options.tcp, '--tcp') }),
        ...(options.control === undefined ? {} : { control: options.control }),
        presenter: options.presenter === true,
      }).catch((error: unknown) => {
        throw new CommandFailure(exit.unusable, error instanceof Error ? error.message : String(error));
      });
      process.stderr.write(`virtual printer at ${printing.address}, slips in ${options.out}\n`);
      if (!stopped.aborted) await new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }));
      await printing.close();
    });

  return printer;
}

/** What `use` makes of the printer at `address`, closed again; where it cannot be opened, that as its status. */
async function withPrinter<T>(
  address: string,
  use: (printer: Printer) => Promise<T>,
): Promise<T | Extract<PrinterStatus, { state: 'disconnected' }>> {
  const parsed = parsePrinterAddress(address);
  if (!parsed.ok) throw new CommandFailure(exit.unusable, parsed.error);
  const opened = await openPrinter(address);
  if (!opened.ok) return { state: 'disconnected', detail: opened.error.kind === 'aborted' ? 'interrupted' : opened.error.detail };
  try {
    return await use(opened.value);
  } finally {
    await opened.value.close();
  }
}

function read<T>(schema: z.ZodType<T>, value: string, option: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new CommandFailure(exit.unusable, `${option} ${JSON.stringify(value)}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  return parsed.data;
}

function report(json: true | undefined, answer: unknown, text: string): void {
  if (json) answerJson(answer);
  else process.stdout.write(`${text}\n`);
}

function isReached(status: PrinterStatus): boolean {
  return status.state !== 'disconnected' && status.state !== 'silent';
}

function describe(status: PrinterStatus): string {
  switch (status.state) {
    case 'disconnected':
      return `disconnected (${status.detail})`;
    case 'hardware-error':
      return `hardware-error (${status.recoverable ? 'recoverable' : 'not recoverable'})`;
    default:
      return status.state;
  }
}

function meaning(evidence: PrintEvidence): string {
  switch (evidence.buffer) {
    case 'needless':
      return 'nothing was sent';
    case 'printed':
      return 'the printer confirmed that the page came out, paper and cutter well';
    case 'cleared':
      return 'no proof that the page came out whole; the printer has emptied its buffers';
    case 'locked':
      return 'no proof that the page came out whole, nor that the buffers are empty: power-cycle the printer';
  }
}
