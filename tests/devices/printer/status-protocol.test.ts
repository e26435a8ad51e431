import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mayPrint, type PrinterStatus } from '../../../devices/printer/contract.ts';
import { askProcessId, automaticBits, realTimeBits, type Reply, ReplyReader, statusOf } from '../../../devices/printer/status-protocol.ts';

const byte = fc.integer({ min: 0, max: 255 });
const idByte = fc.integer({ min: 0x20, max: 0x7e });

/** Whole replies as printers send them. */
const wholeReply = fc.oneof(
  byte.map((b) => [(b & 0x6c) | 0x12]),
  fc
    .tuple(byte, byte, byte, byte)
    .map(([a, b, c, d]) => [(a & 0x6c) | 0x10, b & 0x6f, c & 0x6f, d & 0x6f])
    .filter(([a, b]) => a !== 0x10 || b !== 0x0f),
  fc.tuple(byte, byte, byte, byte).map((full) => [0x10, 0x0f, ...full]),
  fc.array(idByte, { minLength: 4, maxLength: 4 }).map((id) => [0x37, 0x22, ...id, 0x00]),
  fc.constant([0x37, 0x25, 0x00]),
  fc.array(idByte, { maxLength: 40 }).map((name) => [0x5f, ...name, 0x00]),
  byte.map((b) => [b & 0x6f]).filter(([b]) => b !== 0x37 && b !== 0x5f),
);

function readAll(chunks: readonly Uint8Array[]): Reply[] {
  const reader = new ReplyReader();
  return chunks.flatMap((chunk) => reader.push(chunk));
}

function chunked(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (const size of [...sizes, bytes.length]) {
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  return chunks;
}

describe('telling replies apart', () => {
  test('any bytes, cut anywhere, give the same replies and lose no byte but those of one unfinished reply', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (bytes, sizes) => {
        const whole = readAll([bytes]);
        expect(readAll(chunked(bytes, sizes))).toEqual(whole);
        const told = whole.flatMap((reply) => [...reply.bytes]);
        expect(told).toEqual([...bytes.subarray(0, told.length)]);
        expect(bytes.length - told.length).toBeLessThan(80);
      }),
    );
  });

  test('every reply comes out as it went in, one by one', () => {
    fc.assert(
      fc.property(fc.array(wholeReply, { maxLength: 30 }), (replies) => {
        const read = readAll([Uint8Array.from(replies.flat())]);
        expect(read.map((reply) => [...reply.bytes])).toEqual(replies);
        expect(read.every((reply) => reply.kind !== 'unknown')).toBe(true);
      }),
    );
  });

  test('a block without an end is given up, and the replies after it are read', () => {
    const endless = Uint8Array.from([0x37, ...Array<number>(79).fill(0x41), 0x12]);
    expect(readAll([endless]).map((reply) => reply.kind)).toEqual(['unknown', 'real-time']);
  });

  test('an automatic status that is broken off does not swallow the reply after it', () => {
    expect(readAll([Uint8Array.of(0x14, 0x00, 0x37, 0x25, 0x00)]).map((reply) => reply.kind)).toEqual(['unknown', 'cleared']);
  });

  test('the process id comes back byte for byte', () => {
    const [reply] = readAll([Uint8Array.of(0x37, 0x22, 0x20, 0x7e, 0x41, 0x42, 0x00)]);
    expect(reply).toMatchObject({ kind: 'process-id', id: Uint8Array.of(0x20, 0x7e, 0x41, 0x42) });
  });
});

test('a process id outside four bytes 0x20-0x7E is a bug of the caller', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 8 }).filter((id) => id.length !== 4 || id.some((b) => b < 0x20 || b > 0x7e)),
      (id) => {
        expect(() => askProcessId(id)).toThrow(RangeError);
      },
    ),
  );
  expect([...askProcessId(Uint8Array.of(0x41, 0x42, 0x43, 0x44))]).toEqual([0x1d, 0x28, 0x48, 6, 0, 0x30, 0x30, 0x41, 0x42, 0x43, 0x44]);
});

describe('the status that the bits make', () => {
  const answers: readonly (readonly [string, readonly [number, number, number, number], PrinterStatus])[] = [
    ['online', [0x16, 0x12, 0x12, 0x12], { state: 'ready' }],
    ['online, drawer pin low', [0x12, 0x12, 0x12, 0x12], { state: 'ready' }],
    ['offline without a cause', [0x1e, 0x12, 0x12, 0x12], { state: 'offline' }],
    ['cover open', [0x1e, 0x16, 0x12, 0x12], { state: 'cover-open' }],
    ['stopped by paper end', [0x1e, 0x32, 0x12, 0x12], { state: 'paper-out' }],
    ['roll sensor at the end', [0x1e, 0x32, 0x12, 0x7e], { state: 'paper-out' }],
    ['roll near its end', [0x16, 0x12, 0x12, 0x1e], { state: 'paper-near-end' }],
    ['cutter', [0x1e, 0x52, 0x1a, 0x12], { state: 'cutter-error' }],
    ['error that can be recovered', [0x1e, 0x52, 0x16, 0x12], { state: 'hardware-error', recoverable: true }],
    ['head too hot', [0x1e, 0x52, 0x52, 0x12], { state: 'hardware-error', recoverable: true }],
    ['error that cannot', [0x1e, 0x52, 0x32, 0x12], { state: 'hardware-error', recoverable: false }],
    ['error without a cause', [0x1e, 0x52, 0x12, 0x12], { state: 'hardware-error', recoverable: false }],
    ['paper fed by hand', [0x56, 0x1a, 0x12, 0x12], { state: 'offline' }],
  ];
  test.each(answers)('%s', (_, bytes, status) => {
    expect(statusOf(realTimeBits(bytes))).toEqual(status);
  });

  test('only a printer without any trouble bit may print', () => {
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        const bytes = [(a & 0x6c) | 0x12, (b & 0x6c) | 0x12, (c & 0x6c) | 0x12, (d & 0x6c) | 0x12] as const;
        const trouble = (bytes[0] & 0x68) | (bytes[1] & 0x6c) | (bytes[2] & 0x6c) | (bytes[3] & 0x6c);
        expect(mayPrint(statusOf(realTimeBits(bytes)))).toBe(trouble === 0);
      }),
    );
  });

  test('an automatic status says the same', () => {
    expect(statusOf(automaticBits([0x14, 0, 0, 0x0f]))).toEqual({ state: 'ready' });
    expect(statusOf(automaticBits([0x1c, 0, 0x0f, 0x0f]))).toEqual({ state: 'paper-out' });
    expect(statusOf(automaticBits([0x3c, 0, 0, 0x0f]))).toEqual({ state: 'cover-open' });
    expect(statusOf(automaticBits([0x1c, 0x08, 0, 0x0f]))).toEqual({ state: 'cutter-error' });
    expect(statusOf(automaticBits([0x1c, 0x20, 0, 0x0f]))).toEqual({ state: 'hardware-error', recoverable: false });
    expect(statusOf(automaticBits([0x14, 0, 0x03, 0x0f]))).toEqual({ state: 'paper-near-end' });
  });
});
