import { createTransport } from 'nodemailer';
import { type Code, secondPart } from './codes.ts';
import type { Log } from '../log/log.ts';
import type { Store } from './store.ts';

export interface MailRoute {
  readonly host: string;
  readonly port: number;
  readonly from: string;
}

interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Made from what is sent, so that a mail sent again after a crash is the same mail (RFC 5322, 3.6.4). */
  readonly messageId: string;
}

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
  sendCode(letter: { readonly to: string; readonly code: string; readonly contactId: string; readonly until: number }): void;
  /** Sends the second parts that are due; returns when none is, or when the mail server does not take them. */
  deliver(): Promise<void>;
  close(): Promise<void>;
}

export function createMail({
  store,
  route,
  log,
  now,
  pace,
}: {
  store: Store;
  route: MailRoute;
  log: Log;
  now: () => number;
  pace: MailPace;
}): Mail {
  const limits = { connectionTimeout: 5_000, greetingTimeout: 5_000, socketTimeout: 10_000 };
  const transport = createTransport({ host: route.host, port: route.port, secure: false, ...limits });
  const domain = route.from.slice(route.from.indexOf('@') + 1);
  const closing = new AbortController();
  const codesUnderWay = new Set<Promise<void>>();
  let delivering: Promise<void> | null = null;

  const send = async ({ messageId, ...letter }: Letter): Promise<'taken' | 'not-now' | 'never'> => {
    try {
      await transport.sendMail({
        from: route.from,
        ...letter,
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

  const pauseAfter = (tries: number): number => Math.min(pace.retryMs * 2 ** Math.min(tries, 20), pace.longestPauseMs);

  const sendCode = async (letter: Letter, until: number): Promise<void> => {
    for (let tries = 0; !closing.signal.aborted && now() < until; tries += 1) {
      const answer = await send(letter);
      log.event('cms-mail', { kind: 'one-time-code', answer, tries: tries + 1 });
      if (answer !== 'not-now') return;
      await pause(pauseAfter(tries), closing.signal);
    }
  };

  const deliverDue = async (): Promise<void> => {
    for (let due = store.dueSecondPart(now()); due !== null && !closing.signal.aborted; due = store.dueSecondPart(now())) {
      const { operationId, to, queuedAt, tries } = due;
      const messageId = `second-part.${operationId}`;
      store.beginSecondPart(operationId, now());
      const answer = await send({ to, messageId, ...secondPartLetter(store.codesOf(operationId)) });
      log.event('cms-mail', { kind: 'second-part', answer, tries: tries + 1 });
      if (answer === 'taken') store.secondPartSent(operationId, now());
      else if (answer === 'never' || now() - queuedAt > pace.giveUpMs) {
        store.giveUpSecondPart(operationId, now());
        log.event('cms-mail-given-up', { operation: operationId });
      } else store.delaySecondPart(operationId, now() + pauseAfter(tries));
    }
  };

  return {
    sendCode({ to, code, contactId, until }) {
      const sending = sendCode({ to, messageId: `code.${contactId}`, ...codeLetter(code) }, until).finally(() =>
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

function codeLetter(code: string): Pick<Letter, 'subject' | 'text'> {
  return {
    subject: 'Il tuo codice di verifica / Your verification code',
    text: `Il tuo codice di verifica è: ${code}

Scrivilo sullo schermo dello sportello entro 10 minuti.
Se non lo hai chiesto tu, ignora questo messaggio.

---

Your verification code is: ${code}

Type it on the screen of the desk within 10 minutes.
If you did not ask for it, ignore this message.
`,
  };
}

function secondPartLetter(codes: readonly Code[]): Pick<Letter, 'subject' | 'text'> {
  const line =
    (words: string) =>
    (code: Code): string =>
      `    ${code.label} - ${words}: ${secondPart(code)}`;
  const lengths =
    (of: string) =>
    (code: Code): string =>
      `${code.label}: ${code.paperCharacters} + ${secondPart(code).length} = ${code.value.length} ${of}`;
  return {
    subject: `Tessera sanitaria: la seconda parte dei tuoi codici / Health card: the second part of your codes`,
    text: `La tua tessera è stata attivata. Questa è la seconda parte dei tuoi codici:

${codes.map(line('seconda parte')).join('\n')}

Ogni codice si legge di seguito: prima le cifre stampate sul foglio ricevuto allo
sportello, poi quelle scritte qui (${codes.map(lengths('cifre')).join('; ')}).

Conserva foglio e messaggio lontano dalla tessera, e non mostrarli a nessuno.
Nessun ufficio ti chiederà mai questi codici.

---

Your card has been activated. This is the second part of your codes:

${codes.map(line('second part')).join('\n')}

Read each code in one go: first the digits printed on the slip that you were given at
the desk, then the ones written here (${codes.map(lengths('digits')).join('; ')}).

Keep slip and message away from the card, and show them to nobody.
No office will ever ask you for these codes.
`,
  };
}
