import { z } from 'zod';
import { type ControlSocket, openControlSocket } from '../../control-socket.ts';
import { type Pty, openPty } from '../../pty.ts';

/** A virtual scanner on a pseudo-terminal: what it "scans" goes out as a real one on a serial line sends it. */
export interface VirtualScanner {
  /** What the driver opens, as an address. */
  readonly address: string;
  /** Sends a code as a whole, with an AIM identifier if the text begins with one, and CR. */
  scan(text: string): void;
  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void;
  unplug(): Promise<void>;
  plug(): Promise<void>;
  close(): Promise<void>;
}

const codeText = z.string().regex(/^[\x20-\x7e]{1,512}$/);
const count = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number);

/** `scan TEXT`, `half TEXT` (no end), `flood N`, `unplug`, `plug`: a line each, answered `ok` or `error …`. */
async function obey(scanner: VirtualScanner, line: string): Promise<string> {
  const [, word = '', rest = ''] = /^(\S+)(?: (.*))?$/.exec(line) ?? [];
  const text = codeText.safeParse(rest);
  const times = count.safeParse(rest);
  if (word === 'scan' && text.success) scanner.scan(text.data);
  else if (word === 'half' && text.success) scanner.send(Buffer.from(text.data, 'latin1'));
  else if (word === 'flood' && times.success) for (let n = 0; n < times.data; n += 1) scanner.scan(String(n).padStart(8, '0'));
  else if (word === 'unplug' && rest === '') await scanner.unplug();
  else if (word === 'plug' && rest === '') await scanner.plug();
  else return 'error scan TEXT, half TEXT, flood N, unplug or plug';
  return 'ok';
}

export async function startVirtualScanner({
  link,
  control,
}: {
  readonly link: string;
  readonly control?: string | undefined;
}): Promise<VirtualScanner> {
  let pty: Pty | null = await openPty(link, () => undefined);
  let socket: ControlSocket | undefined;
  const send = (bytes: Uint8Array): void => pty?.write(bytes);
  const unplug = async (): Promise<void> => {
    const gone = pty;
    pty = null;
    await gone?.close();
  };
  const scanner: VirtualScanner = {
    address: `serial:${link}`,
    scan: (text) => send(Buffer.from(`${text}\r`, 'latin1')),
    send,
    unplug,
    plug: async () => {
      pty ??= await openPty(link, () => undefined);
    },
    close: async () => {
      await socket?.close();
      await unplug();
    },
  };
  if (control !== undefined) socket = await openControlSocket(control, (line) => obey(scanner, line));
  return scanner;
}
