import { createTransport } from 'nodemailer';
import type { ContactChannel } from '../../flows/ports/cms.ts';
import type { Log } from '../log/log.ts';
import { type Letter, codeLetter } from './letters.ts';
import type { DueSecondPart, Store } from './store.ts';
import { type TextRoute, createTextSender } from './text-messages.ts';

export interface MailRoute {
  readonly host: string;
  readonly port: number;
  readonly from: string;
}

/** `messageId` is made from what is sent, so that what is sent again after a crash is the same message (RFC 5322, 3.6.4). */
export type Message = Letter & { readonly to: string; readonly messageId: string };

/** `never`: the last word of whoever carries it; everything else may pass. */
export type Taken = 'taken' | 'not-now' | 'never';

export interface MailPace {
  /** The first pause after a failure; each one doubles it. */
  readonly retryMs: number;
  readonly longestPauseMs: number;
  /** After this long a second part is given up, with an alarm: somebody must look. */
  readonly giveUpMs: number;
}

export const usualPace: MailPace = { retryMs: 1_000, longestPauseMs: 60_000, giveUpMs: 72 * 3_600_000 };

export interface Mail {
  /** Sends a one-time code soon, and tries again while it is of use. The code lives in memory only. */
  sendCode(letter: {
    readonly channel: ContactChannel;
    readonly to: string;
    readonly code: string;
    readonly contactId: string;
    readonly until: number;
  }): void;
  /** The channels that this CMS can send by. */
  readonly channels: readonly ContactChannel[];
  send(channel: ContactChannel, message: Message): Promise<Taken>;
  /** Has the second parts sent that are due; returns when none is, or when they are not taken. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

export function createMail({
  store,
  route,
  texts,
  log,
  now,
  pace,
  sendSecondPart,
}: {
  store: Store;
  route: MailRoute;
  /** The SMS gateway; left out: no text messages. */
  texts?: TextRoute;
  log: Log;
  now: () => number;
  pace: MailPace;
  sendSecondPart: (due: DueSecondPart) => Promise<Taken>;
}): Mail {
  const limits = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
  const transport = createTransport({ host: route.host, port: route.port, secure: false, ...limits });
  const domain = route.from.slice(route.from.indexOf('@') + 1);
  const closing = new AbortController();
  const codesUnderWay = new Set<Promise<void>>();
  let delivering: Promise<void> | null = null;

  const sendText = texts === undefined ? null : createTextSender(texts);

  const sendMail = async ({ messageId, to, subject, text }: Message): Promise<Taken> => {
    try {
      await transport.sendMail({
        from: route.from,
        to,
        subject,
        text,
        messageId: `<${messageId}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      return 'taken';
    } catch (error) {
      // 5xx is the mail server's last word (RFC 5321, 4.2.1); everything else may pass.
      const code: unknown = error instanceof Error ? Reflect.get(error, 'responseCode') : undefined;
      return typeof code === 'number' && code >= 500 ? 'never' : 'not-now';
    }
  };

  const send = async (channel: ContactChannel, message: Message): Promise<Taken> =>
    channel === 'email' ? await sendMail(message) : ((await sendText?.(message)) ?? 'never');

  const pauseAfter = (tries: number): number => Math.min(pace.retryMs * 2 ** Math.min(tries, 20), pace.longestPauseMs);

  const sendCode = async (channel: ContactChannel, message: Message, until: number): Promise<void> => {
    for (let tries = 0; !closing.signal.aborted && now() < until; tries += 1) {
      const answer = await send(channel, message);
      log.event('cms-mail', { channel, kind: 'one-time-code', answer, tries: tries + 1 });
      if (answer !== 'not-now') return;
      await pause(pauseAfter(tries), closing.signal);
    }
  };

  const deliverDue = async (): Promise<void> => {
    for (let due = store.dueSecondPart(now()); due !== null && !closing.signal.aborted; due = store.dueSecondPart(now())) {
      const { operationId, channel, queuedAt, tries } = due;
      store.beginSecondPart(operationId, now());
      const answer = await sendSecondPart(due);
      log.event('cms-mail', { channel, kind: 'second-part', answer, tries: tries + 1 });
      if (answer === 'taken') store.secondPartSent(operationId, now());
      else if (answer === 'never' || now() - queuedAt > pace.giveUpMs) {
        store.giveUpSecondPart(operationId, now());
        log.event('cms-mail-given-up', { operation: operationId });
      } else store.delaySecondPart(operationId, now() + pauseAfter(tries));
    }
  };

  return {
    send,
    channels: sendText === null ? ['email'] : ['email', 'sms'],
    sendCode({ channel, to, code, contactId, until }) {
      const sending = sendCode(channel, { to, messageId: `code.${contactId}`, ...codeLetter(code) }, until).finally(() =>
        codesUnderWay.delete(sending),
      );
      codesUnderWay.add(sending);
    },
    async deliver() {
      delivering ??= deliverDue().finally(() => {
        delivering = null;
      });
      await delivering;
    },
    async close() {
      closing.abort();
      await Promise.all([delivering, ...codesUnderWay]);
      transport.close();
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
