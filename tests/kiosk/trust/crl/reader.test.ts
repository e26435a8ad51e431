import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BucketBuilder, bucketNumber, findIn } from '../../../../kiosk/trust/crl/buckets.ts';
import { issuerOf } from '../../../../kiosk/trust/crl/issuer.ts';
import { type CrlHead, limits, readCrl } from '../../../../kiosk/trust/crl/reader.ts';
import { serialOfHex, serialOfInteger } from '../../../../kiosk/trust/crl/serial.ts';
import { signatureCheck } from '../../../../kiosk/trust/crl/signature.ts';
import { type Source, pemSource } from '../../../../kiosk/trust/crl/source.ts';
import { schemeOf } from '../../../../kiosk/trust/x509/algorithm.ts';
import { der, integer, makeAuthority, makeCrl, manyEntries, oid, pemOf, time } from '../../../bench/crl-generator.ts';

const ca = makeAuthority('Specimen - CA Cittadini');

/** Hands the bytes out in pieces of the given lengths, again and again. */
function piecewise(bytes: Uint8Array, lengths: readonly number[] = [1 << 20]): Source {
  let at = 0;
  let turn = 0;
  return {
    read(into, offset, length) {
      const count = Math.min(length, lengths[turn++ % lengths.length]!, bytes.length - at);
      into.set(bytes.subarray(at, at + count), offset);
      at += count;
      return count;
    },
  };
}

interface Read {
  readonly error: string | null;
  readonly signedBy: boolean;
  readonly entries: readonly string[];
}

function read(source: Source, authority = ca, most = limits): Read {
  const entries: string[] = [];
  const found: { head?: CrlHead } = {};
  const pieces: Buffer[] = [];
  const done = readCrl(
    source,
    {
      head: (head) => (found.head = head),
      signed: (piece) => pieces.push(Buffer.from(piece)),
      entry: (bytes, start, end, reason, seconds, issuer) =>
        entries.push(`${bytes.toString('hex', start, end)} ${reason} ${seconds} ${issuer ?? ''}`),
    },
    most,
  );
  if (!done.ok) return { error: done.error, signedBy: false, entries };
  let signedBy = false;
  try {
    const scheme = schemeOf(found.head!.algorithm);
    if (scheme === null) return { error: 'an unknown algorithm', signedBy: false, entries };
    const check = signatureCheck(scheme, { allowSha1: true, allowRsa1024: true });
    pieces.forEach((piece) => check.update(piece));
    signedBy = check.isSignedBy(issuerOf(authority.certificate).key, done.value.signature);
  } catch (error) {
    return { error: String(error), signedBy: false, entries };
  }
  return { error: null, signedBy, entries };
}

const serials = fc.uint8Array({ minLength: 1, maxLength: 60 });
const dates = fc.date({ min: new Date('1950-01-01'), max: new Date('2199-12-31'), noInvalidDate: true });
const listed = fc.record({
  serial: serials,
  at: dates.map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
  reason: fc.constantFrom(undefined, 0, 1, 2, 3, 4, 5, 6, 9, 10),
});

