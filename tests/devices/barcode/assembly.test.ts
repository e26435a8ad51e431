import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Assembly } from '../../../devices/barcode/assembly.ts';
import { type Heard, LONGEST_CODE, PIECE_LIMIT_MS } from '../../../devices/barcode/line.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const texts = (heard: readonly Heard[]): string[] => heard.map((each) => (each.kind === 'scan' ? each.scan.text : `!${each.why}`));

test.each([
  ['CR', 'A1\r', ['A1']],
  ['LF', 'A1\n', ['A1']],
  ['CR LF', 'A1\r\nB2\r\n', ['A1', 'B2']],
  ['TAB', 'A1\tB2\t', ['A1', 'B2']],
  ['STX and ETX', '\x02A1\x03\x02B2\x03', ['A1', 'B2']],
  ['an AIM identifier, which is no part of the code', ']C0A1\r', ['A1']],
  ['nothing between two ends', '\r\n\r\n', []],
  ['a byte that no symbol holds', 'A\x001\r', ['!unreadable']],
  ['text in UTF-8', 'A\xc3\xa01\r', ['!unreadable']],
  ['half an interleaved pair', ']I0123\r', ['!unreadable']],
  ['an identifier and nothing else', ']C0\r', ['!unreadable']],
])('codes are told apart by %s', (_, sent, heard) => {
  expect(texts(new Assembly().push(bytes(sent), 0))).toEqual(heard);
});

const code = fc.string({ unit: fc.constantFrom(...'ABC019-. $/+%'), minLength: 1, maxLength: LONGEST_CODE });

test('however the bytes are cut, the codes are the same', () => {
  fc.assert(
    fc.property(fc.array(code, { maxLength: 8 }), fc.array(fc.nat(2000), { maxLength: 40 }), (codes, cuts) => {
      const sent = bytes(codes.map((each) => `${each}\r\n`).join(''));
      const assembly = new Assembly();
      const places = [...new Set([0, ...cuts.filter((cut) => cut < sent.length), sent.length])].sort((a, b) => a - b);
      const heard = places.slice(1).flatMap((end, index) => assembly.push(sent.subarray(places[index], end), index));
      expect(texts(heard)).toEqual(codes);
      expect(assembly.open).toBe(false);
    }),
  );
});

test('half a code is never the beginning of the next', () => {
  const assembly = new Assembly();
  expect(assembly.push(bytes('12345'), 0)).toEqual([]);
  expect(texts(assembly.push(bytes('6789\r'), PIECE_LIMIT_MS + 1))).toEqual(['!cut-short', '6789']);
});

test('half a code is told when its time is over, and pieces that come in time are one code', () => {
  const assembly = new Assembly();
  assembly.push(bytes('12'), 0);
  assembly.push(bytes('34'), PIECE_LIMIT_MS);
  expect(assembly.expire(2 * PIECE_LIMIT_MS)).toEqual([]);
  expect(texts(assembly.expire(2 * PIECE_LIMIT_MS + 1))).toEqual(['!cut-short']);
  expect(assembly.expire(9 * PIECE_LIMIT_MS)).toEqual([]);
});

test('a code without end is dropped as a whole, costs no memory, and the next one is heard', () => {
  const assembly = new Assembly();
  for (let at = 0; at < 1_000; at += 1) expect(assembly.push(Buffer.alloc(4_096, 0x41), at)).toEqual([]);
  expect(texts(assembly.push(bytes('\rB2\r'), 1_000))).toEqual(['!too-long', 'B2']);
});

test('whatever comes, it answers, and what it takes for a code is printable', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (pieces) => {
      const assembly = new Assembly();
      for (const heard of pieces.flatMap((piece, at) => assembly.push(piece, at)))
        if (heard.kind === 'scan') expect(heard.scan.text).toMatch(/^[\x20-\x7e]{1,128}$/);
    }),
  );
});
