import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlSocket, openControlSocket } from '../../control-socket.ts';
import { parseControl } from './control.ts';
import { drawPaper } from './drawing.ts';
import { startMechanism } from './mechanism.ts';
import { type PaperItem, paperText } from './paper.ts';
import { openPrinterPort } from './tcp-server.ts';
import { openPty } from '../../pty.ts';

export interface VirtualPrinterOptions {
  /** Where the pseudo-terminal is linked; or else `tcp`. */
  readonly link?: string;
  /** A TCP port on 127.0.0.1; 0 chooses a free one. */
  readonly tcp?: number;
  /** The folder of the slips; made where it is missing. */
  readonly out: string;
  /** Path of the control socket. */
  readonly control?: string;
  /** It has a presenter: a cut slip stays in its output until somebody takes it (`take` on the control socket), or it is taken back. */
  readonly presenter?: boolean;
  /** How long a printed line takes, in milliseconds. Default 20. */
  readonly msPerLine?: number;
  /** Told what comes on the line, before the printer looks at it. */
  readonly onReceived?: (bytes: Uint8Array) => void;
}

export interface Slip {
  readonly number: number;
  readonly text: string;
  /** Paths of the picture and of the plain text. */
  readonly png: string;
  readonly txt: string;
}

/** A receipt printer without hardware: it stands below the driver, and speaks ESC/POS on a line that the driver opens. */
export interface VirtualPrinter {
  /** The address by which a driver opens it. */
  readonly address: string;
  /** Bytes straight into the printer, as if they came on its line. */
  feed(bytes: Uint8Array): void;
  /** A line of the control socket; answers `ok` or `error …`. */
  control(line: string): Promise<string>;
  /** The slips cut since the start, oldest first. Each is on disk before the printer says that it is complete. */
  slips(): readonly Slip[];
  /** The text of what was printed and not yet cut. */
  hanging(): string;
  close(): Promise<void>;
}

interface Line {
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

const USUAL_MS_PER_LINE = 20;

/** Starts a virtual printer; rejects where its line, folder or socket cannot be made. */
export async function startVirtualPrinter(options: VirtualPrinterOptions): Promise<VirtualPrinter> {
  mkdirSync(options.out, { recursive: true, mode: 0o700 });
  const slips: Slip[] = [];
  let number = lastNumber(options.out);
  let line: Line | undefined;
  const mechanism = startMechanism({
    msPerLine: options.msPerLine ?? USUAL_MS_PER_LINE,
    presenter: options.presenter ?? false,
    say: (bytes) => line?.write(bytes),
    cut: (slip) => slips.push(keep(options.out, ++number, slip)),
  });
  const received = (bytes: Uint8Array): void => {
    options.onReceived?.(bytes);
    mechanism.receive(bytes);
  };

  const { address, plug } = await firstLine(options, received);
  line = plug.line;
  let turn: Promise<unknown> = Promise.resolve();

  const obey = async (text: string): Promise<string> => {
    const control = parseControl(text);
    if (control === undefined) return `error unknown command: ${text.trim().slice(0, 60)}`;
    switch (control.kind) {
      case 'incident':
        mechanism.incident(control.incident);
        break;
      case 'jam-after':
        mechanism.jamAfter(control.lines);
        break;
      case 'unplug': {
        const unplugged = line;
        line = undefined;
        await unplugged?.close();
        break;
      }
      case 'plug':
        line ??= await plug.again();
        break;
    }
    return 'ok';
  };
  const control = (text: string): Promise<string> => {
    const done = turn.then(() => obey(text)).catch((error: unknown) => `error ${error instanceof Error ? error.message : String(error)}`);
    turn = done;
    return done;
  };
  let socket: ControlSocket | undefined;
  const close = async (): Promise<void> => {
    await socket?.close();
    await turn;
    mechanism.stop();
    const open = line;
    line = undefined;
    await open?.close();
  };
  try {
    if (options.control !== undefined) socket = await openControlSocket(options.control, control);
  } catch (error) {
    await close();
    throw error;
  }
  return { address, feed: received, control, slips: () => [...slips], hanging: () => paperText(mechanism.hanging()), close };
}

/** The line as it is first opened, and the way to open it again where it was. */
async function firstLine(
  options: VirtualPrinterOptions,
  received: (bytes: Uint8Array) => void,
): Promise<{ address: string; plug: { line: Line; again: () => Promise<Line> } }> {
  const { link, tcp } = options;
  if (link !== undefined) {
    const again = (): Promise<Line> => openPty(link, received);
    const presenter = options.presenter === true ? '?presenter=custom' : '';
    return { address: `serial:${link}${presenter}`, plug: { line: await again(), again } };
  }
  const server = await openPrinterPort(tcp ?? 0, received);
  return { address: `tcp:127.0.0.1:${server.port}`, plug: { line: server, again: () => openPrinterPort(server.port, received) } };
}

function keep(out: string, number: number, slip: readonly PaperItem[]): Slip {
  const name = join(out, String(number).padStart(4, '0'));
  const text = paperText(slip);
  const txt = `${name}.txt`;
  const png = `${name}.png`;
  write(png, drawPaper(slip));
  write(txt, text);
  return { number, text, png, txt };
}

/** Nobody who watches the folder sees half a file. */
function write(path: string, content: string | Uint8Array): void {
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function lastNumber(out: string): number {
  return Math.max(0, ...readdirSync(out).map((name) => Number(/^(\d{4,})\.(?:png|txt)$/.exec(name)?.[1] ?? 0)));
}
