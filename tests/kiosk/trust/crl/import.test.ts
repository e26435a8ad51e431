import { describe, expect, it } from 'vitest';
import {
  type Authority,
  der,
  extension,
  makeAuthority,
  makeCrl,
  manyEntries,
  name,
  pemOf,
  serialOfEntry,
} from '../../../bench/crl-generator.ts';
import { issuerOf } from '../../../../kiosk/trust/crl/issuer.ts';
import { uriPoint } from '../../../../kiosk/trust/crl/scope.ts';
import { NOW, ask, days, importInto, newFolder } from './store.ts';

const ca = makeAuthority('Specimen - CA Cittadini');
const KEY_COMPROMISE = 1;
const HOLD = 6;
const REMOVE = 8;
const one = (serial: number, reason?: number, extensions: readonly Buffer[] = []) => ({
  serial: Buffer.of(serial),
  at: days(-10),
  extensions,
  ...(reason === undefined ? {} : { reason }),
});
const fresh = { thisUpdate: days(-1), nextUpdate: days(1) };
const why = (folder: string, crl: Uint8Array | string, authorities: readonly Authority[] = [ca]): string | null => {
  const done = importInto(folder, authorities, [crl]);
  return done.ok ? null : done.error;
};
const point = (uri: string): Buffer => der(0xa0, der(0xa0, der(0x86, Buffer.from(uri))));

describe('what is imported', () => {
  it('answers good, revoked and suspended, each with reason, date and the CRL it rests on', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { ...fresh, number: 41, entries: [one(1, KEY_COMPROMISE), one(2, HOLD), one(3)] }))).toBe(null);
    const since = days(-10).getTime() / 1000;
    expect(ask(folder, ca, '01')).toMatchObject({ status: 'revoked', reason: 'keyCompromise', since, stale: false, crl: { number: 41n } });
    expect(ask(folder, ca, '02')).toMatchObject({ status: 'suspended', reason: 'certificateHold', since });
    expect(ask(folder, ca, '03')).toMatchObject({ status: 'revoked', reason: null, since });
    expect(ask(folder, ca, '04')).toMatchObject({
      status: 'good',
      reason: null,
      since: null,
      crl: { thisUpdate: days(-1).getTime() / 1000 },
    });
  });

  it.each(['rsa', 'rsa-pss', 'ec', 'ed25519'] as const)('may be signed with %s', (signing) => {
    const folder = newFolder();
    const authority = makeAuthority('Specimen - CA', signing);
    expect(why(folder, makeCrl(authority, { ...fresh, entries: [one(1)] }), [authority])).toBe(null);
    expect(ask(folder, authority, '01').status).toBe('revoked');
    const namesake = makeAuthority('Specimen - CA', signing);
    expect(why(folder, makeCrl(namesake, { ...fresh }), [authority])).toMatch(/signature is not its issuer/);
  });

  it('is not believed when signed with SHA-1', () => {
    const authority = makeAuthority('Specimen - CA', 'rsa');
    expect(why(newFolder(), makeCrl(authority, { ...fresh, signing: 'rsa-sha1' }), [authority])).toMatch(/SHA-1/);
  });

  it('may be PEM with CRLF under the name .crl, with words before it', () => {
    const folder = newFolder();
    const text = pemOf('X509 CRL', makeCrl(ca, { ...fresh, entries: [one(1)] }));
    expect(text).toContain('\r\n');
    expect(why(folder, `Certificate Revocation List (CRL):\r\n${text}`)).toBe(null);
    expect(ask(folder, ca, '01').status).toBe('revoked');
    expect(why(newFolder(), `${text}${text}`)).toMatch(/more than one CRL/);
    expect(why(newFolder(), text.replace(/\r\n.{64}\r\n/, '\r\n'))).not.toBe(null);
    expect(why(newFolder(), text.replace('-----END X509 CRL-----', ''))).not.toBe(null);
    expect(why(newFolder(), text.replace('\r\nM', '\r\n!'))).not.toBe(null);
    expect(why(newFolder(), '<html><body>Service unavailable</body></html>')).toMatch(/neither DER nor the PEM/);
    expect(why(newFolder(), '')).not.toBe(null);
  });

  it('is of known issuers alone, and a name known in another spelling is the same', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, fresh), [])).toMatch(/issuer is not known: CN=Specimen - CA Cittadini, C=IT/);
    const printable = { ...ca, name: name('SPECIMEN  -  CA  cittadini', 0x13) };
    expect(why(folder, makeCrl(printable, { ...fresh, entries: [one(1)] }))).toBe(null);
    expect(ask(folder, ca, '01').status).toBe('revoked');
    // Known from now on.
    expect(why(folder, makeCrl(ca, { ...fresh, thisUpdate: days(0), number: 2 }), [])).toBe(null);
  });

  it('is all of a call or nothing', () => {
    const folder = newFolder();
    const stranger = makeAuthority('Somebody else');
    const done = importInto(folder, [ca], [makeCrl(ca, { ...fresh, entries: [one(1)] }), makeCrl(stranger, fresh)]);
    expect(done.ok).toBe(false);
    expect(ask(folder, ca, '01')).toMatchObject({ status: 'unknown', crl: null });
  });

  it('is refused with an unknown critical extension, of the CRL or of an entry', () => {
    const odd = extension('1.2.3.4', true, der(0x05));
    expect(why(newFolder(), makeCrl(ca, { ...fresh, extensions: [odd] }))).toMatch(/unknown critical extension 1.2.3.4/);
    expect(why(newFolder(), makeCrl(ca, { ...fresh, entries: [one(1, undefined, [odd])] }))).toMatch(/unknown critical extension/);
    expect(why(newFolder(), makeCrl(ca, { ...fresh, extensions: [extension('1.2.3.4', false, der(0x05))] }))).toBe(null);
  });
});

