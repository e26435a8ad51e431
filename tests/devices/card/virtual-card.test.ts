import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../../devices/secret.ts';
import { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import type { MemoryStore } from '../../../devices/card/virtual/non-volatile-memory.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { stateFile } from '../../../devices/card/virtual/state-file.ts';
import { specimenCard, specimenCertificate } from './cards.ts';

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

const unblock = (puk: string, pin: string): string => `002C001010${padded(puk)}${padded(pin)}`;
const change = (from: string, to: string): string => `0024001010${padded(from)}${padded(to)}`;
const sign = '002A9E9A04DEADBEEF00';
const chooseKey = ['0022F30300', '0022F1B603830101'] as const;

/** Tries left of PIN and PUK, as the card says itself; a code that is verified has all of them. */
function counters(card: VirtualCnsCard): { readonly pin: number; readonly puk: number } {
  const of = (reference: string): number => {
    const answer = ask(card, `002000${reference}`);
    return answer === '9000' ? 3 : answer === '6983' ? 0 : Number(/^63C(\d)$/.exec(answer)?.[1]);
  };
  return { pin: of('10'), puk: of('11') };
}

/** What somebody who does not know the codes can do to a card: commands of any kind, well formed and not, power cut at any moment. */
const stranger = fc.oneof(
  fc.constantFrom(
    verify('00000'),
    verify('99999999', '11'),
    verify('11111', '90'),
    '0020001008' + '00'.repeat(8),
    '00200010',
    '00200011',
    change('00000', '55555'),
    change('99999', '1'),
    unblock('99999999', '00000'),
    `002C011008${padded('99999999')}`,
    '002C0310',
    '002C0010',
    '0084000008',
    '80860000080102030405060708',
    '00A4080C0411001101',
    '00B0000000',
    '00C0000000',
    ...chooseKey,
    '0022F1B803830101',
    sign,
    `102A8086C8${'00'.repeat(200)}`,
    `002A808639${'01'.repeat(57)}00`,
    `002A8086000101${'00'.repeat(257)}0000`,
    `0C2C001010${'00'.repeat(16)}`,
    '',
  ),
  fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  fc
    .record({ ins: fc.constantFrom('20', '24', '2c', '2a', '22'), rest: fc.uint8Array({ minLength: 2, maxLength: 20 }) })
    .map(({ ins, rest }) => `00${ins}${Buffer.from(rest).toString('hex')}`),
  fc.constant('reset'),
  fc.integer({ min: 1, max: 4 }).map((nth) => `tear ${nth}`),
);

test('whoever knows no code raises no counter, gets no signature, and changes no PIN, whatever they send and whenever power goes away', async () => {
  const { privateKey, certificate } = await specimenCertificate();
  const newCard = (): VirtualCnsCard =>
    new VirtualCnsCard({ ...specimens.adult, certificate, privateKey, pin: Secret.fromText('12345'), puk: Secret.fromText('12345678') });
  fc.assert(
    fc.property(fc.array(stranger, { maxLength: 40 }), (steps) => {
      const card = newCard();
      let before = counters(card);
      for (const step of steps) {
        const [word, nth] = step.split(' ');
        if (word === 'tear') card.tear(Number(nth));
        else if (word === 'reset') card.reset();
        else {
          const answer = ask(card, step);
          if (answer === '') card.reset();
          // Perform security operation, or what GET RESPONSE would have kept of it.
          if (/^(0|1)02A/i.test(step)) expect(answer.length).toBeLessThanOrEqual(4);
        }
        const now = counters(card);
        expect([now.pin <= before.pin, now.puk <= before.puk]).toEqual([true, true]);
        before = now;
      }
      card.tear(Number.POSITIVE_INFINITY);
      if (before.pin > 0) expect(ask(card, verify('12345'))).toBe('9000');
      else expect(ask(card, unblock('12345678', '12345'))).toBe(before.puk > 0 ? '9000' : '6983');
    }),
    { numRuns: 400 },
  );
});

test('a signature comes only after the right PIN, and no longer than until a reset, a wrong try or a new PIN', async () => {
  const card = await specimenCard();
  let pin = '12345';
  const steps = fc.constantFrom('right', 'wrong', 'change', 'change wrongly', 'unblock', 'reset', 'look', 'puk');
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 12 }), (sequence) => {
      card.reset();
      expect(ask(card, unblock('12345678', pin))).toBe('9000');
      let verified = false;
      for (const step of sequence) {
        const other = pin === '12345' ? '7654321' : '12345';
        if (step === 'right') verified = ask(card, verify(pin)) === '9000';
        else if (step === 'puk') ask(card, verify('12345678', '11'));
        else if (step === 'look') ask(card, '00200010');
        else {
          verified = false;
          if (step === 'wrong') ask(card, verify('00000'));
          if (step === 'change wrongly') ask(card, change('00000', other));
          if (step === 'change' && ask(card, change(pin, other)) === '9000') pin = other;
          if (step === 'unblock') ask(card, unblock('12345678', pin));
          if (step === 'reset') card.reset();
        }
        for (const choice of chooseKey) ask(card, choice);
        expect(ask(card, sign)).toMatch(verified ? /^[0-9A-F]{512}9000$/ : /^6982$/);
      }
    }),
    { numRuns: 150 },
  );
});

