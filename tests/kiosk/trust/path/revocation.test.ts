import { describe, expect, it } from 'vitest';
import { ask } from './asking.ts';
import {
  type CrlParts,
  authority,
  ca,
  called,
  certify,
  crl,
  day,
  directory,
  extension,
  integer,
  keyUsage,
  root,
  sequence,
  text,
  tlv,
} from './making.ts';

const top = authority('Root');
const anchors = [root(top)];
const leaf = authority('Leaf');
const serial = integer(4711);
const isCa = [ca(), keyUsage(0x06)];
const url = text(0x86, 'http://ca.example.it/crl');
const otherUrl = text(0x86, 'http://ca.example.it/other');

const yes = (n: number): Buffer => tlv(0x80 | n, Buffer.from([0xff]));
const full = (...names: readonly Uint8Array[]): Buffer => tlv(0xa0, tlv(0xa0, ...names));
const reasons = (bits: number): Buffer => Buffer.from([7, bits >> 8, bits & 0xff]);
/** issuingDistributionPoint, critical. */
const scope = (...parts: readonly Uint8Array[]): Buffer => extension('2.5.29.28', sequence(...parts), true);
/** cRLDistributionPoints. */
const points = (...each: readonly (readonly Uint8Array[])[]): Buffer =>
  extension('2.5.29.31', sequence(...each.map((parts) => sequence(...parts))));
const authorityKey = extension('2.5.29.35', sequence(text(0x80, 'key')));
const delta = (base: number): Buffer => extension('2.5.29.27', integer(base), true);

const card = (...extensions: readonly Uint8Array[]): Buffer => certify(top, leaf, extensions, { serial });
const plain = card();
const status = (der: Uint8Array, crls: readonly Uint8Array[], more: Partial<Parameters<typeof ask>[1]> = {}): string =>
  ask(der, { anchors, crls, ...more }).status;
const listing = (reason?: number, more: CrlParts = {}): Buffer =>
  crl(top, { listed: [{ serial, ...(reason === undefined ? {} : { reason }) }], ...more });

describe('four answers', () => {
  it('good, revoked with its reason and date, suspended, unknown', () => {
    expect(ask(plain, { anchors, crls: [crl(top)] })).toMatchObject({ valid: true, status: 'good', revocation: { crl: { number: '1' } } });
    expect(ask(plain, { anchors, crls: [listing(1)] })).toMatchObject({
      valid: false,
      status: 'revoked',
      revocation: { reason: 'keyCompromise', since: day(-2).toISOString(), certificate: 'CN=Leaf, O=Specimen' },
    });
    expect(status(plain, [listing()])).toBe('revoked');
    expect(status(plain, [listing(6)])).toBe('suspended');
    expect(status(plain, [])).toBe('unknown');
    expect(ask(plain, { anchors }).status).toBe('good');
  });

  it('lifts a suspension with the next CRL, whichever is given first', () => {
    const before = listing(6, { thisUpdate: day(-3) });
    expect(status(plain, [before, crl(top)])).toBe('good');
    expect(status(plain, [crl(top), before])).toBe('good');
  });
});

describe('what cannot be used counts as absent', () => {
  const cases: Record<string, Uint8Array> = {
    'of the future': listing(1, { thisUpdate: day(0.5) }),
    ended: listing(1, { nextUpdate: day(-0.5) }),
    'without nextUpdate, of four days ago': listing(1, { nextUpdate: null, thisUpdate: day(-4) }),
    'by a namesake': crl(authority('Root'), { listed: [{ serial }] }),
    'of another issuer': crl(authority('Other')),
    'that is a delta of another': listing(1, { extensions: [delta(9)], number: 10 }),
    'for authorities only': listing(1, { extensions: [scope(yes(2))] }),
    'for attribute certificates only': listing(1, { extensions: [scope(yes(5))] }),
    'of another distribution point': listing(1, { extensions: [scope(full(otherUrl))] }),
    'with an empty scope': listing(1, { extensions: [scope()] }),
    'for users only and authorities only': listing(1, { extensions: [scope(yes(1), yes(2))] }),
    'with an unknown critical extension': listing(1, { extensions: [extension('1.2.3.4', integer(1), true)] }),
    'with an unknown critical extension in an entry': crl(top, {
      listed: [{ serial, extensions: [extension('1.2.3.4', integer(1), true)] }],
    }),
    'with a critical number': listing(1, { number: null, extensions: [extension('2.5.29.20', integer(1), true)] }),
    'with an authorityKeyIdentifier and no number': listing(1, { number: null, extensions: [authorityKey] }),
    'of version 1, written': listing(1, { version: integer(0), number: null }),
    'of version 1 with extensions': listing(1, { version: null }),
    'of version 3': listing(1, { version: integer(2) }),
    'with an entry of another issuer, and not indirect': crl(top, {
      listed: [{ serial, extensions: [extension('2.5.29.29', sequence(directory(called('x'))), true)] }],
    }),
    'with removeFromCRL in a full CRL': listing(8),
  };
  it.each(Object.entries(cases))('a CRL %s', (_, unusable) => {
    expect(status(plain, [unusable])).toBe('unknown');
    expect(status(plain, [unusable, crl(top)])).toBe('good');
  });
});

