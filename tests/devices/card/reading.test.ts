import { type KeyObject, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { historicalBytes, takesExtendedLength } from '../../../devices/card/atr.ts';
import { type CnsContents, readCns } from '../../../devices/card/cns.ts';
import type { CardError } from '../../../devices/card/contract.ts';
import { CardDriver } from '../../../devices/card/driver.ts';
import { type Result, err, ok } from '../../../devices/result.ts';
import { issueCnsCertificate, selfMadeIssuer } from '../../../devices/card/virtual/certificate.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import { builtInSeries } from '../../../devices/card/series.ts';
import { specimenAtr } from '../../../devices/card/virtual/card.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { noAbort, specimenCard, untilStatus } from './cards.ts';

/** The certificate of this file's cards, and the key of its CA. */
let certificate: Uint8Array;
let authority: KeyObject;
beforeAll(async () => {
  const period = { notBefore: new Date('2023-01-01T00:00:00Z'), notAfter: new Date('2033-01-01T00:00:00Z') };
  const issuer = await selfMadeIssuer(period);
  ({ certificate } = await issueCnsCertificate({ ...specimens.adult, issuer, serialNumber: '01', ...period }));
  authority = new X509Certificate(issuer.certificate).publicKey;
});

/** Reads the specimen, as a card with and without extended length, through answers that `distort` may change. */
async function readThrough(
  distort: (answer: Uint8Array, nth: number) => Uint8Array,
  atr = specimenAtr,
): Promise<Result<CnsContents, CardError>> {
  const card = await specimenCard({ atr, certificate });
  let nth = 0;
  return await readCns(
    (command) => {
      nth += 1;
      if (nth > 1000) throw new Error('the reading does not end');
      return Promise.resolve(ok(distort(card.transmit(command), nth)));
    },
    atr,
    builtInSeries,
  );
}

const shortOnly = '3BFF1800008131FE55006B02090703010101434E5310318066';
const atrs = fc.constantFrom(specimenAtr, shortOnly);
const word = fc.tuple(fc.nat(255), fc.nat(255));
const withWord = (data: Uint8Array, [first, second]: readonly [number, number]): Uint8Array => Uint8Array.from([...data, first, second]);

/** BER-TLV of any tag, whose length is right, too long or too short, nested or not. */
const tlv = fc.tuple(fc.nat(255), fc.nat(300), fc.uint8Array({ maxLength: 200 }), fc.boolean()).map(([tag, stated, value, honest]) => {
  const length = honest ? value.length : stated;
  return Uint8Array.from([tag, ...(length < 128 ? [length] : [0x82, length >> 8, length & 0xff]), ...value]);
});

const distortion: fc.Arbitrary<(answer: Uint8Array) => Uint8Array> = fc.oneof(
  word.map((other) => (answer: Uint8Array) => withWord(answer.slice(0, -2), other)),
  fc.tuple(fc.constantFrom(0x61, 0x62, 0x67, 0x6a, 0x6b, 0x6c, 0x90), fc.nat(255)).map((other) => () => Uint8Array.from(other)),
  fc.constantFrom(0x6a82, 0x6a86, 0x6700, 0x6b00, 0x6283, 0x6d00).map((other) => () => Uint8Array.of(other >> 8, other & 0xff)),
  fc
    .nat(256)
    .map(
      (length) => (answer: Uint8Array) => Uint8Array.from([...answer.slice(0, Math.min(length, answer.length - 2)), ...answer.slice(-2)]),
    ),
  fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((more) => (answer: Uint8Array) => Uint8Array.from([...answer.slice(0, -2), ...more, ...answer.slice(-2)])),
  tlv.map((bytes) => (answer: Uint8Array) => Uint8Array.from([...bytes, ...answer.slice(-2)])),
);

function isSigned(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).verify(authority);
  } catch {
    return false;
  }
}

