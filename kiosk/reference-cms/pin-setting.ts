import { createHash } from 'node:crypto';
import { type Command, type Response, decodeResponse, encodeCommand, status } from '../../devices/card/apdu.ts';
import type { CardEvidence, EnvelopeStanding } from '../../flows/ports/cms.ts';
import type { RelayReceipt } from '../../flows/ports/envelopes.ts';
import { type Chip, type ChipSession, type Dialogue, openSession, whole } from './chip-session.ts';

/** What the CMS knows of a card that it speaks to. Codes are digits, keys as its scheme has them. */
export interface IssuedChip extends Chip {
  /** SHA-256 of the authentication certificate (DER), hexadecimal, and where the card has it. */
  readonly certificateDigest: string;
  readonly certificatePath: string;
  /** P2 of PIN commands. */
  readonly pinReference: number;
  /** Whether VERIFY without data tells the tries left and costs none. */
  readonly askingTries: 'free' | 'unknown';
  readonly puk: string;
}

/** What is known of the card's PIN so far. */
export type Progress = Pick<EnvelopeStanding, 'pin' | 'evidence'> & Pick<RelayReceipt, 'tries'>;

type Ended = RelayReceipt['ended'];
export type Advance = { readonly progress: Progress } & ({ readonly command: Uint8Array } | { readonly ended: Ended });

/**
 * The relay after these answers: what is known, and the next command or the end. Runs the whole dialogue anew each time, so that the answers and
 * `nonce` are all that is to be kept of a relay, and a CMS that was killed goes on where it was.
 */
export function advance(chip: IssuedChip, pin: string, nonce: Uint8Array, answers: readonly Uint8Array[]): Advance {
  const progress: { -readonly [K in keyof Progress]: Progress[K] } = {
    pin: 'not-set',
    evidence: 'none',
    tries: { before: null, after: null },
  };
  const dialogue = setPin(chip, pin, nonce, progress);
  let step = dialogue.next();
  for (const answer of answers) {
    if (step.done === true) break;
    wipe(step.value);
    step = dialogue.next(decodeResponse(answer));
  }
  if (step.done === true) return { progress, ended: step.value };
  const command = encodeCommand(step.value);
  wipe(step.value);
  return { progress, command };
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
  const certificate = yield* readCertificate(session, chip.certificatePath);
  if (certificate === 'other-card' || sha256(certificate) !== chip.certificateDigest) return 'other-card';

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

/** Small enough for an answer to stay within 256 bytes when it is protected. */
const bite = 192;
const mostReads = 32;

/** EF.C_Carta up to its DER length; `other-card`: it is not there, or what answers is not the card of this session. */
function* readCertificate(session: ChipSession, path: string): Dialogue<Uint8Array | 'other-card'> {
  // Where answers are bare, a protected command to read proves nothing more than a plain one.
  const ask = (command: Command): Dialogue<Response | 'other-card'> => (session.proves ? session.send(command) : whole(command));
  const selected = yield* ask({ cla: 0x00, ins: 0xa4, p1: 0x08, p2: 0x0c, data: new Uint8Array(Buffer.from(path, 'hex')) });
  if (selected === 'other-card' || selected.status !== status.done) return 'other-card';
  let content = Buffer.alloc(0);
  for (let reads = 0, end = bite; content.length < end; reads += 1) {
    const offset = content.length;
    const le = Math.min(bite, end - offset);
    const read = yield* ask({ cla: 0x00, ins: 0xb0, p1: offset >> 8, p2: offset & 0xff, le });
    if (read === 'other-card' || read.data.length === 0 || reads === mostReads) return 'other-card';
    content = Buffer.concat([content, read.data]);
    if (content.length < 4 || content.readUInt16BE(0) !== 0x3082) return 'other-card';
    end = 4 + content.readUInt16BE(2);
  }
  return new Uint8Array(content.subarray(0, 4 + content.readUInt16BE(2)));
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

function wipe({ data }: Command): void {
  data?.fill(0);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
