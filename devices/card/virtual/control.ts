import { rmSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { CardFault, VirtualSlot } from './slot.ts';

/**
 * The control socket of a virtual card (commands.md, Card): lines `insert`, `remove`, `mute`, `fail N SW`, and beyond the contract `stall N`
 * and `pull N` (the Nth command from now never answers, or finds the card pulled). Each line is answered `ok` or `error …`, in order.
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

async function obey(slot: VirtualSlot, line: string): Promise<string> {
  const [word, ...details] = line.trim().split(/\s+/);
  try {
    switch (word) {
      case 'insert':
      case 'remove':
      case 'mute':
        if (details.length > 0) return `error ${word} takes nothing more`;
        await slot[word]();
        return 'ok';
      case 'fail':
      case 'stall':
      case 'pull': {
        const told = faultOf(word, details);
        if (told === undefined)
          return `error ${word} takes ${word === 'fail' ? 'a number from 1 and a status word of four hexadecimal digits' : 'a number from 1'}`;
        slot.fail(told.nth, told.fault);
        return 'ok';
      }
      default:
        return 'error unknown command';
    }
  } catch (error) {
    return `error ${error instanceof Error ? error.message : String(error)}`;
  }
}

function faultOf(
  kind: 'fail' | 'stall' | 'pull',
  [count = '', status, ...more]: readonly string[],
): { nth: number; fault: CardFault } | undefined {
  if (!/^[1-9]\d{0,5}$/.test(count) || more.length > 0) return undefined;
  const nth = Number(count);
  if (kind !== 'fail') return status === undefined ? { nth, fault: { kind } } : undefined;
  return /^[0-9a-f]{4}$/i.test(status ?? '') ? { nth, fault: { kind: 'status', status: Number.parseInt(status ?? '', 16) } } : undefined;
}

async function listening(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}
