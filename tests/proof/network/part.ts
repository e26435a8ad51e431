import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProofPart } from '../part.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, startCms } from '../../harness/cms.ts';
import { type LineFault, FaultyLine } from './faulty-line.ts';
import { operationOverFaultyLine } from './operation.ts';

const kinds = ['reset', 'half-open', 'forgotten', 'lost'] as const;
/** As the kiosk's client gives each try of a call. */
const SLOW_TRY_MS = 5_000;
const directions = ['question', 'answer'] as const;

/**
 * Every kind of fault, in each direction, after a number of bytes that the seed chooses, within TLS's greeting or after it: each
 * meets one call of an operation, which is asked again as the kiosk would. Then a whole operation at 256 kbit/s on a line that loses a fifth of its segments.
 */
export const networkPart: ProofPart = {
  name: 'network',
  share: 0.1,
  async run({ deadline, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), 'network-'));
    const surroundings: CmsSurroundings = await cmsSurroundings();
    const cms: TestCms = await startCms(surroundings);
    const line = await FaultyLine.to(cms.cms.url, seed);
    const violations: string[] = [];
    let operations = 0;
    try {
      for (let round = 0; round < 2 || Date.now() < deadline; round += 1) {
        for (const kind of kinds) {
          for (const of of directions) {
            const faults = [0, 1, 2].map((call): LineFault => ({ kind, of, afterBytes: bytesAt(seed, round, operations * 3 + call) }));
            const broken = await operationOverFaultyLine(cms, line, faults, join(folder, String(operations)));
            operations += 1;
            const where = faults.map(({ afterBytes }) => afterBytes).join(', ');
            violations.push(...broken.map((promise) => `network: seed ${seed}, ${kind} after bytes ${where} of each ${of}: ${promise}`));
          }
        }
        line.slow = line.lossy = true;
        const broken = await operationOverFaultyLine(cms, line, [], join(folder, String(operations)), SLOW_TRY_MS);
        line.slow = line.lossy = false;
        operations += 1;
        violations.push(...broken.map((promise) => `network: seed ${seed}, a slow line that loses segments: ${promise}`));
        progress(`network: ${line.struck} faults, ${line.retransmitted} segments lost and sent again, ${violations.length} violations`);
      }
      const sent = cms.mailbox.messages().map(({ messageId }) => messageId);
      if (new Set(sent).size !== sent.length) violations.push(`network: seed ${seed}: I4 a mail was sent twice`);
      return { counts: { networkFaults: line.struck + line.retransmitted }, violations };
    } finally {
      line.close();
      await cms.close();
      await surroundings.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** From the first byte to past the end of what a call sends or hears on a new connection, in an order of the seed's own. */
function bytesAt(seed: number, round: number, fault: number): number {
  return (Math.imul(seed + round * 97 + fault + 1, 2_654_435_761) >>> 0) % 3_000;
}