describe('age', () => {
  it('of a CRL without nextUpdate: three days, or what is asked for', () => {
    const endless = crl(top, { nextUpdate: null, thisUpdate: day(-2.9) });
    expect(status(plain, [endless])).toBe('good');
    expect(status(plain, [endless], { maxCrlAge: 86_400 })).toBe('unknown');
    expect(status(plain, [crl(top, { nextUpdate: null, thisUpdate: day(-30) })], { maxCrlAge: 31 * 86_400 })).toBe('good');
  });

  it('of one that means to live twenty years is capped by what is asked for', () => {
    const eternal = crl(top, { thisUpdate: day(-30), nextUpdate: day(7300) });
    expect(status(plain, [eternal])).toBe('good');
    expect(status(plain, [eternal], { maxCrlAge: 7 * 86_400 })).toBe('unknown');
  });
});

describe('forms', () => {
  it.each([
    ['version 1', crl(top, { version: null, number: null })],
    ['version 2 without extensions', crl(top, { number: null })],
    ['an unknown extension that is not critical', crl(top, { extensions: [extension('1.2.3.4', integer(1))] })],
  ])('%s is believed', (_, list) => {
    expect(status(plain, [list])).toBe('good');
  });
});

describe('scope', () => {
  const pointing = card(points([full(url)]));
  it('a distribution point must be one that the certificate names', () => {
    expect(status(pointing, [crl(top, { extensions: [scope(full(otherUrl, url))] })])).toBe('good');
    expect(status(pointing, [crl(top, { extensions: [scope(full(otherUrl))] })])).toBe('unknown');
    expect(status(pointing, [crl(top)])).toBe('good');
    expect(status(plain, [crl(top, { extensions: [scope(full(directory(top.subject)))] })])).toBe('good');
  });

  it('a name relative to the issuer is the issuer’s with an end', () => {
    const relative = tlv(0xa0, tlv(0xa1, sequence(Buffer.from([6, 3, 0x55, 4, 3]), text(0x0c, 'CDP2'))));
    expect(status(card(points([relative])), [crl(top, { extensions: [scope(relative)] })])).toBe('good');
    expect(status(pointing, [crl(top, { extensions: [scope(relative)] })])).toBe('unknown');
  });

  it('users only, authorities only, and neither of them versions 1 and 2', () => {
    const users = crl(top, { extensions: [scope(yes(1))] });
    expect(status(plain, [users])).toBe('good');
    const authorityCertificate = certify(top, leaf, isCa, { serial });
    expect(status(authorityCertificate, [users])).toBe('unknown');
    expect(status(authorityCertificate, [crl(top, { extensions: [scope(yes(2))] })])).toBe('good');
    expect(status(certify(top, leaf, [], { serial, version: Buffer.alloc(0) }), [users])).toBe('unknown');
  });

  it('CRLs for some reasons only answer when they have spoken of all', () => {
    const some = crl(top, { extensions: [scope(tlv(0x83, reasons(0x6000)))] });
    const rest = (more: CrlParts = {}): Buffer => crl(top, { ...more, extensions: [scope(tlv(0x83, reasons(0x1f80)))] });
    expect(ask(plain, { anchors, crls: [some] })).toMatchObject({ status: 'unknown', reason: expect.stringMatching(/some reasons/) });
    expect(status(plain, [some, rest()])).toBe('good');
    expect(status(plain, [some, rest({ listed: [{ serial, reason: 6 }] })])).toBe('suspended');
  });
});

