import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { historicalBytes } from '../../../devices/card/atr.ts';
import { type CnsContents, readCns } from '../../../devices/card/cns.ts';
import type { CardError } from '../../../devices/card/contract.ts';
import { CardDriver } from '../../../devices/card/driver.ts';
import { type Result, ok } from '../../../devices/result.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import { builtInSeries } from '../../../devices/card/series.ts';
import { specimenAtr } from '../../../devices/card/virtual/card.ts';
import { noAbort, specimenCard, specimenCertificate, untilStatus } from './cards.ts';

beforeAll(specimenCertificate);

/** Reads the specimen through answers that `distort` may change. */
async function readThrough(distort: (answer: Uint8Array, nth: number) => Uint8Array): Promise<Result<CnsContents, CardError>> {
  const card = await specimenCard();
  let nth = 0;
  return await readCns(
    (command) => {
      nth += 1;
      if (nth > 1000) throw new Error('the reading does not end');
      return Promise.resolve(ok(distort(card.transmit(command), nth)));
    },
    specimenAtr,
    builtInSeries,
  );
}

test('answers with other status words, cut short or too long never give other data', async () => {
  const whole = await readThrough((answer) => answer);
  expect(whole.ok).toBe(true);
  const distortion = fc.oneof(
    fc.tuple(fc.nat(255), fc.nat(255)).map((word) => (answer: Uint8Array) => Uint8Array.from([...answer.slice(0, -2), ...word])),
    fc.tuple(fc.constantFrom(0x61, 0x62, 0x6c, 0x90), fc.nat(255)).map((word) => () => Uint8Array.from(word)),
    fc
      .nat(256)
      .map(
        (length) => (answer: Uint8Array) => Uint8Array.from([...answer.slice(0, Math.min(length, answer.length - 2)), ...answer.slice(-2)]),
      ),
    fc
      .uint8Array({ minLength: 1, maxLength: 300 })
      .map((more) => (answer: Uint8Array) => Uint8Array.from([...answer.slice(0, -2), ...more, ...answer.slice(-2)])),
  );
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 11 }), distortion, fc.boolean(), async (at, distort, always) => {
      const result = await readThrough((answer, nth) => (nth === at || (always && nth > at) ? distort(answer) : answer));
      if (result.ok) expect(result).toEqual(whole);
      else expect(result.error.kind).toBe('unreadable');
    }),
    { numRuns: 500 },
  );
});

test('random answers never throw, and never go on for ever', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 2, maxLength: 300 }), { minLength: 1, maxLength: 20 }), async (answers) => {
      const result = await readThrough((_answer, nth) => answers[nth % answers.length] ?? Uint8Array.of(0x6f, 0));
      expect(result.ok).toBe(false);
    }),
  );
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
