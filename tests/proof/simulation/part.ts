import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { processEntry, projectRoot } from '../../../kiosk/project.ts';
import type { ProofPart } from '../part.ts';

export interface Simulated {
  readonly histories: number;
  readonly kills: number;
  readonly violations: readonly string[];
}

/** Histories in a process of its own, for so many milliseconds. */
export async function simulate(seed: number, milliseconds: number): Promise<Simulated> {
  return await new Promise((resolve, reject) => {
    // Much is made and little kept: room for the young spares copying it.
    const args = [
      '--max-semi-space-size=64',
      processEntry('tests/processes/simulation.ts'),
      String(seed),
      '1000000000',
      String(Math.round(milliseconds)),
    ];
    execFile(
      process.execPath,
      args,
      { cwd: projectRoot(), encoding: 'utf8', timeout: Math.round(milliseconds) + 60_000 },
      (error, out, told) => {
        if (error === null) resolve(JSON.parse(out) as Simulated);
        else reject(new Error(`${error.message}\n${told}`));
      },
    );
  });
}

/** Seeds of one process are as far from those of the next. */
const APART = 10_000_000;

/** As many processes as the machine has processors, each with its own seeds. */
export const simulationPart: ProofPart = {
  name: 'simulation',
  share: 0.35,
  async run({ deadline, seed, progress }) {
    const milliseconds = deadline - Date.now();
    const all = await Promise.all(Array.from({ length: availableParallelism() }, (_, n) => simulate(seed + n * APART, milliseconds)));
    const sum = (of: (each: Simulated) => number): number => all.reduce((total, each) => total + of(each), 0);
    const histories = sum((each) => each.histories);
    progress(
      `simulation: ${histories} histories, ${Math.round((histories / milliseconds) * 60_000)} a minute, ${sum(({ kills }) => kills)} simulated kills`,
    );
    // Its simulated kills are not counted: `kills` are those of real processes.
    return { counts: { histories }, violations: all.flatMap(({ violations }) => violations) };
  },
};
