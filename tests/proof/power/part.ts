import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProofPart } from '../part.ts';
import { lookAt, recordLife } from './crashes.ts';

/** The first life of a journal and one on what it left; each is looked at once, and then with other losses until the time is over. */
export const powerPart: ProofPart = {
  name: 'power',
  share: 0.15,
  async run({ deadline, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), 'power-'));
    try {
      const lives = [await recordLife(folder, '2'), await recordLife(folder, '2')];
      const violations: string[] = [];
      let crashStates = 0;
      for (let round = 0; round === 0 || Date.now() < deadline; round += 1) {
        for (const life of lives) {
          const found = lookAt(life, seed + round, round === 0 ? Infinity : deadline);
          crashStates += found.states;
          violations.push(...found.violations);
        }
        progress(`power: ${crashStates} crash states, ${violations.length} violations`);
      }
      return { counts: { crashStates }, violations };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
