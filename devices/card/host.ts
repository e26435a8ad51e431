import { withDeadline } from '../deadline.ts';
import { type Result, err } from '../result.ts';
import { Secret } from '../secret.ts';
import { type ByteLine, openByteLine } from './byte-line.ts';
import { CommandingDriver } from './commanding.ts';
import type { CodeError, RelayExchange } from './contract.ts';
import { type FromHost, type ToHost, stepOfFrame, toHost } from './host-messages.ts';
import type { PcscPort } from './pcsc.ts';

/**
 * Serves a card reader to the parent process over Node's IPC, for as long as there is a parent: what this process holds (native code, a
 * transmit that never returns) cannot reach the core. Ends itself without ceremony when the parent goes; the PC/SC service then resets the card.
 */
export function serveCardHost(port: PcscPort): void {
  // An orderly exit would wait for a hung transmit.
  const end = (): boolean => process.kill(process.pid, 'SIGKILL');
  process.once('disconnect', end);
  // Gone while this process began: nobody would ever tell it, and it would keep the card from the next.
  if (!process.connected) end();
  // Ctrl-C reaches the whole process group; the parent decides when this one ends.
  process.on('SIGINT', () => undefined);
  const line = openByteLine();
  const aborts = new Map<number, AbortController>();
  let driver: CommandingDriver | undefined;

  const obey = async (message: ToHost): Promise<void> => {
    switch (message.type) {
      case 'start':
        driver = new CommandingDriver(port, { reader: message.reader, series: message.series });
        driver.onStatus((status) => send({ type: 'status', status }));
        send({ type: 'status', status: driver.status() });
        return;
      case 'abort':
        aborts.get(message.id)?.abort();
        return;
      case 'ping':
        send({ type: 'pong' });
        return;
      default: {
        if (driver === undefined) return;
        const abort = new AbortController();
        aborts.set(message.id, abort);
        send(await answerTo(message, driver, line, abort.signal));
        aborts.delete(message.id);
        line.forget(message.id);
      }
    }
  };
  process.on('message', (raw) => void obey(toHost.parse(raw)));
}

type CommandMessage = Exclude<ToHost, { type: 'start' | 'abort' | 'ping' }>;

/** The codes of a command were sent before it. */
const codesLimitMs = 1_000;

async function answerTo(message: CommandMessage, driver: CommandingDriver, line: ByteLine, signal: AbortSignal): Promise<FromHost> {
  const { id } = message;
  switch (message.type) {
    case 'read':
      return { type: 'answer', id, result: await driver.read(signal) };
    case 'present': {
      const result = await withCodes(id, line, signal, ([first, newPin]) => {
        if (first === undefined || (newPin === undefined) !== (message.operation === 'verifyPin')) return undefined;
        if (newPin === undefined) return driver.verifyPin({ pin: first }, signal);
        return message.operation === 'changePin'
          ? driver.changePin({ pin: first, newPin }, signal)
          : driver.unblockPin({ puk: first, newPin }, signal);
      });
      return { type: 'presented', id, result: result.ok ? { ok: true } : result };
    }
    case 'authenticate': {
      const challenge = Buffer.from(message.challenge, 'base64');
      const result = await withCodes(id, line, signal, ([pin]) =>
        pin === undefined ? undefined : driver.authenticate({ pin, certificate: message.certificate, challenge }, signal),
      );
      return {
        type: 'presented',
        id,
        result: result.ok ? { ok: true, signature: Buffer.from(result.value).toString('base64') } : result,
      };
    }
    case 'relay': {
      const overTheLine: RelayExchange = async (answer, limit) => {
        line.send(id, answer === undefined ? [] : [answer]);
        return stepOfFrame(await line.take(id, limit));
      };
      const result = await driver.relay(overTheLine, message.policy, signal);
      if (result.ok) return { type: 'relayed', id, end: { kind: 'end' }, ...result.value };
      const { sent, answered, ...end } = result.error;
      return { type: 'relayed', id, end, sent, answered };
    }
  }
}

/** `work` answers nothing where these are not the codes that it needs. */
async function withCodes<T>(
  id: number,
  line: ByteLine,
  signal: AbortSignal,
  work: (codes: readonly Secret[]) => Promise<Result<T, CodeError>> | undefined,
): Promise<Result<T, CodeError>> {
  const came = await withDeadline(codesLimitMs, signal, (limit) => line.take(id, limit));
  if (!came.ok) return came;
  const codes = (came.value ?? []).map((bytes) => new Secret(bytes));
  const worked = await (work(codes) ?? Promise.resolve(err({ kind: 'malformed-code' } as const)));
  for (const code of codes) code.wipe();
  return worked;
}

/** What Node says of a channel whose other end is gone, while the 'disconnect' that ends this process is still to come. */
const parentIsGone: readonly unknown[] = ['EPIPE', 'ECONNRESET', 'ERR_IPC_CHANNEL_CLOSED'];

function send(message: FromHost): void {
  if (!process.connected) return;
  process.send?.(message, undefined, undefined, (error) => {
    if (error !== null && !('code' in error && parentIsGone.includes(error.code))) throw error;
  });
}