async function undistorted(atr: string): Promise<CnsContents> {
  const result = await readThrough((answer) => answer, atr);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const honestFailures = ['unreadable', 'unknown-series'];

test('answers with other status words, cut short, too long or of other TLV never give other data', async () => {
  const [whole, short] = [await undistorted(specimenAtr), await undistorted(shortOnly)];
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 14 }), distortion, fc.boolean(), atrs, async (at, distort, always, atr) => {
      const result = await readThrough((answer, nth) => (nth === at || (always && nth > at) ? distort(answer) : answer), atr);
      if (!result.ok) {
        expect(honestFailures).toContain(result.error.kind);
        return;
      }
      const { certificate: given, ...rest } = result.value;
      const { certificate: right, ...expected } = atr === shortOnly ? short : whole;
      expect(rest).toEqual(expected);
      // Other bytes inside a certificate are for its signature to find.
      if (!Buffer.from(given).equals(right)) expect(isSigned(given)).toBe(false);
    }),
    { numRuns: 800 },
  );
});

test('random answers, each with a status word that lets the reading go on, never throw, and never go on for ever', async () => {
  const goesOn = fc.constantFrom(0x9000, 0x6282, 0x6100, 0x61ff, 0x6c00, 0x6cff, 0x6a82).map((one) => [one >> 8, one & 0xff] as const);
  const answer = fc.oneof(
    fc.uint8Array({ minLength: 2, maxLength: 300 }),
    fc.tuple(fc.oneof(tlv, fc.uint8Array({ maxLength: 300 })), goesOn).map(([data, one]) => withWord(data, one)),
  );
  const anyAtr = fc.oneof(atrs, fc.constant('3B80800101'), fc.constant('3BFF1800008131FE45006B05052000012101434E5310318079'));
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 20 }), anyAtr, async (answers, atr) => {
      const result = await readThrough((_answer, nth) => answers[nth % answers.length] ?? Uint8Array.of(0x6f, 0), atr);
      expect(result.ok).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test('a reader that refuses extended APDUs is asked in short ones', async () => {
  const card = await specimenCard();
  const result = await readCns(
    (command) =>
      Promise.resolve(
        command.length > 5 && command[1] === 0xb0
          ? err({ kind: 'unreadable' as const, what: 'card', detail: 'SCardTransmit: 0x80100008' })
          : ok(card.transmit(command)),
      ),
    specimenAtr,
    builtInSeries,
  );
  expect(result).toMatchObject({ ok: true, value: { cardId: specimens.adult.cardId } });
});

test.each([
  ['80 31 80 65 B0 85 04 00 11 12 0F FF 82 90 00', false],
  ['80 73 C8 21 10', false],
  ['80 73 C8 21 40', true],
  ['80 31 C0 73 C0 01 C0', true],
  ['00 31 C0 73 C0 01 40 90 00', false],
  ['00 31 C0 73 C0 01 40 05 90 00', true],
  ['80 73 C8 21', false],
  ['10 73 C8 21 40', false],
  ['', false],
])('the historical bytes %s say that extended length is taken: %s', (historical, expected) => {
  expect(takesExtendedLength(Buffer.from(historical.replaceAll(' ', ''), 'hex'))).toBe(expected);
});

test('any bytes have historical bytes of their own or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const atr = Buffer.from(bytes).toString('hex');
      const historical = historicalBytes(atr);
      if (historical !== undefined) expect(atr).toContain(Buffer.from(historical).toString('hex'));
    }),
  );
});

test('a command that hangs is a timeout, so is the one that waits for it, and pulling the card frees the reader', async () => {
  const slot = new InProcessReader(await specimenCard());
  const reader = new CardDriver(slot, { stepLimitMs: 50 });
  await slot.insert();
  slot.fail(5, { kind: 'stall' });
  expect(await reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'timeout', afterMs: 50 } });
  expect(await reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'timeout', afterMs: 50 } });
  await slot.remove();
  await slot.insert();
  await untilStatus(reader, 'present');
  expect((await reader.read(noAbort)).ok).toBe(true);
  await reader.close();
});
