import { err, ok } from '../../result.ts';
import { CardChannel, type Keys } from '../secure-messaging/channel.ts';
import type { Scheme } from '../secure-messaging/schemes.ts';
import { sessionOf } from '../secure-messaging/sessions.ts';
import type { CardSecureMessaging, Randoms } from './secure-messaging.ts';

const missingObjects = 0x6987;
const wrongObjects = 0x6988;

/** The card's end of a scheme, with keys that both sides already have; a counter starts anew with each reset. */
export function secureMessagingBy(scheme: Scheme, keys: Keys, counter?: Uint8Array): CardSecureMessaging {
  const begin = (): CardChannel => new CardChannel(scheme, keys, counter);
  let channel = begin();
  return secured({
    reset: () => (channel = begin()),
    channel: ({ challenge }) => {
      if (challenge !== undefined) channel.challenged(challenge);
      return channel;
    },
  });
}

/** The card's end of any scheme, as a card in the field has it: bound to a challenge, or in sessions. */
export function secureMessagingOf(scheme: Scheme, keys: Keys): CardSecureMessaging {
  return scheme.freshness === 'challenge' ? secureMessagingBy(scheme, keys) : secureMessagingInSessions(scheme, keys);
}

/** The card's end of a scheme with a counter, in sessions: each begins when the two sides have given each other a random number, and ends with a reset. */
function secureMessagingInSessions(scheme: Scheme, keys: Keys): CardSecureMessaging {
  let channel: CardChannel | undefined;
  return secured({
    reset: () => (channel = undefined),
    channel: ({ challenge, given }) => {
      if (challenge === undefined || given?.length !== 8) return channel;
      const session = sessionOf(scheme, keys, challenge, given);
      channel = new CardChannel(scheme, session.keys, session.counter);
      return channel;
    },
  });
}

interface Secured {
  readonly reset: () => void;
  /** For the command that comes now; `undefined`: there is no session. */
  readonly channel: (randoms: Randoms) => CardChannel | undefined;
}

function secured({ reset, channel: channelFor }: Secured): CardSecureMessaging {
  let channel: CardChannel | undefined;
  return {
    reset,
    unwrap: ({ extended, le: _outer, ...command }, randoms) => {
      channel = channelFor(randoms);
      if (channel === undefined) return err(missingObjects);
      const plain = channel.unwrap(command);
      if (!plain.ok) return err(plain.error.kind === 'missing' ? missingObjects : wrongObjects);
      const { data = new Uint8Array(), le, ...header } = plain.value;
      return ok({ ...header, data, le, extended });
    },
    wrap: (answer) => channel?.wrap({ data: answer.data ?? new Uint8Array(), status: answer.status }) ?? answer,
  };
}
