import { createHash } from 'node:crypto';
import { type Command, type Response, status } from '../../devices/card/apdu.ts';
import { type ChipSession, type Dialogue, whole } from './chip-session.ts';

/** SHA-256 of a card's authentication certificate (DER), hexadecimal, and where the card has it. */
export interface CardCertificate {
  readonly certificateDigest: string;
  readonly certificatePath: string;
}

/** Whether what answers has the certificate of this card. */
export function* isCardOf(session: ChipSession, { certificateDigest, certificatePath }: CardCertificate): Dialogue<boolean> {
  const certificate = yield* readCertificate(session, certificatePath);
  return certificate !== 'other-card' && createHash('sha256').update(certificate).digest('hex') === certificateDigest;
}

/** Small enough for an answer to stay within 256 bytes when it is protected. */
const bite = 192;
const mostReads = 32;

/** The certificate in a file, up to its DER length; `other-card`: it is not there, or what answers is not the card of this session. */
export function* readCertificate(session: ChipSession, path: string): Dialogue<Uint8Array | 'other-card'> {
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
