import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { auditPart } from './audit/tamperings.ts';
import { killPart } from './kill/part.ts';
import type { Counts, ProofPart } from './part.ts';
import { networkPart } from './network/part.ts';
import { powerPart } from './power/part.ts';
import { printerPart } from './printer/faults.ts';
import { simulationPart } from './simulation/part.ts';
import { teethPart } from './teeth/part.ts';

const parts: readonly ProofPart[] = [simulationPart, killPart, powerPart, teethPart, printerPart, networkPart, auditPart];

test('prove', async () => {
  const seed = Number(process.env['PROVE_SEED']);
  const milliseconds = Number(process.env['PROVE_MINUTES']) * 60_000;
  const shares = parts.reduce((sum, { share }) => sum + share, 0);
  const progress = (line: string): void => void process.stderr.write(`prove: ${line}\n`);
  const counts: Record<keyof Counts, number> = {
    histories: 0,
    kills: 0,
    crashStates: 0,
    mutantsMade: 0,
    mutantsSurvived: 0,
    printerFaults: 0,
    networkFaults: 0,
    tamperings: 0,
  };
  const violations: string[] = [];
  for (const part of parts) {
    const { name, share } = part;
    const given = (milliseconds * share) / shares;
    progress(`${name}: ${Math.round(given / 1000)} s, ${Math.round((share / shares) * 100)} % of the time`);
    const found = await part.run({ deadline: Date.now() + given, seed, progress });
    // A part that tried nothing proved nothing.
    if (Object.values(found.counts).every((count) => count === 0)) throw new Error(`${name} could try nothing: give it more minutes`);
    for (const key of Object.keys(counts) as (keyof Counts)[]) counts[key] += found.counts[key] ?? 0;
    violations.push(...found.violations);
    for (const violation of found.violations) progress(`VIOLATION ${violation}`);
  }
  const { mutantsMade: made, mutantsSurvived: survived, ...others } = counts;
  writeFileSync(process.env['PROVE_REPORT'] ?? '', JSON.stringify({ seed, ...others, mutants: { made, survived }, violations }));
});
