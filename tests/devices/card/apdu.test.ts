import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Command, decodeCommand, encodeCommand, exchange } from '../../../devices/card/apdu.ts';
import { type Result, ok } from '../../../devices/result.ts';

const command: fc.Arbitrary<Command> = fc
  .record({
    cla: fc.nat(0xef),
    ins: fc.nat(255),
    p1: fc.nat(255),
    p2: fc.nat(255),
    data: fc.oneof(fc.uint8Array({ maxLength: 255 }), fc.uint8Array({ minLength: 250, maxLength: 1000 })),
    le: fc.option(fc.oneof(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 65_536 })), { nil: undefined }),
  })
  .map(({ le, ...rest }) => (le === undefined ? rest : { ...rest, le }));

/** A card that answers by a script of hexadecimal answers and keeps the commands, copied. */
function card(...answers: readonly string[]): {
  transmit: (command: Uint8Array) => Promise<Result<Uint8Array, never>>;
  seen: string[];
  held: Uint8Array[];
} {
  const seen: string[] = [];
  const held: Uint8Array[] = [];
  const left = [...answers];
  const transmit = (bytes: Uint8Array): Promise<Result<Uint8Array, never>> => {
    seen.push(Buffer.from(bytes).toString('hex'));
    held.push(bytes);
    return Promise.resolve(ok(new Uint8Array(Buffer.from(left.shift() ?? '6f00', 'hex'))));
  };
  return { transmit, seen, held };
}

test('a command is encoded so that it is decoded again, short or extended', () => {
  fc.assert(
    fc.property(command, (made) => {
      const bytes = encodeCommand(made);
      expect(decodeCommand(bytes)).toEqual(made);
      const overhead = bytes.length - made.data!.length - 4;
      if (made.data!.length <= 255 && (made.le ?? 0) <= 256) expect(overhead).toBeLessThanOrEqual(2);
    }),
  );
});

test.each([
  ['00a40000', { cla: 0, ins: 0xa4, p1: 0, p2: 0 }],
  ['00b0000000', { cla: 0, ins: 0xb0, p1: 0, p2: 0, le: 256 }],
  ['00b00000000101', { cla: 0, ins: 0xb0, p1: 0, p2: 0, le: 257 }],
  ['00a40000023f00', { cla: 0, ins: 0xa4, p1: 0, p2: 0, data: Uint8Array.of(0x3f, 0) }],
  ['00a40000023f0010', { cla: 0, ins: 0xa4, p1: 0, p2: 0, data: Uint8Array.of(0x3f, 0), le: 16 }],
])('%s', (hex, made) => {
  expect(Buffer.from(encodeCommand(made)).toString('hex')).toBe(hex);
});

test('random bytes are a command or none, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const found = decodeCommand(bytes);
      if (found !== undefined) expect(found.data.length).toBeLessThanOrEqual(bytes.length);
    }),
  );
});

test('a chain carries what is too long for one command, and only its last part asks for an answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 256, maxLength: 2000 }), async (data) => {
      const links = Math.ceil(data.length / 255);
      const { transmit, seen } = card(...new Array<string>(links).fill('9000'));
      expect(await exchange(transmit, { cla: 0, ins: 0x2a, p1: 0x80, p2: 0x86, data, le: 256 })).toMatchObject({
        value: { status: 0x9000 },
      });
      const parts = seen.map((hex) => decodeCommand(new Uint8Array(Buffer.from(hex, 'hex')))!);
      expect(parts.map(({ cla, le }) => [cla, le])).toEqual(parts.map((_, at) => (at < links - 1 ? [0x10, undefined] : [0, 256])));
      expect(Buffer.concat(parts.map((part) => part.data))).toEqual(Buffer.from(data));
    }),
  );
});

test('a chain that the card breaks off goes no further', async () => {
  const { transmit, seen } = card('9000', '6884', '9000');
  const answer = await exchange(transmit, { cla: 0, ins: 0x2a, p1: 0, p2: 0, data: new Uint8Array(600) });
  expect([answer, seen.length]).toEqual([ok({ data: new Uint8Array(), status: 0x6884 }), 2]);
});

test('6Cxx sends the command again, 61xx fetches the rest, and a card that always has more is left', async () => {
  const again = card('6c02', 'aabb9000');
  expect(await exchange(again.transmit, { cla: 0, ins: 0xb0, p1: 0, p2: 0, le: 256 })).toMatchObject({
    value: { data: Uint8Array.of(0xaa, 0xbb) },
  });
  expect(again.seen).toEqual(['00b0000000', '00b0000002']);
  const more = card('aa6102', 'bbcc6101', 'dd9000');
  expect(await exchange(more.transmit, { cla: 0, ins: 0xa4, p1: 0, p2: 0 })).toEqual(
    ok({ data: Uint8Array.of(0xaa, 0xbb, 0xcc, 0xdd), status: 0x9000 }),
  );
  expect(more.seen).toEqual(['00a40000', '00c0000002', '00c0000001']);
  const endless = card(...new Array<string>(100).fill('aa6101'));
  expect(await exchange(endless.transmit, { cla: 0, ins: 0xa4, p1: 0, p2: 0 })).toMatchObject({ value: { status: 0x6101 } });
  expect(endless.seen.length).toBeLessThan(20);
});

test('the bytes made for the way are wiped, each part of a chain and each repetition', async () => {
  const { transmit, held } = card('9000', '6c02', 'aabb9000');
  await exchange(transmit, { cla: 0, ins: 0x2a, p1: 0x80, p2: 0x86, data: new Uint8Array(300).fill(7), le: 256 });
  expect(held).toHaveLength(3);
  for (const bytes of held) expect([...bytes]).toEqual(new Array(bytes.length).fill(0));
});