test.each([
  ['a right VERIFY', verify('12345'), ['12345'], { pin: [1, 2, 3], puk: [2] }],
  ['a wrong VERIFY', verify('99999'), ['12345'], { pin: [1, 2], puk: [2] }],
  ['CHANGE REFERENCE DATA', change('12345', '7654321'), ['12345', '7654321'], { pin: [1, 2, 3], puk: [2] }],
  ['RESET RETRY COUNTER with a new PIN', unblock('12345678', '7654321'), ['12345', '7654321'], { pin: [2, 3], puk: [1, 2, 3] }],
  ['RESET RETRY COUNTER with the PUK alone', `002C011008${padded('12345678')}`, ['12345'], { pin: [2, 3], puk: [1, 2, 3] }],
  ['RESET RETRY COUNTER with a wrong PUK', unblock('99999999', '7654321'), ['12345'], { pin: [2], puk: [1, 2] }],
] as const)('power cut at any byte that %s writes, and again while the card recovers', async (_what, command, pins, left) => {
  const seen = { pin: new Set<string>(), counters: new Set<string>() };
  const isPin = async (memory: MemoryStore, code: string): Promise<boolean> => {
    const card = await specimenCard({ memory: { load: () => memory.load(), save: () => undefined } });
    expect(ask(card, `002C011008${padded('12345678')}`)).toBe('9000');
    return ask(card, verify(code)) === '9000';
  };
  let isWhole = false;
  for (let nth = 1; !isWhole; nth += 1) {
    for (let again = 1; again <= 12 && !isWhole; again += 1) {
      const memory = inMemory();
      const card = await specimenCard({ memory });
      ask(card, verify('00000'));
      ask(card, verify('00000000', '11'));
      card.tear(nth);
      isWhole = ask(card, command) !== '';
      card.tear(again);
      card.reset();
      // Another process takes the card up where this one left it.
      const { pin, puk } = counters(await specimenCard({ memory }));
      expect([left.pin, left.puk]).toEqual([expect.arrayContaining([pin]), expect.arrayContaining([puk])]);
      const valid = [];
      for (const code of ['12345', '7654321']) if (await isPin(memory, code)) valid.push(code);
      expect(valid).toHaveLength(1);
      expect(pins).toContain(valid[0]);
      seen.pin.add(valid[0] ?? '');
      seen.counters.add(`${pin} ${puk}`);
    }
    expect(nth).toBeLessThan(60);
  }
  // Every way that it can end was met.
  expect([...seen.pin].sort()).toEqual([...pins].sort());
  expect(seen.counters.size).toBeGreaterThan(1);
});

test('the state of a card outlives it; that of another card, or none, is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'card-state-'));
  try {
    const path = join(folder, 'state');
    const fresh = stateFile(path, '1');
    expect(fresh.ok && fresh.value.load()).toBeUndefined();
    const image = new Uint8Array(39).fill(7);
    if (fresh.ok) fresh.value.save(image);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = stateFile(path, '1');
    expect(again.ok && again.value.load()).toEqual(image);
    expect(stateFile(path, '2')).toEqual({ ok: false, error: `${path}: of another card, 1` });
    expect(stateFile(join(folder, 'nowhere', 'state'), '1')).toMatchObject({ ok: false });
    for (const text of ['', '{}', '{"cardId":"1","memory":"AAAA"}', '{"cardId":"1","memory":"?"}', '[1]']) {
      writeFileSync(path, text);
      expect(stateFile(path, '1'), text).toEqual({ ok: false, error: `${path}: is not the state of a virtual card` });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function inMemory(): MemoryStore {
  let image: Uint8Array | undefined;
  return { load: () => image, save: (bytes) => (image = bytes.slice()) };
}

test('asked for more than there is, it names the exact length, and 256 by 6C00 (ISO 7816-4, 5.6)', async () => {
  const card = await specimenCard({ tooMuchAsked: '6Cxx' });
  expect(ask(card, '00A40800041100 1101')).toMatch(/9000$/);
  for (const offset of ['0000', '0100', '0680']) expect(ask(card, `00B0${offset}001000`)).toBe('6C00');
  expect(ask(card, '00B0000000')).toMatch(/^[0-9A-F]{512}9000$/);
});
