import type { ProofPart } from '../part.ts';
import { blindEnvelope } from './blind-envelope.ts';
import type { Delivery } from './delivery.ts';
import { type Killed, Kills } from './kills.ts';
import { Pairs, chance } from './pairs.ts';
import { envelopePoints, servicePoints, sessionPoints } from './points.ts';
import { service } from './service.ts';
import { splitCodes } from './split-codes.ts';

/** Milliseconds that a session, and a start, take on a machine that has little else to do: random kills fall within them. */
const SESSION_MS = 1_500;
const START_MS = 1_000;

interface Budget {
  readonly deadline: number;
  readonly seed: number;
  readonly note: (killed: Killed) => void;
}

/** Both deliveries and a service, each in a world of its own at the same time. */
export const killPart: ProofPart = {
  name: 'kill',
  share: 0.25,
  async run({ deadline, seed, progress }) {
    const violations: string[] = [];
    let count = 0;
    let slowest = 0;
    const note = (killed: Killed): void => {
      count += killed.kills;
      slowest = Math.max(slowest, killed.agreementMs);
      violations.push(...killed.violations);
      progress(`kill: ${count} kills, agreed within ${Math.round(slowest)} ms, ${violations.length} violations`);
    };
    await Promise.all([
      killOverAndOver(splitCodes, sessionPoints, { deadline, seed, note }),
      killOverAndOver(blindEnvelope, envelopePoints, { deadline, seed, note }),
      killOverAndOver(service, servicePoints, { deadline, seed, note }),
    ]);
    return { counts: { kills: count }, violations };
  },
};

/** At every point once, in the seed's order; then, in turn, at pairs of points and pairs of times. */
async function killOverAndOver(delivery: Delivery, points: readonly string[], { deadline, seed, note }: Budget): Promise<void> {
  const pairs = new Pairs();
  const singles = points.toSorted((one, other) => chance(seed, one, 1e9) - chance(seed, other, 1e9));
  for (let turn = 0; Date.now() < deadline;) {
    const kills = await Kills.start(delivery);
    try {
      for (let sessions = 0; sessions < delivery.sessions && Date.now() < deadline; sessions += 1, turn += 1) {
        const point = singles[turn];
        if (point !== undefined) {
          const killed = await kills.kill(point);
          pairs.add(point, killed.recovery);
          note(killed);
          continue;
        }
        const pair = turn % 2 === 0 ? pairs.draw(seed) : undefined;
        const at = (what: string, belowMs: number): { afterMs: number } => ({ afterMs: chance(seed, `${turn} ${what}`, belowMs) });
        note(await (pair === undefined ? kills.kill(at('session', SESSION_MS), at('start', START_MS)) : kills.kill(...pair)));
      }
    } finally {
      await kills.close();
    }
  }
}
