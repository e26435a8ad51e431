import type { Result } from '../../result.ts';
import type { Answer } from './answer.ts';
import type { ReceivedCommand } from './command.ts';

/** Random numbers that the two sides gave each other; each is good for one protected command. */
export interface Randoms {
  /** What GET CHALLENGE answered last. */
  readonly challenge: Uint8Array | undefined;
  /** What GIVE RANDOM brought last. */
  readonly given: Uint8Array | undefined;
}

/** The card's end of secure messaging (ISO 7816-4, 10). A codec plugs in here: the card itself knows no scheme. */
export interface CardSecureMessaging {
  /** Power or a reset: a session, if the scheme has one, is over. */
  reset(): void;
  /** The plain command inside one of class `0C`, as sent, chain put together; or the status word that refuses it (`6987`, `6988`). */
  unwrap(command: ReceivedCommand, randoms: Randoms): Result<ReceivedCommand, number>;
  /** Protects the answer to the command that `unwrap` gave last. */
  wrap(answer: Answer): Answer;
}
