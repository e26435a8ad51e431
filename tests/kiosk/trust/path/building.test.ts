import { describe, expect, it } from 'vitest';
import { ask } from './asking.ts';
import {
  type Authority,
  authority,
  ca,
  called,
  certify,
  constraints,
  crl,
  day,
  directory,
  dns,
  ecKeys,
  eku,
  extension,
  integer,
  keyUsage,
  name,
  oid,
  policies,
  root,
  sequence,
  text,
  tlv,
} from './making.ts';

const top = authority('Root');
const anchors = [root(top)];
const isCa = [ca(), keyUsage(0x06)];
const leaf = authority('Leaf');

/** Of this process alone: a wall clock would measure what else runs on the machine. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

describe('backtracking', () => {
  const middle = authority('Middle');
  const target = certify(middle, leaf, [san('www.example.it')]);
  const other = authority('Other');
  const good = certify(top, middle, isCa);
  const spoiled: Record<string, Uint8Array> = {
    expired: certify(top, middle, isCa, { notAfter: day(-1) }),
    'not yet valid': certify(top, middle, isCa, { notBefore: day(1) }),
    'no authority': certify(top, middle, []),
    'without keyCertSign': certify(top, middle, [ca(), keyUsage(0x02)]),
    'for another purpose': certify(top, middle, [...isCa, eku('1.3.6.1.5.5.7.3.4')]),
    'with constraints that the name breaks': certify(top, middle, [...isCa, constraints([dns('example.com')])]),
    'with an unknown critical extension': certify(top, middle, [...isCa, extension('1.2.3.4', integer(1), true)]),
    'signed by a namesake of the anchor': certify(authority('Root'), middle, isCa),
    'with another key': certify(top, authority('Middle'), isCa),
    'by an issuer that is not known': certify(other, middle, isCa),
    'not DER': Buffer.concat([good, Buffer.from([0])]),
  };

  function san(value: string): Buffer {
    return extension('2.5.29.17', sequence(dns(value)));
  }

  it.each(Object.entries(spoiled))('passes by an authority that is %s', (_, bad) => {
    const asked = { anchors, eku: '1.3.6.1.5.5.7.3.2' };
    expect(ask(target, { ...asked, intermediates: [bad] })).toMatchObject({ valid: false, status: 'invalid' });
    expect(ask(target, { ...asked, intermediates: [bad, good] })).toMatchObject({ valid: true, path: expect.anything() });
    expect(ask(target, { ...asked, intermediates: [good, bad] })).toMatchObject({ valid: true });
  });

  it('passes by a revoked authority to one that certified it too', () => {
    const second = authority('Second Root');
    const serial = integer(77);
    const revoked = certify(top, middle, isCa, { serial });
    const crls = [crl(top, { listed: [{ serial }] }), crl(second), crl(middle)];
    const both = [...anchors, root(second)];
    expect(ask(target, { anchors: both, intermediates: [revoked], crls })).toMatchObject({ valid: false, status: 'revoked' });
    expect(ask(target, { anchors: both, intermediates: [revoked, certify(second, middle, isCa)], crls })).toMatchObject({
      valid: true,
      path: ['CN=Leaf, O=Specimen', 'CN=Middle, O=Specimen', 'CN=Second Root, O=Specimen'],
    });
  });

  it('goes through as many authorities as are needed, in whatever order they are given', () => {
    const chain: Authority[] = Array.from({ length: 20 }, (_, i) => authority(`Level ${i}`));
    const certificates = chain.map((each, i) => certify(chain[i - 1] ?? top, each, isCa));
    const end = certify(chain.at(-1)!, leaf, []);
    expect(ask(end, { anchors, intermediates: [...certificates].reverse() }).path).toHaveLength(22);
    expect(ask(end, { anchors, intermediates: certificates, maxDepth: 20 }).valid).toBe(true);
    expect(ask(end, { anchors, intermediates: certificates, maxDepth: 19 })).toMatchObject({
      valid: false,
      reason: expect.stringMatching(/longer/),
    });
  });

  it('follows a key that was rolled over, old to new and new to old', () => {
    const next = authority('Root');
    const leafOfNew = certify(next, leaf, []);
    expect(ask(leafOfNew, { anchors, intermediates: [certify(top, next, isCa)] }).valid).toBe(true);
    const leafOfOld = certify(top, leaf, []);
    expect(ask(leafOfOld, { anchors: [root(next)], intermediates: [certify(next, top, isCa)] }).valid).toBe(true);
    expect(ask(leafOfOld, { anchors: [root(next)] }).valid).toBe(false);
  });
});

describe('a hostile bundle', () => {
  /** Authorities that all certify each other, none of them certified by the anchor. */
  function mesh(size: number, keys: (i: number) => Authority['keys']): readonly [Uint8Array, readonly Uint8Array[]] {
    const all = Array.from({ length: size }, (_, i) => authority(`Mesh ${i}`, keys(i)));
    const bundle = all.flatMap((issuer) => all.filter((subject) => subject !== issuer).map((subject) => certify(issuer, subject, isCa)));
    return [certify(all[0]!, leaf, []), bundle];
  }

  it.each(['P-256', 'P-384', 'P-521'])('of cross-certificates on %s ends in a clear refusal within 200 ms', (curve) => {
    const [target, bundle] = mesh(20, () => ecKeys(curve));
    ask(target, { anchors, intermediates: bundle.slice(0, 20) });
    const begun = cpuMs();
    const answer = ask(target, { anchors, intermediates: bundle });
    const taken = cpuMs() - begun;
    expect(answer).toMatchObject({ status: 'invalid', reason: expect.stringMatching(/too much work/) });
    expect(taken).toBeLessThan(200);
  });

  it('does not hide an honest path beside it', () => {
    const [target, bundle] = mesh(10, () => ecKeys());
    const honest = authority('Mesh 0', ecKeys());
    const own = certify(honest, leaf, []);
    expect(ask(own, { anchors, intermediates: [...bundle, certify(top, honest, isCa)] }).valid).toBe(true);
    expect(ask(target, { anchors, intermediates: bundle }).valid).toBe(false);
  });

  it('of namesakes, each with a key of its own, neither hangs nor hides the one that signed', () => {
    const namesakes = Array.from({ length: 60 }, () => authority('Same'));
    const bundle = namesakes.map((each) => certify(top, each, isCa));
    expect(ask(certify(namesakes.at(-1)!, leaf, []), { anchors, intermediates: bundle }).valid).toBe(true);
  });

  it('of more certificates than are looked at is refused at once', () => {
    const one = certify(top, authority('One'), isCa);
    expect(ask(certify(top, leaf, []), { anchors, intermediates: Array.from({ length: 600 }, () => one) })).toMatchObject({
      status: 'invalid',
    });
  });

  it('of names and constraints is given up within 200 ms', () => {
    const narrow = authority('Narrow');
    const many = (prefix: string): Buffer[] => Array.from({ length: 2000 }, (_, i) => dns(`${prefix}${i}.example.it`));
    const bundle = [certify(top, narrow, [...isCa, constraints([dns('example.it')], many('x'))])];
    const target = certify(narrow, leaf, [extension('2.5.29.17', sequence(...many('y')))]);
    const begun = cpuMs();
    expect(ask(target, { anchors, intermediates: bundle })).toMatchObject({ status: 'invalid', reason: expect.stringMatching(/too many/) });
    expect(cpuMs() - begun).toBeLessThan(200);
  });

  it('of policies that all map to all is answered, not unrolled', () => {
    const ids = Array.from({ length: 30 }, (_, i) => `1.3.6.1.4.1.55555.${i}`);
    const mapping = sequence(...ids.flatMap((from) => ids.map((to) => sequence(oid(from), oid(to)))));
    const levels = Array.from({ length: 12 }, (_, i) => authority(`Mapper ${i}`));
    const bundle = levels.map((each, i) =>
      certify(levels[i - 1] ?? top, each, [...isCa, policies(...ids), extension('2.5.29.33', mapping, true)]),
    );
    const target = certify(levels.at(-1)!, leaf, [policies(ids[0]!)]);
    const begun = cpuMs();
    expect(ask(target, { anchors, intermediates: bundle, requireExplicitPolicy: true })).toMatchObject({ valid: true });
    expect(cpuMs() - begun).toBeLessThan(500);
  });
});

