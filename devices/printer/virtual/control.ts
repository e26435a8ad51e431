import { lstatSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { z } from 'zod';
import type { Incident } from './mechanism.ts';

/** A line of the control socket, understood. */
export type Control =
  | { readonly kind: 'incident'; readonly incident: Incident }
  | { readonly kind: 'jam-after'; readonly lines: number }
  | { readonly kind: 'unplug' | 'plug' };

const incident = z.enum([
  'paper-out',
  'paper-near-end',
  'paper-ok',
  'cover-open',
  'cover-close',
  'offline',
  'online',
  'cutter-error',
  'power-cycle',
  'tear-off',
] satisfies [Incident, ...Incident[]]);
const lines = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number);

/** Reads `paper-out`, `jam-after 3`, `unplug`, … ; `undefined` where the line is not one of them. */
export function parseControl(line: string): Control | undefined {
  const [word = '', argument, ...more] = line.trim().split(/\s+/);
  if (more.length > 0) return undefined;
  if (word === 'jam-after') {
    const count = lines.safeParse(argument);
    return count.success ? { kind: 'jam-after', lines: count.data } : undefined;
  }
  if (argument !== undefined) return undefined;
  if (word === 'unplug' || word === 'plug') return { kind: word };
  const parsed = incident.safeParse(word);
  return parsed.success ? { kind: 'incident', incident: parsed.data } : undefined;
}

export interface ControlSocket {
  close(): Promise<void>;
}

const LONGEST_LINE = 1_024;

/** A unix socket that takes one command a line and answers each with one line: `ok` or `error …`. */
export async function openControlSocket(path: string, obey: (line: string) => Promise<string>): Promise<ControlSocket> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    let pending = '';
    let turn = Promise.resolve();
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.setEncoding('utf8').on('data', (text: string) => {
      const parts = (pending + text).split('\n');
      pending = parts.pop() ?? '';
      if (pending.length > LONGEST_LINE) socket.destroy();
      for (const line of parts) {
        turn = turn.then(async () => {
          const answer = await obey(line);
          if (socket.writable) socket.write(`${answer}\n`);
        });
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
