import { status } from '../../devices/card/apdu.ts';
import type { CardEvidence, EnvelopeStanding } from '../../flows/ports/cms.ts';
import type { RelayReceipt } from '../../flows/ports/envelopes.ts';
import { type CardCertificate, isCardOf } from './chip-files.ts';
import { type Chip, type ChipSession, type Dialogue, type Step, openSession, replay } from './chip-session.ts';

/** What the CMS knows of a card that it speaks to. Codes are digits, keys as its scheme has them. */
export interface IssuedChip extends Chip, CardCertificate {
  /** P2 of PIN commands. */
  readonly pinReference: number;
  /** Whether VERIFY without data tells the tries left and costs none. */
  readonly askingTries: 'free' | 'unknown';
  readonly puk: string;
}

/** What is known of the card's PIN so far. */
export type Progress = Pick<EnvelopeStanding, 'pin' | 'evidence'> & Pick<RelayReceipt, 'tries'>;

type Ended = RelayReceipt['ended'];
export type Advance = { readonly progress: Progress } & Step<Ended>;

/** The relay after these answers: what is known, and the next command or the end. */
export function advance(chip: IssuedChip, pin: string, nonce: Uint8Array, answers: readonly Uint8Array[]): Advance {
  const progress: { -readonly [K in keyof Progress]: Progress[K] } = {
    pin: 'not-set',
    evidence: 'none',
    tries: { before: null, after: null },
  };
  return { progress, ...replay(setPin(chip, pin, nonce, progress), answers) };
}

/**
 * Sets the PIN by the PUK (RESET RETRY COUNTER, P1=00: blocked or not, whatever it was), which may be said again after any tear; then has the
 * card verify it. The certificate comes first: a card that is not the reserved one is left as it is. Every PIN command is made for the keys of that card
 * and for a challenge that it has just given, so that another one, put in its place in between, refuses it.
 */
function* setPin(
  chip: IssuedChip,
  pin: string,
  nonce: Uint8Array,
  progress: { -readonly [K in keyof Progress]: Progress[K] },
): Dialogue<Ended> {
  const session = yield* openSession(chip, nonce);
  if (session === 'other-card') return session;
  if (!(yield* isCardOf(session, chip))) return 'other-card';

  const before = yield* triesLeft(chip, session);
  if (before === 'other-card') return before;
  const header = { cla: 0x00, p1: 0x00, p2: chip.pinReference };
  // From here on, until the answer is there, the PIN is the old one or the new one.
  progress.tries = { before, after: null };
  progress.pin = 'unknown';
  const set = yield* session.send({ ...header, ins: 0x2c, data: Uint8Array.from([...block(chip.puk), ...block(pin)]) });
  if (set === 'other-card') return set;
  progress.evidence = session.proves ? 'proved' : 'status-word';
  if (set.status !== status.done) {
    progress.pin = 'not-set';
    return set.status === 0x6983 ? 'puk-blocked' : 'card-refused';
  }
  // A bare status word is not enough to say so.
  if (session.proves) progress.pin = 'set';

  const after = yield* triesLeft(chip, session);
  if (after === 'other-card') return after;
  progress.tries = { before, after };
  const verified = yield* session.send({ ...header, ins: 0x20, data: block(pin) });
  if (verified === 'other-card') return verified;
  if (verified.status !== status.done) {
    progress.pin = 'unknown';
    return 'card-refused';
  }
  progress.pin = 'set';
  progress.evidence = session.proves ? 'proved' : 'verified';
  return 'done';
}

/** VERIFY without data; `null` where asking may cost a try, or the card does not say. */
function* triesLeft({ askingTries, pinReference }: IssuedChip, session: ChipSession): Dialogue<number | null | 'other-card'> {
  if (askingTries === 'unknown') return null;
  const asked = yield* session.send({ cla: 0x00, ins: 0x20, p1: 0x00, p2: pinReference });
  if (asked === 'other-card') return asked;
  if (asked.status === 0x6983) return 0;
  return asked.status >> 4 === 0x63c ? asked.status & 0x0f : null;
}

const strength: readonly CardEvidence[] = ['none', 'status-word', 'verified', 'proved'];

/** What two relays of one operation know together. Both set the same PIN: a card that has had it once keeps it, whatever a later relay met. */
export function together(before: EnvelopeStanding, { pin, evidence }: Pick<Progress, 'pin' | 'evidence'>): EnvelopeStanding {
  if (before.pin === 'set' && pin === 'set')
    return { ...before, evidence: strength.indexOf(evidence) > strength.indexOf(before.evidence) ? evidence : before.evidence };
  if (before.pin === 'set' || (before.pin === 'unknown' && pin === 'not-set')) return before;
  return { ...before, pin, evidence };
}

/** A code as the card takes it: digits, filled with FF to eight bytes (card.md, 1.6). */
function block(code: string): Uint8Array {
  const bytes = new Uint8Array(8).fill(0xff);
  bytes.set(Buffer.from(code, 'ascii'));
  return bytes;
}