describe('deltas', () => {
  const base = (more: CrlParts = {}): Buffer => crl(top, { number: 5, ...more });
  const change = (from: number, number: number, more: CrlParts = {}): Buffer => crl(top, { number, extensions: [delta(from)], ...more });
  const held = { listed: [{ serial, reason: 6 }] };
  it.each<[string, readonly Uint8Array[], string]>([
    ['adds', [base(), change(5, 6, held)], 'suspended'],
    ['adds to a CRL newer than its base', [base(), change(3, 6, held)], 'suspended'],
    ['does not begin after the CRL', [base(), change(6, 7, held)], 'good'],
    ['says nothing to a CRL as new as itself', [base(), change(3, 5, held)], 'good'],
    ['releases', [base(held), change(5, 6, { listed: [{ serial, reason: 8 }] })], 'good'],
    ['leaves what it does not speak of', [base(held), change(5, 6)], 'suspended'],
    ['keeps a CRL alive that has ended', [base({ nextUpdate: day(-0.5) }), change(5, 6)], 'good'],
    ['ended, says nothing', [base(), change(5, 6, { ...held, nextUpdate: day(-0.5) })], 'good'],
    ['of another scope, says nothing', [base(), crl(top, { number: 6, extensions: [delta(5), scope(yes(1))], ...held })], 'good'],
    ['by a namesake, says nothing', [base(), crl(authority('Root'), { number: 6, extensions: [delta(5)], ...held })], 'good'],
    ['the newest counts', [base(), change(5, 6, { ...held, thisUpdate: day(-0.8) }), change(5, 7, { thisUpdate: day(-0.5) })], 'good'],
  ])('a delta %s', (_, crls, expected) => {
    expect(status(plain, crls)).toBe(expected);
  });
});

describe('who signs', () => {
  const signer = authority('CRL Issuer');
  const signing = certify(top, signer, [keyUsage(0x02)]);
  const indirect = card(points([full(url), tlv(0xa2, directory(signer.subject))]));
  const list = (more: CrlParts = {}): Buffer => crl(signer, { extensions: [scope(full(url), yes(4))], ...more });
  const entry = { serial, extensions: [extension('2.5.29.29', sequence(directory(top.subject)), true)] };

  it('another issuer that the certificate names, by an indirect CRL', () => {
    const asked = { intermediates: [signing] };
    expect(status(indirect, [crl(top), list()], asked)).toBe('good');
    expect(status(indirect, [crl(top), list({ listed: [entry] })], asked)).toBe('revoked');
    expect(status(indirect, [crl(top), list({ listed: [{ serial }] })], asked)).toBe('good');
    expect(status(indirect, [crl(top), list({ listed: [entry, { serial: integer(5) }] })], asked)).toBe('revoked');
  });

  it('but not without a path of its own, nor revoked, nor by a CRL that is not indirect, nor unnamed', () => {
    expect(status(indirect, [crl(top), list()])).toBe('unknown');
    const asked = { intermediates: [certify(top, signer, [keyUsage(0x02)], { serial: integer(9) })] };
    expect(status(indirect, [crl(top, { listed: [{ serial: integer(9) }] }), list()], asked)).toBe('unknown');
    expect(status(indirect, [crl(top), list({ extensions: [scope(full(url))] })], asked)).toBe('unknown');
    expect(status(plain, [list()], asked)).toBe('unknown');
  });

  it('the issuer with another key that has its own path, and may sign CRLs', () => {
    const other = authority('Root');
    const crls = [crl(other)];
    const own = certify(top, other, [keyUsage(0x02)]);
    expect(status(plain, crls, { intermediates: [own] })).toBe('good');
    expect(status(plain, crls, { intermediates: [certify(top, other, [keyUsage(0x80)])] })).toBe('unknown');
    expect(status(plain, crls, { intermediates: [certify(authority('Root'), other, [keyUsage(0x02)])] })).toBe('unknown');
  });

  it('no stolen key clears itself', () => {
    const other = authority('Root');
    const own = certify(top, other, [keyUsage(0x02)], { serial: integer(9) });
    const crls = [crl(top, { listed: [{ serial: integer(9), reason: 1 }], thisUpdate: day(-0.9) }), crl(other, { thisUpdate: day(-0.1) })];
    expect(status(plain, crls.slice(1), { intermediates: [own] })).toBe('good');
    expect(ask(plain, { anchors, crls, intermediates: [own] }).revocation?.crl?.thisUpdate).toBe(day(-0.9).toISOString());
  });

  it('no authority whose keyUsage lacks cRLSign, the anchor’s included', () => {
    expect(status(plain, [crl(top)], { anchors: [root(top, [ca(), keyUsage(0x04)])] })).toBe('unknown');
    expect(status(plain, [crl(top)], { anchors: [root(top, [])] })).toBe('good');
  });
});

it('each certificate of the path is asked about', () => {
  const middle = authority('Middle');
  const issuing = certify(top, middle, isCa, { serial: integer(3) });
  const target = certify(middle, leaf, []);
  const asked = { intermediates: [issuing] };
  expect(status(target, [crl(top), crl(middle)], asked)).toBe('good');
  expect(status(target, [crl(middle)], asked)).toBe('unknown');
  expect(status(target, [crl(top)], asked)).toBe('unknown');
  expect(status(target, [crl(top, { listed: [{ serial: integer(3) }] }), crl(middle)], asked)).toBe('revoked');
});