describe('what is held is not replaced', () => {
  const held = { thisUpdate: days(-1), nextUpdate: days(1), number: 5, entries: [one(1, KEY_COMPROMISE)] };
  it.each([
    ['by an older one', { ...held, thisUpdate: days(-2), number: 6, entries: [] }, /older/],
    ['by one of a lower number', { ...held, thisUpdate: days(0), number: 4, entries: [] }, /lower number/],
    ['by another one of the same time and number', { ...held, entries: [] }, /same time and number/],
    ['by one of the future', { ...held, thisUpdate: days(1), nextUpdate: days(2), number: 6, entries: [] }, /future/],
    [
      'by one that says removeFromCRL in a full CRL',
      { ...held, thisUpdate: days(0), number: 6, entries: [one(1, REMOVE)] },
      /removeFromCRL/,
    ],
  ])('%s', (_, contents, reason) => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, held))).toBe(null);
    expect(why(folder, makeCrl(ca, contents))).toMatch(reason);
    expect(ask(folder, ca, '01')).toMatchObject({ status: 'revoked', crl: { number: 5n } });
  });

  it('by a truncated one, nor by one with a broken signature', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, held))).toBe(null);
    const newer = makeCrl(ca, { thisUpdate: days(0), nextUpdate: days(1), number: 6 });
    const broken = Buffer.from(newer);
    broken[broken.length - 1]! ^= 1;
    expect(why(folder, newer.subarray(0, newer.length - 1))).not.toBe(null);
    expect(why(folder, broken)).not.toBe(null);
    expect(ask(folder, ca, '01').status).toBe('revoked');
    expect(why(folder, newer)).toBe(null);
    expect(ask(folder, ca, '01').status).toBe('good');
  });

  it('but it is by a newer one whose number did not rise, which is noted', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, held))).toBe(null);
    const done = importInto(folder, [], [makeCrl(ca, { ...held, thisUpdate: days(0), entries: [] })]);
    expect(done).toMatchObject({ ok: true, value: [{ note: 'the number did not rise' }] });
    expect(ask(folder, ca, '01').status).toBe('good');
  });

  it('and the same one again changes nothing', () => {
    const folder = newFolder();
    const crl = makeCrl(ca, held);
    expect(why(folder, crl)).toBe(null);
    expect(importInto(folder, [], [crl])).toMatchObject({ ok: true, value: [{ entries: 1, note: 'held already' }] });
  });
});

