import type { Message, Taken } from './mail.ts';

/** Where text messages are handed in (docs/sms-gateway.md). */
export interface TextRoute {
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string;
}

const LIMIT_MS = 10_000;

/** Hands a text message to the gateway. Its `id` is the message's own: said twice, it is sent once. */
export function createTextSender({ url, token }: TextRoute): (message: Message) => Promise<Taken> {
  return async ({ messageId, to, short }) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify({ id: messageId, to, text: short }),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      await response.body?.cancel();
      if (response.status === 202) return 'taken';
      const lasting = response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429;
      return lasting ? 'never' : 'not-now';
    } catch {
      // Whatever the network did: the gateway may or may not have it, and takes the same id once only.
      return 'not-now';
    }
  };
}
