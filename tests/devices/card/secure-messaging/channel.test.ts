import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command, Response } from '../../../../devices/card/apdu.ts';
import { CardChannel, type Keys, TerminalChannel } from '../../../../devices/card/secure-messaging/channel.ts';
import { decodeObjects, encodeObjects } from '../../../../devices/card/secure-messaging/data-objects.ts';
import { type Scheme, schemes } from '../../../../devices/card/secure-messaging/schemes.ts';

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const command: fc.Arbitrary<Command> = fc
  .record({
    cla: fc.nat(3),
    ins: fc.nat(255),
    p1: fc.nat(255),
    p2: fc.nat(255),
    data: fc.option(fc.uint8Array({ minLength: 1, maxLength: 600 }), { nil: undefined }),
    le: fc.option(fc.integer({ min: 1, max: 65_536 }), { nil: undefined }),
  })
  .map(({ data, le, ...header }) => ({ ...header, data: data ?? new Uint8Array(), ...(le === undefined ? {} : { le }) }));
const response: fc.Arbitrary<Response> = fc.record({
  data: fc.uint8Array({ maxLength: 600 }),
  status: fc.integer({ min: 0x6100, max: 0x9fff }),
});

const rows: readonly (readonly [string, Scheme])[] = Object.entries(schemes);
const ends = (scheme: Scheme): fc.Arbitrary<Ends> =>
  fc
    .constantFrom(...scheme.encryptionKey.flatMap((encryption) => scheme.macKey.map((mac) => [encryption, mac] as const)))
    .chain(([encryption, mac]) => fc.tuple(fc.record({ encryption: bytesOf(encryption), mac: bytesOf(mac) }), bytesOf(scheme.blockLength)))
    .map(([keys, start]) => new Ends(scheme, keys, start));

/** Both ends; what makes them fresh is handed to both as a card's GET CHALLENGE does. */
class Ends {
  readonly terminal: TerminalChannel;
  readonly card: CardChannel;
  readonly #start: Uint8Array;
  #challenges = 0;

  constructor(scheme: Scheme, keys: Keys, start: Uint8Array) {
    const counter = scheme.freshness === 'counter' ? [start] : [];
    this.terminal = new TerminalChannel(scheme, keys, ...counter);
    this.card = new CardChannel(scheme, keys, ...counter);
    this.#start = start;
  }

