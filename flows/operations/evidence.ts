import type { EvidenceClass, PrintEvidence } from '../../devices/printer/contract.ts';
import type { Outcome } from '../ports/cms.ts';

const order: readonly EvidenceClass[] = ['E0', 'E1', 'E2', 'E3', 'E4'];

/** Whether evidence of class `given` is as good as `wanted` (reliability.md, 1.2). */
export function suffices(given: EvidenceClass, wanted: EvidenceClass): boolean {
  return order.indexOf(given) >= order.indexOf(wanted);
}

/** What an operation comes to, with the class of evidence it rests on. */
export interface Conclusion {
  readonly outcome: Outcome;
  readonly class: EvidenceClass;
  readonly exposed: boolean;
}

/**
 * What a print that nobody confirmed as handed over comes to. Nothing sent: no code left the machine. Sent, and the printer did
 * not say that it finished: it cannot be known, so `unknown`. Finished: a slip is out and in no known hand, so it is exposed, and void.
 */
export function unconfirmed(evidence: PrintEvidence['class']): Conclusion {
  switch (evidence) {
    case 'E0':
      return { outcome: 'not-handed-over', class: 'E0', exposed: false };
    case 'E1':
      return { outcome: 'unknown', class: 'E1', exposed: true };
    case 'E2':
      return { outcome: 'not-handed-over', class: 'E2', exposed: true };
  }
}
