import { expect, test } from 'vitest';
import { specimen, tamper } from './tamperings.ts';

test('10,000 tamperings are all found, and named', { timeout: 60_000 }, () => {
  const { verify, ...whole } = specimen();
  expect(verify(whole)).toMatchObject({ ok: true, records: 51, faults: [], checkpoint: { sequence: 51 } });
  expect(whole.checkpoints).toHaveLength(6);
  expect(tamper({ verify, ...whole }, 1, 10_000)).toEqual([]);
});
