import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { Malformed } from '../x509/der.ts';

/** Bytes in order. `read` puts at least one and at most `length` of them at `offset`, and answers how many; 0 at the end. */
export interface Source {
  read(into: Buffer, offset: number, length: number): number;
}

/** A file that holds one CRL, DER or PEM whatever its name says. `bytes`: of the file. */
export interface CrlFile extends Source {
  readonly bytes: number;
  close(): void;
}

export function openCrlFile(path: string): CrlFile {
  const file = openSync(path, 'r');
  try {
    const bytes = fstatSync(file).size;
    let at = 0;
    const plain: Source = {
      read(into, offset, length) {
        const read = readSync(file, into, offset, length, at);
        at += read;
        return read;
      },
    };
    const begins = Buffer.alloc(2);
    readSync(file, begins, 0, 2, 0);
    // A CRL holds a signature, so its DER is longer than 127 bytes: a text that begins with the digit 0 is no DER.
    const isDer = begins[0] === 0x30 && (begins[1] ?? 0) >= 0x80;
    const source = isDer ? plain : pemSource(plain);
    return { bytes, read: (into, offset, length) => source.read(into, offset, length), close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

const BEGIN = '-----BEGIN X509 CRL-----';
const END = '-----END X509 CRL-----';
const TEXT_AT_ONCE = 64 * 1024;

/** The one PEM block of a text (RFC 7468), decoded as it is read. Words before and after it are allowed, as OpenSSL writes them; a second CRL is not. */
export function pemSource(text: Source): Source {
  const raw = Buffer.allocUnsafe(TEXT_AT_ONCE);
  let state: 'before' | 'inside' | 'after' = 'before';
  let pending = '';
  let decoded = Buffer.alloc(0);
  let padded = false;

  function more(): boolean {
    const length = text.read(raw, 0, raw.length);
    pending += raw.toString('latin1', 0, length);
    if (state === 'before') {
      const begin = pending.indexOf(BEGIN);
      if (begin >= 0) {
        pending = pending.slice(begin + BEGIN.length);
        state = 'inside';
      } else pending = pending.slice(-BEGIN.length);
    }
    if (state === 'inside') decode(length === 0);
    if (state === 'after') {
      if (pending.includes(BEGIN)) throw new Malformed('a file with more than one CRL');
      pending = pending.slice(-BEGIN.length);
    }
    if (length === 0 && state === 'before') throw new Malformed('neither DER nor the PEM of a CRL');
    return length > 0;
  }

  function decode(last: boolean): void {
    const dash = pending.indexOf('-');
    if (last && dash < 0) throw new Malformed('a PEM block without its end');
    let body = (dash < 0 ? pending : pending.slice(0, dash)).replace(/[ \t\r\n]+/g, '');
    if (dash < 0) {
      const whole = body.length - (body.length % 4);
      pending = body.slice(whole);
      body = body.slice(0, whole);
    } else {
      pending = pending.slice(dash);
      if (body.length % 4 !== 0) throw new Malformed('PEM that is cut short');
    }
    if (body !== '') {
      if (padded || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) throw new Malformed('PEM with other than base64');
      padded = body.endsWith('=');
      decoded = Buffer.from(body, 'base64');
    }
    // The end of the block may itself be cut by the end of what was read.
    if (dash < 0 || (pending.length < END.length && END.startsWith(pending) && !last)) return;
    if (!pending.startsWith(END)) throw new Malformed('a PEM block without its end');
    pending = pending.slice(END.length);
    state = 'after';
  }

  return {
    read(into, offset, length) {
      while (decoded.length === 0) if (!more()) return 0;
      const count = decoded.copy(into, offset, 0, length);
      decoded = decoded.subarray(count);
      return count;
    },
  };
}