describe('the reader', () => {
  it('tells each entry as it was written, wherever the pieces of its input end', () => {
    fc.assert(
      fc.property(
        fc.array(listed, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (entries, lengths, pem) => {
          const made = entries.map(({ reason, ...rest }) => ({ ...rest, ...(reason === undefined ? {} : { reason }) }));
          const bytes = makeCrl(ca, { entries: made });
          const text = Buffer.from(`as OpenSSL prints it\n${pemOf('X509 CRL', bytes, lengths.length % 2 === 0 ? '\n' : '\r\n')}`);
          const told = read(pem ? pemSource(piecewise(text, lengths)) : piecewise(bytes, lengths));
          expect(told.error).toBe(null);
          expect(told.signedBy).toBe(true);
          expect(told.entries).toEqual(
            entries.map(({ serial, at, reason }) => `${Buffer.from(serial).toString('hex')} ${reason ?? 15} ${at.getTime() / 1000} `),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('believes no CRL of which one octet was changed, and never throws', () => {
    const bytes = makeCrl(ca, { entries: [{ serial: Buffer.of(1, 2), reason: 1 }, { serial: Buffer.of(3) }], number: 7 });
    for (let at = 0; at < bytes.length; at += 1) {
      for (const mask of [0x01, 0x80, 0x20, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= mask;
        expect(read(piecewise(changed)).signedBy, `octet ${at} ^ ${mask}`).toBe(false);
      }
    }
  });

  it('refuses every beginning of a CRL, and a CRL with anything behind it', () => {
    const bytes = makeCrl(ca, { entries: [{ serial: Buffer.of(1, 2), reason: 1 }, { serial: Buffer.of(3) }] });
    for (let length = 0; length < bytes.length; length += 1) expect(read(piecewise(bytes.subarray(0, length))).error).not.toBe(null);
    expect(read(piecewise(Buffer.concat([bytes, Buffer.of(0)]))).error).toMatch(/followed by more/);
    expect(read(piecewise(bytes)).error).toBe(null);
  });

  it('refuses any bytes at all that are no CRL', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(read(piecewise(bytes)).error).not.toBe(null);
        expect(read(piecewise(Buffer.concat([Buffer.of(0x30, 0x82, 0x01, 0x80), bytes]))).error).not.toBe(null);
      }),
    );
  });

  it.each([
    ['an indefinite length', (bytes: Buffer) => Buffer.concat([Buffer.of(0x30, 0x80), bytes.subarray(4), Buffer.of(0, 0)])],
    [
      'a length in more octets than it needs',
      (bytes: Buffer) => Buffer.concat([Buffer.of(0x30, 0x83, 0, ...bytes.subarray(2, 4)), bytes.subarray(4)]),
    ],
    ['a length of gigabytes', (bytes: Buffer) => Buffer.concat([Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), bytes.subarray(4)])],
  ])('refuses %s', (_, change) => {
    const bytes = makeCrl(ca, { encoded: manyEntries(10) });
    expect(bytes.readUInt16BE(0)).toBe(0x3082);
    expect(read(piecewise(change(bytes))).error).not.toBe(null);
  });

  it.each([
    ['the 30th of February', Buffer.from('260230080000Z')],
    ['a 25th hour', Buffer.from('260101250000Z')],
    ['a time without seconds', Buffer.from('2601010800Z')],
    ['a time elsewhere', Buffer.from('260101080000+0100')],
    ['letters', Buffer.from('26010108000xZ')],
  ])('refuses an entry of %s', (_, text) => {
    const odd = der(0x30, integer(5), der(0x17, text));
    expect(read(piecewise(makeCrl(ca, { encoded: odd }))).error).toMatch(/time|day/);
  });

  it('counts days as the calendar does', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        const at = new Date(Math.floor(date.getTime() / 1000) * 1000);
        const told = read(piecewise(makeCrl(ca, { encoded: der(0x30, integer(5), time(at)) })));
        expect(told.entries).toEqual([`05 15 ${at.getTime() / 1000} `]);
      }),
    );
  });

  it.each([
    ['an unknown critical extension', [der(0x30, oid('1.2.3.4'), der(0x01, Buffer.of(0xff)), der(0x04, der(0x05)))]],
    ['an extension that stands twice', [1, 1].map((code) => der(0x30, oid('2.5.29.21'), der(0x04, der(0x0a, Buffer.of(code)))))],
    ['a reason that does not exist', [der(0x30, oid('2.5.29.21'), der(0x04, der(0x0a, Buffer.of(7))))]],
  ])('refuses an entry with %s', (_, extensions) => {
    expect(read(piecewise(makeCrl(ca, { entries: [{ serial: Buffer.of(1), extensions }] }))).error).not.toBe(null);
  });

  it('takes more entries, or more bytes, than it may for too many', () => {
    const bytes = makeCrl(ca, { encoded: manyEntries(1000) });
    expect(read(piecewise(bytes), ca, { bytes: bytes.length, entries: 1000 }).error).toBe(null);
    expect(read(piecewise(bytes), ca, { bytes: bytes.length - 1, entries: 1000 }).error).toMatch(/longer than/);
    expect(read(piecewise(bytes), ca, { bytes: bytes.length, entries: 999 }).error).toMatch(/more than 999 entries/);
  });
});

describe('serial numbers', () => {
  it('are found in the index exactly, of whatever length and sign', () => {
    fc.assert(
      fc.property(fc.uniqueArray(serials, { minLength: 1, maxLength: 60, selector: (serial) => keyOf(serial) }), (all) => {
        const half = Math.ceil(all.length / 2);
        const builder = new BucketBuilder(all.length * 300);
        for (const serial of all.slice(0, half)) builder.add(Buffer.from(serial), 0, serial.length, 1, 0, null);
        for (const [place, octets] of all.entries()) {
          const serial = serialOfInteger(Buffer.from(octets));
          const found = findIn(builder.bucket(bucketNumber(serial, builder.count)), serial, null);
          expect(found !== null).toBe(place < half);
        }
      }),
    );
  });

  it('differ by sign and by needless zeros, and not by the zero that keeps them positive', () => {
    expect(keyOf(Buffer.from('80', 'hex'))).not.toBe(keyOf(Buffer.from('0080', 'hex')));
    expect(keyOf(Buffer.from('000080', 'hex'))).not.toBe(keyOf(Buffer.from('0080', 'hex')));
    expect(serialOfHex('80')).toEqual(serialOfInteger(Buffer.from('0080', 'hex')));
    expect(serialOfHex('-80')).toEqual(serialOfInteger(Buffer.from('80', 'hex')));
    expect(serialOfHex('-01')).toEqual(serialOfInteger(Buffer.from('ff', 'hex')));
    expect(serialOfHex('0A:01')).toEqual(serialOfHex('a01'));
    expect(['', '-', 'xyz', '0x', '1 2', '-0'].map(serialOfHex)).toEqual([null, null, null, null, null, null]);
  });

  it('are of whole records only: one at the end of a block is found as well', () => {
    for (const length of [1, 5, 16, 20, 100, 199, 200]) {
      const builder = new BucketBuilder(0);
      const all = Array.from({ length: 300 }, (_, number) => Buffer.concat([Buffer.alloc(length - 1, 1), Buffer.of(number % 256)]));
      for (const serial of all) builder.add(serial, 0, serial.length, 4, number(serial), null);
      const bucket = builder.bucket(0);
      for (const serial of all) expect(findIn(bucket, serialOfInteger(serial), null)).toEqual({ reason: 4, seconds: number(serial) });
    }
  });
});

const number = (serial: Buffer): number => serial.length * 7;

function keyOf(content: Uint8Array): string {
  const { octets, negative } = serialOfInteger(Buffer.from(content));
  return `${negative} ${octets.toString('hex')}`;
}
