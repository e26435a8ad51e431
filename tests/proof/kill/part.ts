import type { ProofPart } from '../part.ts';
import type { Killed } from './kills.ts';
import { Kills } from './kills.ts';
import { Pairs, chance } from './pairs.ts';
import { sessionPoints } from './points.ts';

/** Milliseconds that a session, and a start, take on a machine that has little else to do: random kills fall within them. */
const SESSION_MS = 1_500;
const START_MS = 1_000;

/** Every point of a session once, in the seed's order; then, in turn, pairs of points and pairs of times. */
export const killPart: ProofPart = {
  name: 'kill',
  share: 0.25,
  async run({ deadline, seed, progress }) {
    const kills = await Kills.start();
    const pairs = new Pairs();
    const singles = sessionPoints.toSorted((one, other) => chance(seed, one, 1e9) - chance(seed, other, 1e9));
    const violations: string[] = [];
    let count = 0;
    let slowest = 0;
    const note = (killed: Killed): void => {
      count += killed.kills;
      slowest = Math.max(slowest, killed.agreementMs);
      violations.push(...killed.violations);
      progress(`kill: ${count} kills, agreed within ${Math.round(slowest)} ms, ${violations.length} violations`);
    };
    try {
      for (const point of singles) {
        if (Date.now() >= deadline) break;
        const killed = await kills.kill(point);
        pairs.add(point, killed.recovery);
        note(killed);
      }
      for (let turn = 0; Date.now() < deadline; turn += 1) {
        const pair = turn % 2 === 0 ? pairs.draw(seed) : undefined;
        const at = (what: string, belowMs: number): { afterMs: number } => ({ afterMs: chance(seed, `${turn} ${what}`, belowMs) });
        note(await (pair === undefined ? kills.kill(at('session', SESSION_MS), at('start', START_MS)) : kills.kill(...pair)));
      }
    } finally {
      await kills.close();
    }
    return { counts: { kills: count }, violations };
  },
};
