import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../harness/power-loss.ts';
import type { ProofPart } from '../part.ts';
import { lookAt, recordLife } from './crashes.ts';
import { ofEnvelopes, ofSplitCodes, recordCore } from './whole-core.ts';

/** Whole sessions of the core with each delivery, the first life of a journal alone, and one on what that left; each is looked at once, and then with other losses until the time is over. */
export const powerPart: ProofPart = {
  name: 'power',
  share: 0.15,
  async run({ deadline, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), 'power-'));
    try {
      const ofJournal = async (): Promise<readonly Session[]> => [await recordLife(folder, '2'), await recordLife(folder, '2')];
      const [split, envelopes, journal] = await Promise.all([recordCore(ofSplitCodes), recordCore(ofEnvelopes), ofJournal()]);
      const lives = [split, envelopes, ...journal];
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
