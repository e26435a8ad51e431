import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSuppliedCrl } from '../../../../kiosk/trust/path/crl.ts';
import { type Asked, ask } from './asking.ts';
import {
  type CertificateParts,
  authority,
  ca,
  certificate,
  certify,
  constraints,
  crl,
  day,
  directory,
  dns,
  eku,
  extension,
  integer,
  keyUsage,
  name,
  oid,
  policies,
  root,
  san,
  sequence,
  signings,
  text,
  tlv,
} from './making.ts';

const top = authority('Root');
const middle = authority('Middle');
const leaf = authority('Leaf');
const isCa = [ca(), keyUsage(0x06)];
const anchors = [root(top)];
const serial = integer(4711);
const rich = [
  keyUsage(0x80),
  eku('1.3.6.1.5.5.7.3.2'),
  policies('1.3.76.16.2.1'),
  san(dns('a.example.it'), directory(name(['2.5.4.3', 'x']))),
  extension('2.5.29.31', sequence(sequence(tlv(0xa0, tlv(0xa0, text(0x86, 'http://example.it/crl')))))),
];
const issuing = certify(top, middle, [...isCa, constraints([dns('example.it')])]);
const target = certify(middle, leaf, rich, { serial });
const listed = crl(middle, { listed: [{ serial: integer(1) }, { serial, reason: 6 }] });
const unlisted = crl(middle, { listed: [{ serial: integer(1), reason: 1 }] });
const asked = { anchors, intermediates: [issuing], crls: [crl(top), unlisted] } satisfies Asked;

it('the specimen is good, and suspended where it is listed', () => {
  expect(ask(target, asked).status).toBe('good');
  expect(ask(target, { ...asked, crls: [crl(top), listed] }).status).toBe('suspended');
});

function flipped(der: Uint8Array, place: number, bit: number): Uint8Array {
  const bytes = Uint8Array.from(der);
  bytes[place] = (bytes[place] ?? 0) ^ (1 << bit);
  return bytes;
}

/** Certificates with an EC signature can be written another way by nobody but the signer; so a change anywhere ends the trust. */
describe('one bit flipped, at every place', () => {
  const places = (der: Uint8Array): readonly [number, number][] => Array.from(der, (_, place) => [place, place % 8]);

  it('in the certificate: never good', () => {
    for (const [place, bit] of places(target)) expect(ask(flipped(target, place, bit), asked).status).toBe('invalid');
  });

  it('in its issuer’s: never good', () => {
    for (const [place, bit] of places(issuing)) {
      expect(ask(target, { ...asked, intermediates: [flipped(issuing, place, bit)] }).status).toBe('invalid');
    }
  });

  it('in the CRL that lists it: unknown, never good', () => {
    for (const [place, bit] of places(listed)) {
      expect(ask(target, { ...asked, crls: [crl(top), flipped(listed, place, bit)] }).status).toBe('unknown');
    }
  });
});

describe('cut short, at every place', () => {
  it('a certificate is invalid, and a CRL says nothing', () => {
    for (let end = 0; end < target.length; end++) expect(ask(target.subarray(0, end), asked).status).toBe('invalid');
    for (let end = 0; end < listed.length; end++) {
      expect(ask(target, { ...asked, crls: [crl(top), listed.subarray(0, end)] }).status).toBe('unknown');
    }
  });
});