describe('anchors', () => {
  const target = certify(top, leaf, []);
  const asAnchor: Record<string, Uint8Array> = {
    'without extensions': root(top, []),
    'with an unknown critical extension': root(top, [extension('1.2.3.4', integer(1), true)]),
    'that allows no authority below it': root(top, [ca(0), keyUsage(0x06)]),
    expired: certify(top, top, isCa, { notAfter: day(-5) }),
    'with a serial number of zero': certify(top, top, isCa, { serial: integer(0) }),
    'that somebody else signed': certify(authority('Elsewhere'), top, isCa),
  };
  it.each(Object.entries(asAnchor))('asks nothing of one %s', (_, anchor) => {
    expect(ask(target, { anchors: [anchor] }).valid).toBe(true);
  });

  it('does not take a namesake for the anchor', () => {
    expect(ask(target, { anchors: [root(authority('Root'))] })).toMatchObject({ valid: false, reason: expect.stringMatching(/signature/) });
  });

  it('wants one that can be read', () => {
    expect(ask(target, { anchors: [Buffer.from('nothing')] })).toMatchObject({
      status: 'invalid',
      reason: expect.stringMatching(/anchor/),
    });
  });
});

describe('names chain', () => {
  const written = (organisation: string, common: string, tag: number): Buffer =>
    name(['2.5.4.10', organisation, tag], ['2.5.4.3', common, tag]);
  it.each([
    ['in another case', written('SPECIMEN', 'rOOT', 0x0c)],
    ['with other white space', written('  Specimen ', 'Root  ', 0x0c)],
    ['as a PrintableString', written('Specimen', 'Root', 0x13)],
    ['in full-width letters', written('Specimen', 'Ｒｏｏｔ', 0x0c)],
    ['with a soft hyphen', written('Speci\u00admen', 'Root', 0x0c)],
  ])('%s', (_, issuer) => {
    expect(ask(certify({ ...top, subject: issuer }, leaf, []), { anchors }).valid).toBe(true);
  });

  it.each([
    ['another word', written('Specimen', 'Roof', 0x0c)],
    ['white space within a word', written('Specimen', 'Ro ot', 0x0c)],
    ['an attribute more', name(['2.5.4.10', 'Specimen'], ['2.5.4.3', 'Root'], ['2.5.4.11', 'x'])],
    ['another order', name(['2.5.4.3', 'Root'], ['2.5.4.10', 'Specimen'])],
    [
      'two names in one',
      sequence(
        tlv(
          0x31,
          ...[
            ['2.5.4.10', 'Specimen'],
            ['2.5.4.3', 'Root'],
          ].map(([type, value]) => sequence(oid(type!), text(0x0c, value!))),
        ),
      ),
    ],
  ])('but not with %s', (_, issuer) => {
    expect(ask(certify({ ...top, subject: issuer }, leaf, []), { anchors }).valid).toBe(false);
  });

  it('and a directory name is a constraint under the same rules', () => {
    const narrow = authority('Narrow');
    const within = (base: Buffer): readonly Uint8Array[] => [certify(top, narrow, [...isCa, constraints([directory(base)])])];
    const target = certify(narrow, leaf, []);
    expect(ask(target, { anchors, intermediates: within(name(['2.5.4.10', 'SPECIMEN', 0x13])) }).valid).toBe(true);
    expect(ask(target, { anchors, intermediates: within(called('Other')) }).valid).toBe(false);
  });
});
