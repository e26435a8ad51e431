import type { KeyObject } from 'node:crypto';
import { type Command, type Response, status } from '../../devices/card/apdu.ts';
import { decodePublicKey } from '../../devices/card/public-key-template.ts';
import { encodeObjects } from '../../devices/card/secure-messaging/data-objects.ts';
import type { LoadingReceipt } from '../../flows/ports/services.ts';
import { type CardCertificate, isCardOf, readCertificate } from './chip-files.ts';
import { type Chip, type ChipSession, type Dialogue, type Step, openSession, replay, whole } from './chip-session.ts';

type Ended = LoadingReceipt['ended'];
export type LoadingAdvance = { readonly loaded: LoadingReceipt['certificate'] } & Step<Ended>;

/** What is loaded: DER, and the public key that the card must still have. */
export interface IssuedCertificate {
  readonly certificate: Uint8Array;
  readonly publicKey: KeyObject;
}

/** `issuedBefore`: by a relay of this operation before this one. `issue`: the certificate of this operation, made at the first time that it is asked for. */
export interface Issuing {
  readonly issuedBefore: IssuedCertificate | null;
  readonly issue: (publicKey: KeyObject) => IssuedCertificate;
}

/** The relay after these answers: whether the card has its certificate, and the next command or the end. */
export function advanceLoading(
  chip: Chip & CardCertificate,
  issuing: Issuing,
  nonce: Uint8Array,
  answers: readonly Uint8Array[],
): LoadingAdvance {
  const progress: { loaded: LoadingAdvance['loaded'] } = { loaded: 'not-loaded' };
  const step = replay(load(chip, issuing, nonce, progress), answers);
  return { loaded: progress.loaded, ...step };
}

/** DF_DS and the file in it (card.md, 1.3). */
const folder = Buffer.of(0x14, 0x00);
const file = Buffer.of(0x14, 0x00, 0x90, 0x10);
const fileSize = 2_048;
/** CRT of digital signature with the reference of the card's second private key (ISO 7816-4, 10.3.2). */
const keyTemplate = Buffer.of(0xb6, 0x03, 0x84, 0x01, 0x02);
/** Few enough bytes for a command to stay within 255 when it is protected. */
const bite = 192;

/**
 * Makes the area, has the card make a key in it, writes the certificate and reads it back (SAR 7; commands: decision 0220). What writes or makes is
 * protected by the keys of this card alone, and the public key is believed where the card vouches for it. Each step may be said again after any
 * tear; a key that has its certificate is not made anew.
 */
function* load(
  chip: Chip & CardCertificate,
  { issuedBefore, issue }: Issuing,
  nonce: Uint8Array,
  progress: { loaded: LoadingAdvance['loaded'] },
): Dialogue<Ended> {
  const session = yield* openSession(chip, nonce);
  if (session === 'other-card' || !(yield* isCardOf(session, chip))) return 'other-card';

  const area = yield* makeFile(session);
  if (area !== 'done') return area;
  const key = yield* keyPair(session, issuedBefore === null ? 'make' : 'tell');
  if (!('publicKey' in key)) return key.ended;
  if (issuedBefore !== null && !issuedBefore.publicKey.equals(key.publicKey)) return 'key-changed';
  const { certificate } = issuedBefore ?? issue(key.publicKey);

  progress.loaded = 'unknown';
  if (!isDone(yield* select(file))) return 'card-refused';
  for (let offset = 0; offset < certificate.length; offset += bite) {
    const data = Uint8Array.from(certificate.subarray(offset, offset + bite));
    const written = yield* session.send({ cla: 0x00, ins: 0xd6, p1: offset >> 8, p2: offset & 0xff, data });
    if (written === 'other-card') return written;
    if (!isDone(written)) return 'card-refused';
  }
  const there = yield* readCertificate(session, file.toString('hex'));
  if (there === 'other-card' || !Buffer.from(there).equals(certificate)) return 'not-read-back';
  progress.loaded = 'loaded';
  return 'done';
}

/** CREATE FILE (ISO 7816-9) where there is none yet, with room for any certificate; anybody may read it. */
function* makeFile(session: ChipSession): Dialogue<Ended> {
  if (!isDone(yield* select(folder))) return 'card-refused';
  if (isDone(yield* select(file))) return 'done';
  // A path that is not there left the card where it was.
  const parameters = encodeObjects([
    { tag: 0x80, value: Uint8Array.of(fileSize >> 8, fileSize & 0xff) },
    { tag: 0x82, value: Uint8Array.of(0x01) },
    { tag: 0x83, value: file.subarray(2) },
  ]);
  const data = encodeObjects([{ tag: 0x62, value: parameters }]);
  const made = yield* session.send({ cla: 0x00, ins: 0xe0, p1: 0x00, p2: 0x00, data });
  if (made === 'other-card') return made;
  return isDone(made) ? 'done' : 'card-refused';
}

/** GENERATE ASYMMETRIC KEY PAIR (ISO 7816-8): makes one and tells its public key, or tells the one that is there. */
function* keyPair(session: ChipSession, what: 'make' | 'tell'): Dialogue<{ publicKey: KeyObject } | { ended: Ended }> {
  const command: Command = {
    cla: 0x00,
    ins: 0x47,
    p1: what === 'make' ? 0x80 : 0x81,
    p2: 0x00,
    data: Uint8Array.from(keyTemplate),
    le: 256,
  };
  const told = yield* session.send(command);
  if (told === 'other-card') return { ended: told };
  const publicKey = isDone(told) ? decodePublicKey(told.data) : null;
  if (publicKey === null) return { ended: what === 'make' ? 'card-refused' : 'key-changed' };
  return { publicKey };
}

/** In the clear: a kiosk that lets nothing be written but in DF_DS sees that it is there. */
const select = (path: Uint8Array): Dialogue<Response> => whole({ cla: 0x00, ins: 0xa4, p1: 0x08, p2: 0x0c, data: Uint8Array.from(path) });

function isDone({ status: word }: Response): boolean {
  return word === status.done;
}