describe('a suspension', () => {
  it('ends with the next full CRL that does not list it', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { ...fresh, number: 1, entries: [one(1, HOLD)] }))).toBe(null);
    expect(ask(folder, ca, '01').status).toBe('suspended');
    expect(why(folder, makeCrl(ca, { ...fresh, thisUpdate: days(0), number: 2, entries: [] }))).toBe(null);
    expect(ask(folder, ca, '01').status).toBe('good');
  });

  it('is a revocation where both are listed', () => {
    for (const entries of [
      [one(1, HOLD), one(1, KEY_COMPROMISE)],
      [one(1, KEY_COMPROMISE), one(1, HOLD)],
    ]) {
      const folder = newFolder();
      expect(why(folder, makeCrl(ca, { ...fresh, entries }))).toBe(null);
      expect(ask(folder, ca, '01').status).toBe('revoked');
    }
  });
});

describe('time', () => {
  const policy = { grace: 3600, maxAge: null };
  it('takes from a CRL its silence, not its list', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { ...fresh, entries: [one(1), one(2, HOLD)] }))).toBe(null);
    const within = new Date(days(1).getTime() + 3_600_000);
    const past = new Date(within.getTime() + 1000);
    expect(ask(folder, ca, '03', {}, within, policy)).toMatchObject({ status: 'good', stale: true });
    expect(ask(folder, ca, '03', {}, past, policy)).toMatchObject({ status: 'unknown', stale: true, crl: { number: 1n } });
    expect(ask(folder, ca, '01', {}, past, policy)).toMatchObject({ status: 'revoked', stale: true });
    expect(ask(folder, ca, '02', {}, days(900), policy)).toMatchObject({ status: 'suspended', stale: true });
  });

  it('ends a CRL without nextUpdate after three days, or what the policy says', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { thisUpdate: days(-1), nextUpdate: null }))).toBe(null);
    expect(ask(folder, ca, '01', {}, days(1.9)).status).toBe('good');
    expect(ask(folder, ca, '01', {}, days(2.1)).status).toBe('unknown');
    expect(ask(folder, ca, '01', {}, days(2.1), { grace: 0, maxAge: 5 * 86_400 }).status).toBe('good');
  });

  it('caps a nextUpdate of twenty years at the policy’s age', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { thisUpdate: days(-8), nextUpdate: new Date('2046-01-01') }))).toBe(null);
    expect(ask(folder, ca, '01').status).toBe('good');
    expect(ask(folder, ca, '01', {}, NOW, { grace: 0, maxAge: 7 * 86_400 })).toMatchObject({ status: 'unknown', stale: true });
  });

  it('that went back makes silence unknown', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { ...fresh, entries: [one(1)] }))).toBe(null);
    expect(ask(folder, ca, '02', {}, days(-30))).toMatchObject({ status: 'unknown', stale: true });
    expect(ask(folder, ca, '01', {}, days(-30)).status).toBe('revoked');
  });
});

