import { chance } from '../kill/pairs.ts';
import type { ProofPart } from '../part.ts';
import { envelopeMutants } from './envelope-mutants.ts';
import { hunt } from './mutate.ts';
import { mutants } from './mutants.ts';

/** The longest that one mutant may live, milliseconds. */
const LONGEST_MS = 60_000;

/** Less is too short to say that one survived, milliseconds; one mutant gets them however few the minutes are. */
const SHORTEST_MS = 10_000;

/** Each mutant must be caught, by the invariant that it breaks. */
export const teethPart: ProofPart = {
  name: 'teeth',
  share: 0.1,
  async run({ deadline, seed, progress }) {
    let made = 0;
    const survived: string[] = [];
    // In the seed's order, so that few minutes do not always try the same.
    const place = ({ name }: { readonly name: string }): number => chance(seed, name, 1e9);
    for (const mutant of [...mutants, ...envelopeMutants].toSorted((one, other) => place(one) - place(other))) {
      const left = deadline - Date.now();
      if (made > 0 && left < SHORTEST_MS) break;
      made += 1;
      const { violations } = await hunt(mutant, seed, Math.min(Math.max(left, SHORTEST_MS), LONGEST_MS));
      if (!violations.join('\n').includes(`: ${mutant.breaks}`)) survived.push(`teeth: a mutant survived: ${mutant.name}`);
    }
    progress(`teeth: ${made} mutants, ${survived.length} survived`);
    return { counts: { mutantsMade: made, mutantsSurvived: survived.length }, violations: survived };
  },
};
