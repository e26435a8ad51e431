import { err, ok } from '../../result.ts';
import { CardChannel, type Keys } from '../secure-messaging/channel.ts';
import type { Scheme } from '../secure-messaging/schemes.ts';
import type { CardSecureMessaging } from './secure-messaging.ts';

const missingObjects = 0x6987;
const wrongObjects = 0x6988;

/** The card's end of a scheme, with keys that both sides already have; a counter starts anew with each reset. */
export function secureMessagingBy(scheme: Scheme, keys: Keys, counter?: Uint8Array): CardSecureMessaging {
  let channel = new CardChannel(scheme, keys, counter);
  return {
    reset: () => (channel = new CardChannel(scheme, keys, counter)),
    unwrap: ({ extended, le: _outer, ...command }, { challenge }) => {
      if (challenge !== undefined) channel.challenged(challenge);
      const plain = channel.unwrap(command);
      if (!plain.ok) return err(plain.error.kind === 'missing' ? missingObjects : wrongObjects);
      const { data = new Uint8Array(), le, ...header } = plain.value;
      return ok({ ...header, data, le, extended });
    },
    wrap: ({ data = new Uint8Array(), status }) => channel.wrap({ data, status }),
  };
}
