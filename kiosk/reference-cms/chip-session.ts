import { type Command, type Response, decodeResponse, encodeCommand, status } from '../../devices/card/apdu.ts';
import { type Keys, TerminalChannel } from '../../devices/card/secure-messaging/channel.ts';
import type { Scheme } from '../../devices/card/secure-messaging/schemes.ts';
import { sessionOf } from '../../devices/card/secure-messaging/sessions.ts';

/** Commands to a card, one after the other, each made when the answer to the one before is there. Who runs it carries them. */
export type Dialogue<T> = Generator<Command, T, Response>;

export type Step<T> = { readonly command: Uint8Array } | { readonly ended: T };

/**
 * The next command of a dialogue after these answers, or its end. Runs the whole dialogue anew each time, so that the answers and what it was begun
 * with are all that is to be kept of a relay, and a CMS that was killed goes on where it was.
 */
export function replay<T>(dialogue: Dialogue<T>, answers: readonly Uint8Array[]): Step<T> {
  let step = dialogue.next();
  for (const answer of answers) {
    if (step.done === true) break;
    step.value.data?.fill(0);
    step = dialogue.next(decodeResponse(answer));
  }
  if (step.done === true) return { ended: step.value };
  const command = encodeCommand(step.value);
  step.value.data?.fill(0);
  return { command };
}

/** How one card is spoken to. `null`: its series has no secure messaging, and commands go as they are. */
export interface Chip {
  readonly messaging: { readonly scheme: Scheme; readonly keys: Keys } | null;
}

/**
 * `send`: one command as the session carries it; `other-card`: what answered is not the card that holds these keys, and the session is over.
 * `proves`: any other answer was made by the card that holds the keys, for this command.
 */
export interface ChipSession {
  readonly proves: boolean;
  send(command: Command): Dialogue<Response | 'other-card'>;
}

const getChallenge = { cla: 0x00, ins: 0x84, p1: 0x00, p2: 0x00, le: 8 } as const;
const giveRandom = { cla: 0x80, ins: 0x86, p1: 0x00, p2: 0x00 } as const;
const getResponse = { cla: 0x00, ins: 0xc0, p1: 0x00, p2: 0x00 } as const;
/** No secure messaging; objects missing; objects wrong (ISO 7816-4, table 6): another card, or another card's keys. */
const notForThisCard: readonly number[] = [0x6882, 0x6987, 0x6988];
const mostContinuations = 8;

/** `nonce`: eight random bytes of ours, for a session that no side can bring back alone. */
export function* openSession({ messaging }: Chip, nonce: Uint8Array): Dialogue<ChipSession | 'other-card'> {
  if (messaging === null) return { proves: false, send: whole };
  const { scheme, keys } = messaging;
  if (scheme.freshness === 'challenge') return challengedSession(new TerminalChannel(scheme, keys));
  const challenge = yield* takeChallenge();
  if (challenge === null) return 'other-card';
  const given = yield* whole({ ...giveRandom, data: Uint8Array.from(nonce) });
  if (given.status !== status.done) return 'other-card';
  const session = sessionOf(scheme, keys, challenge, nonce);
  return countedSession(new TerminalChannel(scheme, session.keys, session.counter));
}

/** Each command is bound to a challenge that the card gave just before it; its answer is bare (card.md, 1.7), but where the scheme says otherwise. */
function challengedSession(channel: TerminalChannel): ChipSession {
  return {
    proves: false,
    *send(command) {
      const challenge = yield* takeChallenge();
      if (challenge === null) return 'other-card';
      channel.challenged(challenge);
      const answer = yield* whole(channel.wrap(command));
      if (notForThisCard.includes(answer.status)) return 'other-card';
      const opened = channel.unwrap(answer);
      if (opened.ok) return opened.value;
      // What the card refuses it may say bare: nothing is believed by it.
      return answer.status === status.done ? 'other-card' : answer;
    },
  };
}

function countedSession(channel: TerminalChannel): ChipSession {
  return {
    proves: true,
    *send(command) {
      const opened = channel.unwrap(yield* whole(channel.wrap(command)));
      return opened.ok ? opened.value : 'other-card';
    },
  };
}

function* takeChallenge(): Dialogue<Uint8Array | null> {
  const { data, status: word } = yield* whole(getChallenge);
  return word === status.done && data.length === 8 ? data : null;
}

/** A command and all of its answer: what the card keeps back (`61xx`) is fetched (ISO 7816-4, 11.7.1). */
export function* whole(command: Command): Dialogue<Response> {
  let answer = yield command;
  const parts: Uint8Array[] = [];
  while (answer.status >> 8 === 0x61 && parts.length < mostContinuations) {
    parts.push(answer.data);
    answer = yield { ...getResponse, le: answer.status & 0xff || 256 };
  }
  return { data: new Uint8Array(Buffer.concat([...parts, answer.data])), status: answer.status };
}
