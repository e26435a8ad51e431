import { lstatSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

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
