import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { entry, makeAuthority, makeCrl, signed } from '../../../bench/crl-generator.ts';
import { ask, days, fileOf, importInto, newFolder } from './store.ts';

const ca = makeAuthority('Specimen - CA Cittadini');
const times = { thisUpdate: days(-1), nextUpdate: days(1) };

/** The serials that OpenSSL lists, in its hexadecimal; `null`: it cannot read the CRL. */
function listedByOpenssl(crl: Buffer): readonly string[] | null {
  const { status, stdout } = spawnSync('openssl', ['crl', '-inform', 'DER', '-in', fileOf(crl), '-noout', '-text'], { encoding: 'utf8' });
  if (status !== 0) return null;
  return [...stdout.matchAll(/^ {4}Serial Number: (-?[0-9A-F]+)$/gm)].map(([, serial]) => serial!);
}

/** DER writes an INTEGER in the fewest octets; what OpenSSL prints of others is no longer theirs. */
const serials = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .filter(([first, second]) => second === undefined || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)));

it('lists what OpenSSL lists, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(serials, { minLength: 1, maxLength: 12 }), serials, (listed, other) => {
      const crl = makeCrl(ca, { ...times, entries: listed.map((serial) => ({ serial, reason: 1 })) });
      const folder = newFolder();
      expect(importInto(folder, [ca], [crl]).ok).toBe(true);
      const theirs = listedByOpenssl(crl)!;
      expect(theirs).toHaveLength(listed.length);
      for (const serial of theirs) expect(ask(folder, ca, serial).status).toBe('revoked');
      const [asPrinted] = listedByOpenssl(makeCrl(ca, { ...times, entries: [{ serial: other }] }))!;
      expect(ask(folder, ca, asPrinted!).status).toBe(theirs.includes(asPrinted!) ? 'revoked' : 'good');
    }),
    { numRuns: 25 },
  );
});

it('never says good of what OpenSSL lists, whatever octet was changed before it was signed', () => {
  const whole = makeCrl(ca, {
    ...times,
    entries: [{ serial: Buffer.of(1, 2, 3), reason: 1 }, { serial: Buffer.of(0x7f), reason: 6 }, { serial: Buffer.of(9) }],
  });
  const length = whole.readUInt8(3) + (whole[1] === 0x82 ? whole.readUInt8(2) * 256 : 0);
  expect(whole[1]).toBe(0x82);
  expect(length).toBe(whole.length - 4);
  const tbs = whole.subarray(4, 4 + 3 + whole.readUInt8(6));
  expect(tbs.subarray(0, 2).toString('hex')).toBe('3081');
  let accepted = 0;
  let compared = 0;
  for (let at = 0; at < tbs.length; at += 1) {
    const changed = Buffer.from(tbs);
    changed[at]! ^= [0x01, 0x02, 0x10, 0x80, 0xff][at % 5]!;
    const crl = signed(changed, ca.key, ca.signing);
    const folder = newFolder();
    if (!importInto(folder, [ca], [crl]).ok) continue;
    accepted += 1;
    for (const serial of listedByOpenssl(crl) ?? []) {
      compared += 1;
      expect(ask(folder, ca, serial).status, `octet ${at}, serial ${serial}`).not.toBe('good');
    }
  }
  expect(accepted).toBeGreaterThan(10);
  expect(compared).toBeGreaterThan(10);
});

it('never says good of what OpenSSL lists, however its entries were cut and spliced before it was signed', () => {
  const entries = [
    entry({ serial: Buffer.of(1, 2, 3), reason: 1 }),
    entry({ serial: Buffer.of(0x7f), reason: 6 }),
    entry({ serial: Buffer.of(0, 0x80), reason: 8 }),
    entry({ serial: Buffer.of(9), at: new Date('2051-01-01T00:00:00Z') }),
  ];
  const whole = Buffer.concat(entries);
  const odd = [
    Buffer.of(0x01, 0x01, 0x00),
    Buffer.of(0x02, 0x02, 0x00, 0x01),
    Buffer.of(0x02, 0x01, 0xff),
    Buffer.of(0x30, 0x00),
    Buffer.of(0x30, 0x80),
    Buffer.of(0x00, 0x00),
    Buffer.of(0x18, 0x0f),
    ...entries,
  ];
  const splice = fc.record({
    at: fc.nat(whole.length),
    cut: fc.nat(6),
    put: fc.oneof(fc.constantFrom(...odd), fc.uint8Array({ maxLength: 4 })),
  });
  // Whole entries in any order are read by both; others mostly by neither.
  const made = fc.oneof(
    fc.array(fc.constantFrom(...entries), { maxLength: 6 }).map((pieces) => Buffer.concat(pieces)),
    fc.array(fc.constantFrom(...odd), { maxLength: 6 }).map((pieces) => Buffer.concat(pieces)),
    splice.map(({ at, cut, put }) => Buffer.concat([whole.subarray(0, at), put, whole.subarray(at + cut)])),
  );
  let readByBoth = 0;
  fc.assert(
    fc.property(made, (encoded) => {
      const crl = makeCrl(ca, { ...times, encoded });
      const folder = newFolder();
      if (!importInto(folder, [ca], [crl]).ok) return;
      const theirs = listedByOpenssl(crl);
      if (theirs !== null) readByBoth += 1;
      for (const serial of theirs ?? []) expect(ask(folder, ca, serial).status).not.toBe('good');
    }),
    { numRuns: 150 },
  );
  expect(readByBoth).toBeGreaterThan(10);
});