describe('whatever bytes', () => {
  it('stand for a certificate, an issuer, an anchor or a CRL: an answer, and no good one', () => {
    const junk = fc.oneof(fc.uint8Array({ maxLength: 300 }), mutations(target), mutations(listed));
    fc.assert(
      fc.property(junk, (bytes) => {
        expect(ask(bytes, asked).valid).toBe(Buffer.compare(bytes, target) === 0);
        expect(ask(target, { ...asked, intermediates: [bytes] }).valid).toBe(false);
        expect(ask(target, { ...asked, anchors: [bytes] }).valid).toBe(false);
        expect(ask(target, { ...asked, crls: [crl(top), bytes] }).valid).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  function mutations(of: Uint8Array): fc.Arbitrary<Uint8Array> {
    const change = fc.record({ at: fc.nat(of.length), cut: fc.nat(12), put: fc.uint8Array({ maxLength: 12 }) });
    return fc
      .array(change, { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce((bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]), Buffer.from(of)),
      );
  }
});

describe('a certificate whose form is wrong is refused, and says why', () => {
  const made = (parts: Partial<CertificateParts>, extensions: readonly Uint8Array[] = []): Buffer =>
    certificate({ subject: leaf.subject, keys: leaf.keys, issuer: top.subject, by: top.keys, extensions, ...parts });
  const cases: Record<string, readonly [Uint8Array, RegExp]> = {
    'followed by something': [Buffer.concat([made({}), Buffer.from([0])]), /followed/],
    'of version 1 with extensions': [made({ version: Buffer.alloc(0) }, [keyUsage(0x80)]), /version 1/],
    'of version 1, written': [made({ version: tlv(0xa0, integer(0)) }), /version/],
    'of version 4': [made({ version: tlv(0xa0, integer(3)) }), /version/],
    'with a serial number of zero': [made({ serial: integer(0) }), /zero/],
    'with a serial number of 21 octets': [made({ serial: integer(Buffer.alloc(21, 0x11)) }), /20 octets/],
    'with a padded serial number': [made({ serial: integer(Buffer.from([0, 1])) }), /longer than it need be/],
    'with a length longer than it need be': [made({ serial: Buffer.from([2, 0x81, 1, 5]) }), /longer than it need be/],
    'with an indefinite length': [Buffer.concat([Buffer.from([0x30, 0x80]), made({}).subarray(4), Buffer.from([0, 0])]), /indefinite/],
    'without an issuer': [made({ issuer: sequence() }), /issuer/],
    'without a subject': [made({ subject: sequence() }), /subject/],
    'with an extension twice': [made({}, [keyUsage(0x80), keyUsage(0x80)]), /twice/],
    'with no extension in its extensions': [made({}, [Buffer.alloc(0)]), /empty/],
    'with a BOOLEAN of BER': [made({}, [sequence(oid('2.5.29.19'), Buffer.from([1, 1, 1]), tlv(4, sequence()))]), /BOOLEAN/],
    'with a keyUsage that says nothing': [made({}, [extension('2.5.29.15', Buffer.from([3, 2, 0, 0]))]), /says nothing/],
    'with an extKeyUsage that says nothing': [made({}, [eku()]), /empty/],
    'with a policy twice': [made({}, [policies('1.2.3', '1.2.3')]), /twice/],
    'with keyCertSign, and no authority': [made({}, [keyUsage(0x04)]), /keyCertSign/],
    'with nameConstraints, and no authority': [made({}, [constraints([dns('a.it')])]), /nameConstraints/],
    'with a path length, and no authority': [made({}, [extension('2.5.29.19', sequence(integer(0)), true)]), /path length/],
    'with an unknown critical extension': [made({}, [extension('1.2.3.4', integer(1), true)]), /unknown critical/],
    'with a critical authorityKeyIdentifier': [made({}, [extension('2.5.29.35', sequence(text(0x80, 'k')), true)]), /unknown critical/],
    'with an authorityInfoAccess that is none': [made({}, [extension('1.3.6.1.5.5.7.1.1', integer(1))]), /authorityInfoAccess/],
    'that ended': [made({ notAfter: day(-1) }), /expired/],
    'that has not begun': [made({ notBefore: day(1) }), /not valid before/],
  };
  it.each(Object.entries(cases))('%s', (_, [der, reason]) => {
    const answer = ask(der, { anchors });
    expect(answer).toMatchObject({ status: 'invalid' });
    expect(answer.reason).toMatch(reason);
  });

  it('but a negative serial number is one like others', () => {
    const negative = integer(Buffer.from([0xff, 0x01]));
    const own = made({ serial: negative });
    expect(ask(own, { anchors, crls: [crl(top)] }).status).toBe('good');
    expect(ask(own, { anchors, crls: [crl(top, { listed: [{ serial: negative }] })] }).status).toBe('revoked');
    expect(ask(own, { anchors, crls: [crl(top, { listed: [{ serial: integer(Buffer.from([0x00, 0xff, 0x01])) }] })] }).status).toBe('good');
  });
});

it('a CRL of ten thousand entries is read whole', () => {
  const big = crl(top, { listed: Array.from({ length: 10_000 }, (_, i) => ({ serial: integer(i + 1), reason: 1 })) });
  const read = readSuppliedCrl(big);
  expect(read.ok && read.value.entries.size).toBe(10_000);
});

it('one algorithm inside and another outside is refused', () => {
  const der = certify(top, leaf, [], { signing: signings.ecdsa });
  const other = Buffer.from(der);
  other[other.lastIndexOf(oid('1.2.840.10045.4.3.2')) + 9] = 3;
  expect(ask(other, { anchors }).reason).toMatch(/one inside, another outside/);
});