  challenge(): void {
    this.#challenges += 1;
    const challenge = this.#start.slice(0, 8);
    challenge[0] = (challenge[0]! + this.#challenges) & 0xff;
    this.terminal.challenged(challenge);
    this.card.challenged(challenge);
  }

  toString(): string {
    return 'two ends';
  }
}

const flip = (bytes: Uint8Array, bit: number): Uint8Array => bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe.each(rows)('%s', (_name, scheme) => {
  test('what goes in at one end comes out at the other, command after command', () => {
    fc.assert(
      fc.property(ends(scheme), fc.array(fc.tuple(command, response), { maxLength: 5 }), (both, dialogue) => {
        for (const [sent, answered] of dialogue) {
          both.challenge();
          expect(both.card.unwrap(both.terminal.wrap(sent))).toEqual({ ok: true, value: sent });
          expect(both.terminal.unwrap(both.card.wrap(answered))).toEqual({ ok: true, value: answered });
        }
      }),
    );
  });

  test('a PIN block does not show in its frame', () => {
    fc.assert(
      fc.property(ends(scheme), bytesOf(16), (both, data) => {
        both.challenge();
        const sealed = both.terminal.wrap({ cla: 0, ins: 0x2c, p1: 0, p2: 0x10, data });
        expect(Buffer.from(sealed.data!).includes(Buffer.from(data).subarray(0, 8))).toBe(false);
      }),
    );
  });

  test('any flipped bit of a command, header or body, is refused', () => {
    fc.assert(
      fc.property(ends(scheme), command, fc.nat(), (both, sent, anywhere) => {
        both.challenge();
        const { cla, ins, p1, p2, data = new Uint8Array(), ...rest } = both.terminal.wrap(sent);
        const frame = Uint8Array.from([cla, ins, p1, p2, ...data]);
        const [c = 0, i = 0, a = 0, b = 0, ...body] = flip(frame, anywhere % (8 * frame.length));
        const opened = both.card.unwrap({ cla: c, ins: i, p1: a, p2: b, data: Uint8Array.from(body), ...rest });
        expect(opened.ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('a command is good once, and neither before nor after its turn', () => {
    fc.assert(
      fc.property(ends(scheme), command, command, (both, first, second) => {
        both.challenge();
        const early = both.terminal.wrap(first);
        both.challenge();
        const late = both.terminal.wrap(second);
        if (scheme.freshness === 'counter') expect(both.card.unwrap(late).ok).toBe(false);
        else expect(both.card.unwrap(early).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(ends(scheme), command, fc.boolean(), (both, sent, challengedAgain) => {
        both.challenge();
        const sealed = both.terminal.wrap(sent);
        expect(both.card.unwrap(sealed).ok).toBe(true);
        if (challengedAgain) both.challenge();
        expect(both.card.unwrap(sealed).ok).toBe(false);
      }),
    );
  });

  test('after a refused frame nothing is taken until both ends begin anew', () => {
    fc.assert(
      fc.property(ends(scheme), command, (both, sent) => {
        both.challenge();
        const sealed = both.terminal.wrap(sent);
        expect(both.card.unwrap({ ...sealed, p1: sealed.p1 ^ 1 }).ok).toBe(false);
        expect(both.card.unwrap(sealed)).toEqual({ ok: false, error: { kind: 'not-fresh' } });
      }),
    );
  });

  test('plain, empty and random bodies are refused and never throw', () => {
    fc.assert(
      fc.property(ends(scheme), fc.nat(255), fc.uint8Array({ maxLength: 300 }), (both, ins, data) => {
        both.challenge();
        expect(both.card.unwrap({ cla: 0x0c, ins, p1: 0, p2: 0, data }).ok).toBe(false);
        expect(both.card.unwrap({ cla: 0x00, ins, p1: 0, p2: 0, data }).ok).toBe(false);
      }),
    );
  });

  test('keys and counters of other lengths are bugs', () => {
    const key = new Uint8Array(16);
    const start = scheme.freshness === 'counter' ? [new Uint8Array(scheme.blockLength)] : [];
    expect(() => new CardChannel(scheme, { encryption: new Uint8Array(15), mac: key }, ...start)).toThrow(RangeError);
    expect(() => new CardChannel(scheme, { encryption: key, mac: new Uint8Array(8) }, ...start)).toThrow(RangeError);
    expect(() => new CardChannel(scheme, { encryption: key, mac: key }, new Uint8Array(7))).toThrow(RangeError);
  });
});

describe.each(rows.filter(([, { answers }]) => answers === 'protected'))('%s', (_name, scheme) => {
  test('any flipped bit of an answer, its status word included, is refused', () => {
    fc.assert(
      fc.property(ends(scheme), command, response, fc.nat(), (both, sent, answered, anywhere) => {
        both.card.unwrap(both.terminal.wrap(sent));
        const { data, status } = both.card.wrap(answered);
        const frame = flip(Uint8Array.from([...data, status >> 8, status & 0xff]), anywhere % (8 * (data.length + 2)));
        const opened = both.terminal.unwrap({ data: frame.slice(0, -2), status: frame.at(-2)! * 256 + frame.at(-1)! });
        expect(opened.ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

test('a refusal of the card without protection is told apart from a protected answer', () => {
  const keys = { encryption: new Uint8Array(16).fill(1), mac: new Uint8Array(16).fill(2) };
  const terminal = new TerminalChannel(schemes.aes, keys, new Uint8Array(16));
  terminal.wrap({ cla: 0, ins: 0x20, p1: 0, p2: 0x10, data: new Uint8Array(8) });
  expect(terminal.unwrap({ data: new Uint8Array(), status: 0x9000 })).toEqual({ ok: false, error: { kind: 'bare', status: 0x9000 } });
  expect(() => terminal.wrap({ cla: 0, ins: 0xb0, p1: 0, p2: 0, le: 1 })).toThrow('challenge');
});

test('objects are taken apart as they were put together, and random bytes never throw', () => {
  const objects = fc.array(fc.record({ tag: fc.nat(255), value: fc.uint8Array({ maxLength: 300 }) }));
  fc.assert(
    fc.property(objects, (made) => {
      expect(decodeObjects(encodeObjects(made))).toEqual(made);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const found = decodeObjects(bytes);
      if (found !== undefined) expect(encodeObjects(found)).toEqual(bytes);
    }),
  );
});
