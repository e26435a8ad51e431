import { expect, test } from 'vitest';
import { decide } from '../../flows/procedures/decide.ts';
import { holderCases, operations, places } from '../../flows/procedures/vocabulary.ts';
import { profileIds, readProfile } from '../../kiosk/procedures/profiles.ts';
import { asking } from '../flows/procedures/requests.ts';
import { columns, count, leaveReport, progress } from './figures.ts';

test('procedures', () => {
  const asked = profileIds().flatMap((id) => {
    const read = readProfile(id);
    if (!read.ok) throw new Error(id);
    return places.flatMap((desk) =>
      operations.flatMap((operation) =>
        holderCases.map((holderCase) => ({ profile: read.value, request: asking({ profile: id, desk, operation, case: holderCase }) })),
      ),
    );
  });
  const times: number[] = [];
  for (let run = 0; run < count; run += 1) {
    for (const { profile, request } of asked) {
      const begun = performance.now();
      decide(profile, request);
      times.push((performance.now() - begun) * 1000);
    }
  }
  times.sort((one, other) => one - other);
  const at = (part: number): number => Math.round(times[Math.ceil(part * times.length) - 1]! * 10) / 10;
  const figures = { medianUs: at(0.5), p95Us: at(0.95), p999Us: at(0.999), maxUs: at(1), decisions: times.length };
  progress(`${figures.decisions} decisions`);
  expect(figures.medianUs).toBeLessThan(1000);
  leaveReport('procedures', figures, columns([['median us', 'p95', 'p99.9', 'max', 'n'], Object.values(figures).map(String)]));
});
