import { createHash } from 'node:crypto';
import type { Killed, Kills } from './kills.ts';

/** A number from 0 up to, not with, `below`; the same for the same seed and turn. */
export function chance(seed: number, turn: string | number, below: number): number {
  return Number(createHash('sha256').update(`${seed} ${turn}`).digest().readBigUInt64BE() % BigInt(below));
}

/** Ordered pairs of points: one of a session, and one that the start after a kill there was seen to pass. */
export class Pairs {
  readonly #left: (readonly [string, string])[] = [];

  add(first: string, recovery: readonly string[]): void {
    this.#left.push(...recovery.map((second) => [first, second] as const));
  }

  /** One that was not drawn yet. */
  draw(seed: number): readonly [string, string] | undefined {
    const count = this.#left.length;
    return count === 0 ? undefined : this.#left.splice(chance(seed, count, count), 1)[0];
  }
}

/** Kills at pairs until `many` came about; a start does not always pass what an earlier one did. */
export async function killAtPairs(kills: Kills, pairs: Pairs, many: number, seed: number): Promise<readonly Killed[]> {
  const done: Killed[] = [];
  for (let tries = 0; tries < 2 * many && done.length < many; tries += 1) {
    const pair = pairs.draw(seed);
    if (pair === undefined) break;
    const killed = await kills.kill(...pair);
    if (killed.kills === 2 || killed.violations.length > 0) done.push(killed);
  }
  return done;
}
