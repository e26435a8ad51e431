import { expect, test } from 'vitest';
import type { EvidenceClass } from '../../../devices/printer/contract.ts';
import { concluded, suffices, unconfirmed } from '../../../flows/operations/evidence.ts';

const classes: readonly EvidenceClass[] = ['E0', 'E1', 'E2', 'E3', 'E4'];

test('a class is as good as itself and as those below it', () => {
  for (const [given, a] of classes.entries()) for (const [wanted, b] of classes.entries()) expect(suffices(a, b)).toBe(given >= wanted);
});

/** printer, citizen touched, operator signed → the class that a hand-over rests on (reliability.md, 1.2); none: it is not handed over. */
const handOvers: readonly [EvidenceClass, boolean, boolean, EvidenceClass | null][] = [
  ['E0', true, true, null],
  ['E1', true, true, null],
  ['E2', false, false, null],
  ['E2', true, false, 'E2'],
  ['E2', false, true, 'E4'],
  ['E2', true, true, 'E4'],
  ['E3', false, false, 'E3'],
  ['E3', true, false, 'E3'],
  ['E3', false, true, 'E4'],
];

test.each(handOvers)('printer %s, citizen %s, operator %s is %s', (printer, citizen, operator, reached) => {
  for (const wanted of ['E2', 'E3', 'E4'] as const) {
    const conclusion = concluded({ printer, citizen, operator }, wanted);
    if (reached !== null && suffices(reached, wanted))
      expect(conclusion).toEqual({ outcome: 'handed-over', class: reached, exposed: false });
    else expect(conclusion).toEqual(unconfirmed(printer));
  }
});

test.each<[EvidenceClass, object]>([
  ['E0', { outcome: 'not-handed-over', exposed: false }],
  ['E1', { outcome: 'unknown', exposed: true }],
  ['E2', { outcome: 'not-handed-over', exposed: true }],
  ['E3', { outcome: 'not-handed-over', exposed: true }],
  ['E4', { outcome: 'not-handed-over', exposed: true }],
])('%s that nobody confirmed', (evidence, comes) => {
  expect(unconfirmed(evidence)).toEqual({ ...comes, class: evidence });
});
