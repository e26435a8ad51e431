import type { EvidenceClass } from '../../devices/printer/contract.ts';
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

/** What speaks for a hand-over. */
export interface Proof {
  /** The best that the printer gave: `E3` where its sensors saw the slip go. */
  readonly printer: EvidenceClass;
  /** The citizen touched "I have it". Anybody can touch a screen: it ends the wait, and adds nothing to the class. */
  readonly citizen: boolean;
  /** An operator's signed word, which makes E4 of a slip that is known to be out. */
  readonly operator: boolean;
}

/** What a proof comes to where the site wants `wanted` for a hand-over; less than that, and nobody is known to have the slip. */
export function concluded(proof: Proof, wanted: EvidenceClass): Conclusion {
  const reached = handOver(proof);
  if (reached !== null && suffices(reached, wanted)) return { outcome: 'handed-over', class: reached, exposed: false };
  return unconfirmed(proof.printer);
}

function handOver({ printer, citizen, operator }: Proof): EvidenceClass | null {
  if (!suffices(printer, 'E2')) return null;
  if (operator) return 'E4';
  if (printer === 'E2') return citizen ? 'E2' : null;
  return printer;
}

/**
 * What a print that nobody confirmed as handed over comes to. Nothing sent: no code left the machine. Sent, and the printer did
 * not say that it finished: it cannot be known, so `unknown`. Finished: a slip is out and in no known hand, so it is exposed, and void.
 */
export function unconfirmed(evidence: EvidenceClass): Conclusion {
  switch (evidence) {
    case 'E0':
      return { outcome: 'not-handed-over', class: evidence, exposed: false };
    case 'E1':
      return { outcome: 'unknown', class: evidence, exposed: true };
    case 'E2':
    case 'E3':
    case 'E4':
      return { outcome: 'not-handed-over', class: evidence, exposed: true };
  }
}

/** The presenter took the slip back, and its sensors saw it: nobody has it. */
export const retracted: Conclusion = { outcome: 'not-handed-over', class: 'E3', exposed: false };

/** An operator's signed word that nothing came out, or that what did was destroyed. */
export const destroyed: Conclusion = { outcome: 'not-handed-over', class: 'E0', exposed: false };
