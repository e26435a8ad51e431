import { rmSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { VirtualSlot } from './slot.ts';

/** Numbers in control lines: commands, bytes, milliseconds. */
const number = z
  .string()
  .regex(/^\d{1,6}$/, 'takes a number')
  .transform(Number);
const nth = number.refine((value) => value > 0, 'counts from 1');
const hex = z
  .string()
  .regex(/^([0-9a-f]{2}){2,300}$/i, 'takes bytes in hexadecimal, two at least')
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));
const statusWord = z
  .string()
  .regex(/^[0-9a-f]{4}$/i, 'takes a status word of four hexadecimal digits')
  .transform((text) => Number.parseInt(text, 16));

/** What each line does; its words are checked one by one. */
const lines: Readonly<Record<string, (slot: VirtualSlot, words: readonly string[]) => Promise<void> | void>> = {
  insert: line(z.tuple([]), (slot) => slot.insert()),
  remove: line(z.tuple([]), (slot) => slot.remove()),
  mute: line(z.tuple([]), (slot) => slot.mute()),
  fail: line(z.tuple([nth, statusWord]), (slot, count, status) => slot.fail(count, { kind: 'status', status })),
  lie: line(z.tuple([nth, hex]), (slot, count, answer) => slot.fail(count, { kind: 'lie', answer })),
  stall: line(z.tuple([nth]), (slot, count) => slot.fail(count, { kind: 'stall' })),
  pull: line(z.tuple([nth]), (slot, count) => slot.fail(count, { kind: 'pull' })),
  lose: line(z.tuple([nth]), (slot, count) => slot.fail(count, { kind: 'lose' })),
  tear: line(z.tuple([nth]), (slot, count) => slot.card.tear(count)),
  slow: line(z.tuple([number]), (slot, ms) => slot.behaviour.slow(ms)),
  short: line(z.tuple([number]), (slot, bytes) => slot.behaviour.short(bytes)),
};

/**
 * The control socket of a virtual card: lines `insert`, `remove`, `mute`, `fail N SW` (commands.md, Card), and beyond the contract those that
 * `card virtual --help` lists. Each line is answered `ok` or `error …`, in order.
 */
export async function serveControl(path: string, slot: VirtualSlot): Promise<{ close(): Promise<void> }> {
  rmSync(path, { force: true });
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    void (async () => {
      for await (const line of createInterface({ input: client })) if (client.writable) client.write(`${await obey(slot, line)}\n`);
    })();
  });
  await listening(server, path);
  return {
    close: async () => {
      for (const client of clients) client.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function obey(slot: VirtualSlot, text: string): Promise<string> {
  const [word = '', ...details] = text.trim().split(/\s+/);
  const told = Object.hasOwn(lines, word) ? lines[word] : undefined;
  if (told === undefined) return 'error unknown command';
  try {
    await told(slot, details);
    return 'ok';
  } catch (error) {
    const fault = error instanceof z.ZodError ? error.issues[0]?.message : undefined;
    return `error ${fault === undefined ? String(error instanceof Error ? error.message : error) : `${word}: ${fault}`}`;
  }
}

function line<Words extends z.ZodType<readonly unknown[]>>(
  words: Words,
  act: (slot: VirtualSlot, ...values: z.output<Words>) => Promise<void> | void,
): (slot: VirtualSlot, given: readonly string[]) => Promise<void> | void {
  return (slot, given) => act(slot, ...words.parse(given));
}

async function listening(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}
