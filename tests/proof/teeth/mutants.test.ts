import { expect, test } from 'vitest';
import { hunt } from './mutate.ts';
import { mutants } from './mutants.ts';

test('there are twenty mutants at least, each another', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(20);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test.each(mutants)(
  '$name: seen as $breaks',
  async (mutant) => {
    const { violations } = await hunt(mutant, 1, 20_000);
    expect(violations.join('\n')).toContain(`: ${mutant.breaks}`);
  },
  60_000,
);
