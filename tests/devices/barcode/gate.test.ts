import { expect, test } from 'vitest';
import { DOUBLE_MS, Gate, MOST_CODES, QUIET_MS } from '../../../devices/barcode/gate.ts';
import type { Heard } from '../../../devices/barcode/line.ts';

const scan = (text: string, begunAt: number): Heard => ({ kind: 'scan', scan: { symbology: 'unknown', text }, begunAt });
const outcome = (passed: ReturnType<Gate['pass']>): string => (passed.kind === 'taken' ? passed.scan.text : passed.why);

test('a code is taken by who waits since before its first byte', () => {
  const gate = new Gate();
  expect(outcome(gate.pass(scan('A', 10), null))).toBe('nobody-waits');
  expect(outcome(gate.pass(scan('B', 20), 21))).toBe('nobody-waits');
  expect(outcome(gate.pass(scan('C', 30), 30))).toBe('C');
});

test('a label that stays before the scanner counts once, however long it stays', () => {
  const gate = new Gate();
  expect(outcome(gate.pass(scan('A', 0), 0))).toBe('A');
  for (let at = DOUBLE_MS - 1; at < 10 * DOUBLE_MS; at += DOUBLE_MS - 1) expect(outcome(gate.pass(scan('A', at), 0))).toBe('double');
  expect(outcome(gate.pass(scan('B', 10 * DOUBLE_MS), 0))).toBe('B');
});

test('the same code scanned again on purpose is taken again', () => {
  const gate = new Gate();
  gate.pass(scan('A', 0), 0);
  expect(outcome(gate.pass(scan('A', DOUBLE_MS), 0))).toBe('A');
});

test('a code that nobody waited for is no double of the one that is then waited for', () => {
  const gate = new Gate();
  gate.pass(scan('A', 0), null);
  expect(outcome(gate.pass(scan('A', 100), 50))).toBe('A');
});

test('a flood is refused until it has been quiet', () => {
  const gate = new Gate();
  const outcomes = Array.from({ length: 50 }, (_, n) => outcome(gate.pass(scan(`N${n}`, n * 20), null)));
  expect(outcomes.slice(0, MOST_CODES)).toEqual(Array.from({ length: MOST_CODES }, () => 'nobody-waits'));
  expect(new Set(outcomes.slice(MOST_CODES))).toEqual(new Set(['flood']));
  const last = 49 * 20;
  expect(gate.isFlooding(last + QUIET_MS - 1)).toBe(true);
  expect(outcome(gate.pass(scan('A', last + QUIET_MS - 1), 0))).toBe('flood');
  expect(outcome(gate.pass(scan('B', last + 2 * QUIET_MS), 0))).toBe('B');
});