describe('a delta CRL', () => {
  const base = { thisUpdate: days(-3), nextUpdate: days(2), number: 3, entries: [one(1, HOLD), one(2, KEY_COMPROMISE)] };
  const delta = { thisUpdate: days(-1), nextUpdate: days(1), number: 4, deltaBase: 3, entries: [one(1, REMOVE), one(5, HOLD)] };

  it('adds to its base and takes from it', () => {
    const folder = newFolder();
    expect(importInto(folder, [ca], [makeCrl(ca, base), makeCrl(ca, delta)]).ok).toBe(true);
    expect(ask(folder, ca, '01')).toMatchObject({ status: 'good', crl: { number: 4n } });
    expect(ask(folder, ca, '02')).toMatchObject({ status: 'revoked', crl: { number: 3n } });
    expect(ask(folder, ca, '05')).toMatchObject({ status: 'suspended', crl: { number: 4n } });
    expect(ask(folder, ca, '06')).toMatchObject({ status: 'good', crl: { number: 4n } });
    // The delta ended, its base did not: what it took away is listed again, what it listed stays so.
    expect(ask(folder, ca, '01', {}, days(1.5)).status).toBe('suspended');
    expect(ask(folder, ca, '05', {}, days(1.5)).status).toBe('suspended');
    expect(ask(folder, ca, '06', {}, days(1.5))).toMatchObject({ status: 'good', crl: { number: 3n } });
  });

  it('says nothing good without its base, nor over an older one', () => {
    const alone = newFolder();
    expect(why(alone, makeCrl(ca, delta))).toBe(null);
    expect(ask(alone, ca, '06')).toMatchObject({ status: 'unknown' });
    expect(ask(alone, ca, '05')).toMatchObject({ status: 'suspended' });
    const older = newFolder();
    expect(importInto(older, [ca], [makeCrl(ca, { ...base, number: 2 }), makeCrl(ca, delta)]).ok).toBe(true);
    expect(ask(older, ca, '01').status).toBe('suspended');
  });

  it('gives way to a newer full CRL, and to no older or smaller delta', () => {
    const folder = newFolder();
    expect(importInto(folder, [ca], [makeCrl(ca, base), makeCrl(ca, delta)]).ok).toBe(true);
    expect(why(folder, makeCrl(ca, { ...delta, thisUpdate: days(-2), number: 5 }))).toMatch(/older/);
    expect(why(folder, makeCrl(ca, { ...delta, thisUpdate: days(0), number: 5, deltaBase: 2 }))).toMatch(/smaller base/);
    expect(why(folder, makeCrl(ca, { ...delta, number: 2 }))).toMatch(/not above its base/);
    expect(why(folder, makeCrl(ca, { thisUpdate: days(0), nextUpdate: days(2), number: 5, entries: [] }))).toBe(null);
    expect(ask(folder, ca, '05')).toMatchObject({ status: 'good', crl: { number: 5n } });
    expect(why(folder, makeCrl(ca, delta))).toMatch(/older than the full CRL/);
  });
});

