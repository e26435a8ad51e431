import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { specimenCard } from './cards.ts';

const ask = (card: VirtualCnsCard, apdu: string): string =>
  Buffer.from(card.transmit(Buffer.from(apdu.replaceAll(' ', ''), 'hex')))
    .toString('hex')
    .toUpperCase();
const padded = (code: string): string => Buffer.from(code.padEnd(8, '\xff'), 'latin1').toString('hex');
const verify = (code: string, reference = '10'): string => `002000${reference}08${padded(code)}`;

test('a wrong PIN counts down, three block, and a right one fills the counter again', async () => {
  const card = await specimenCard();
  expect(ask(card, verify('99999'))).toBe('63C2');
  expect(ask(card, verify('12345'))).toBe('9000');
  expect(ask(card, '00200010')).toBe('9000');
  card.reset();
  expect(ask(card, '00200010')).toBe('63C3');
  expect(['1', '2', '3', '4'].map((digit) => ask(card, verify(`9999${digit}`)))).toEqual(['63C2', '63C1', '63C0', '6983']);
  expect(ask(card, verify('12345'))).toBe('6983');
});

test('the PUK sets a new PIN and unblocks; three wrong PUKs are for good', async () => {
  const card = await specimenCard();
  for (let count = 0; count < 3; count += 1) ask(card, verify('99999'));
  expect(ask(card, `002C001010${padded('12345678')}${padded('55555')}`)).toBe('9000');
  expect(ask(card, verify('55555'))).toBe('9000');
  expect(ask(card, `0024001010${padded('55555')}${padded('777777')}`)).toBe('9000');
  expect(ask(card, `0024001110${padded('12345678')}${padded('87654321')}`)).toBe('6982');
  expect(ask(card, '002C0310')).toBe('6982');
  expect([1, 2, 3, 4].map(() => ask(card, `002C001010${padded('00000000')}${padded('55555')}`))).toEqual(['63C2', '63C1', '63C0', '6983']);
  expect(ask(card, verify('777777'))).toBe('9000');
});

test.each([
  ['an application it has not', '00A4040007A0000003080000', '6A82'],
  ['an instruction it knows not', '00CA0101', '6D00'],
  ['another class', '80CA0000', '6E00'],
  ['a file that is not there', '00A4080C0411009999', '6A82'],
  ['reading where nothing is selected', '00B0000010', '6986'],
  ['a new PIN that is none', `002C001010${padded('12345678')}4142434445FFFFFF`, '6A80'],
  ['lengths that do not add up', '00A408000511', '6700'],
] as const)('%s is refused as a CNS refuses it', async (_what, apdu, answer) => {
  expect(ask(await specimenCard(), apdu)).toBe(answer);
});

test('SELECT gives the FCI only where it is asked for and wished for', async () => {
  const card = await specimenCard();
  expect(ask(card, '00A40800041100110200')).toMatch(/^6F..8002019082010183021102850101.*9000$/);
  expect(ask(card, '00A408000411001102')).toBe('9000');
  expect(ask(card, '00A4080C041100110200')).toBe('9000');
});

test('GET CHALLENGE is new each time', async () => {
  const card = await specimenCard();
  expect(ask(card, '0084000008')).toMatch(/^[0-9A-F]{16}9000$/);
  expect(ask(card, '0084000008')).not.toBe(ask(card, '0084000008'));
});

test('any bytes at all get a status word', async () => {
  const card = await specimenCard();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(card.transmit(bytes).length).toBeGreaterThanOrEqual(2);
    }),
    { numRuns: 500 },
  );
});
