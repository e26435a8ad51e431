import { createTransport } from 'nodemailer';
import type { ContactChannel } from '../../flows/ports/cms.ts';
import type { Log } from '../log/log.ts';
import { type Letter, codeLetter } from './letters.ts';
import { type TextRoute, createTextSender } from './text-messages.ts';

export interface MailRoute {
  readonly host: string;
  readonly port: number;
  readonly from: string;
}

/** `messageId` is made from what is sent, so that what is sent again after a crash is the same message (RFC 5322, 3.6.4). */
export type Message = Letter & { readonly to: string; readonly messageId: string };

/** A part of codes that waits to leave: how it is sent, and what is written down of its way. */
export interface Waiting {
  readonly operationId: string;
  readonly kind: 'first-part' | 'second-part';
  readonly channel: ContactChannel;
  readonly queuedAt: number;
  readonly tries: number;
  send(): Promise<Taken>;
  begin(at: number): void;
  sent(at: number): void;
  delay(until: number): void;
  giveUp(at: number): void;
}

/** `never`: the last word of whoever carries it; everything else may pass. */
export type Taken = 'taken' | 'not-now' | 'never';

export interface MailPace {
  /** The first pause after a failure; each one doubles it. */
  readonly retryMs: number;
  readonly longestPauseMs: number;
  /** After this long a part is given up, with an alarm: somebody must look. */
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
  /** Has the parts sent that are due; returns when none is, or when they are not taken. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

export function createMail({
  route,
  texts,
  log,
  now,
  pace,
  due,
}: {
  route: MailRoute;
  /** The SMS gateway; left out: no text messages. */
  texts?: TextRoute;
  log: Log;
  now: () => number;
  pace: MailPace;
  /** What is to leave next. */
  due: (now: number) => Waiting | null;
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
    for (let part = due(now()); part !== null && !closing.signal.aborted; part = due(now())) {
      const { operationId, channel, kind, queuedAt, tries } = part;
      part.begin(now());
      const answer = await part.send();
      log.event('cms-mail', { channel, kind, answer, tries: tries + 1 });
      if (answer === 'taken') part.sent(now());
      else if (answer === 'never' || now() - queuedAt > pace.giveUpMs) {
        part.giveUp(now());
        log.event('cms-mail-given-up', { operation: operationId });
      } else part.delay(now() + pauseAfter(tries));
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
