import { CardDriver } from './driver.ts';
import { type FromHost, type ToHost, toHost } from './host-messages.ts';
import type { PcscPort } from './pcsc.ts';

/**
 * Serves a card reader to the parent process over Node's IPC, for as long as there is a parent: what this process holds (native code, a
 * transmit that never returns) cannot reach the core. Ends itself without ceremony when the parent goes; the PC/SC service then resets the card.
 */
export function serveCardHost(port: PcscPort): void {
  // An orderly exit would wait for a hung transmit.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // Ctrl-C reaches the whole process group; the parent decides when this one ends.
  process.on('SIGINT', () => undefined);
  const commands = new Map<number, AbortController>();
  let driver: CardDriver | undefined;

  const obey = async (message: ToHost): Promise<void> => {
    switch (message.type) {
      case 'start':
        driver = new CardDriver(port, { reader: message.reader, series: message.series });
        driver.onStatus((status) => send({ type: 'status', status }));
        send({ type: 'status', status: driver.status() });
        return;
      case 'read': {
        if (driver === undefined) return;
        const abort = new AbortController();
        commands.set(message.id, abort);
        const result = await driver.read(abort.signal);
        commands.delete(message.id);
        send({ type: 'answer', id: message.id, result });
        return;
      }
      case 'abort':
        commands.get(message.id)?.abort();
        return;
      case 'ping':
        send({ type: 'pong' });
    }
  };
  process.on('message', (raw) => void obey(toHost.parse(raw)));
}

function send(message: FromHost): void {
  if (process.connected) process.send?.(message);
}
