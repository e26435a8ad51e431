import { expect, test } from 'vitest';
import { envelopeMutants } from './envelope-mutants.ts';
import { hunt } from './mutate.ts';
import { mutants } from './mutants.ts';

const all = [...mutants, ...envelopeMutants];

test('there are twenty mutants at least, each another', () => {
  expect(all.length).toBeGreaterThanOrEqual(20);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test.each(all)(
  '$name: seen as $breaks',
  async (mutant) => {
    const { violations } = await hunt(mutant, 1, 20_000);
    expect(violations.join('\n')).toContain(`: ${mutant.breaks}`);
  },
  60_000,
);