describe('a scope', () => {
  it('of one distribution point speaks for certificates that name it', () => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { ...fresh, scope: point('http://a.test/1.crl'), entries: [one(1)] }))).toBe(null);
    expect(ask(folder, ca, '02').status).toBe('unknown');
    expect(ask(folder, ca, '02', { points: [uriPoint('http://a.test/2.crl')] }).status).toBe('unknown');
    expect(ask(folder, ca, '02', { points: [uriPoint('http://a.test/1.crl')] }).status).toBe('good');
    expect(ask(folder, ca, '01').status).toBe('revoked');
  });

  it('stands beside the others of its issuer', () => {
    const folder = newFolder();
    for (const part of ['1', '2'])
      expect(why(folder, makeCrl(ca, { ...fresh, scope: point(part), entries: [one(Number(part))] }))).toBe(null);
    expect(ask(folder, ca, '01').status).toBe('revoked');
    expect(ask(folder, ca, '02').status).toBe('revoked');
  });

  it.each([
    ['user certificates', 0x81, 'user', 'ca'],
    ['certificates of authorities', 0x82, 'ca', 'user'],
  ] as const)('of %s alone', (_, flag, inside, outside) => {
    const folder = newFolder();
    expect(why(folder, makeCrl(ca, { ...fresh, scope: der(flag, Buffer.of(0xff)) }))).toBe(null);
    expect(ask(folder, ca, '01', { kind: inside }).status).toBe('good');
    expect(ask(folder, ca, '01', { kind: outside }).status).toBe('unknown');
  });

  it('of some reasons is good only together with the others', () => {
    const folder = newFolder();
    const reasons = (bits: number): Buffer => der(0x83, Buffer.of(7, bits >> 8, bits & 0xff));
    expect(why(folder, makeCrl(ca, { ...fresh, scope: reasons(0b0110_0000_0000_0000), entries: [one(1, KEY_COMPROMISE)] }))).toBe(null);
    expect(ask(folder, ca, '02').status).toBe('unknown');
    expect(ask(folder, ca, '01').status).toBe('revoked');
    expect(why(folder, makeCrl(ca, { ...fresh, scope: reasons(0b0001_1111_1000_0000) }))).toBe(null);
    expect(ask(folder, ca, '02').status).toBe('good');
  });

  it('that is indirect lists certificates of others, and its own', () => {
    const folder = newFolder();
    const other = makeAuthority('Another CA');
    const certificateIssuer = extension('2.5.29.29', true, der(0x30, der(0xa4, other.name)));
    const itself = extension('2.5.29.29', true, der(0x30, der(0xa4, ca.name)));
    const entries = [one(1), one(2, KEY_COMPROMISE, [certificateIssuer]), one(3, HOLD), one(4, KEY_COMPROMISE, [itself]), one(5, HOLD)];
    const indirect = der(0x84, Buffer.of(0xff));
    expect(why(newFolder(), makeCrl(ca, { ...fresh, entries }))).toMatch(/not indirect/);
    expect(why(folder, makeCrl(ca, { ...fresh, entries, scope: indirect }))).toBe(null);
    const listed = ['01', '02', '03', '04', '05'].map((serial) => ask(folder, ca, serial).status);
    expect(listed).toEqual(['revoked', 'good', 'good', 'revoked', 'suspended']);
    const referring = { crlIssuers: [issuerOf(ca.certificate).name.key] };
    expect(['01', '02', '03'].map((serial) => ask(folder, other, serial, referring).status)).toEqual(['good', 'revoked', 'suspended']);
    // Whoever does not refer to it learns from it what is listed, and nothing from its silence.
    expect(['01', '02'].map((serial) => ask(folder, other, serial).status)).toEqual(['unknown', 'revoked']);
  });
});

describe('keys of one name', () => {
  it('are kept apart', () => {
    const folder = newFolder();
    const namesake = makeAuthority('Specimen - CA Cittadini');
    expect(importInto(folder, [ca, namesake], [makeCrl(namesake, { ...fresh, entries: [one(1)] })]).ok).toBe(true);
    expect(ask(folder, ca, '01').status).toBe('unknown');
    expect(ask(folder, namesake, '01').status).toBe('revoked');
  });

  it('that one vouches for speak for its certificates too', () => {
    const folder = newFolder();
    const signer = makeAuthority('Specimen - CA Cittadini', 'ec', ca);
    expect(importInto(folder, [signer], [makeCrl(signer, { ...fresh, entries: [one(1)] })]).ok).toBe(true);
    expect(ask(folder, ca, '01').status).toBe('revoked');
    expect(ask(folder, ca, '02').status).toBe('good');
  });
});

it('finds each of many', () => {
  const folder = newFolder();
  expect(why(folder, makeCrl(ca, { ...fresh, encoded: manyEntries(20_000) }))).toBe(null);
  const found = Array.from(
    { length: 100 },
    (_, place) => ask(folder, ca, serialOfEntry(place * 200 + (place % 10)).toString('hex')).status,
  );
  expect(new Set(found)).toEqual(new Set(['revoked', 'suspended']));
  expect(found.filter((status) => status === 'suspended')).toHaveLength(10);
  expect(ask(folder, ca, `${serialOfEntry(1).toString('hex')}00`).status).toBe('good');
});
