import type { Profile } from './profile.ts';
import type { HolderCase, Operation } from './vocabulary.ts';

/** What is signed by hand as the paper part is handed over: by the delegate, where the card is of another region (SAR 9.3.3(6a), C24). */
export interface SignedAtHandOver {
  readonly text: string;
  readonly citation: string;
}

/** `null`: nobody signs then, or the profile does not say. */
export function signedAtHandOver(
  { operations, sequences }: Profile,
  operation: Operation,
  holderCase: HolderCase,
): SignedAtHandOver | null {
  const rule = operations[operation];
  const steps = rule.absent === true ? [] : (sequences[rule.sequence] ?? []);
  const found = steps.find(({ step, cases }) => step === 'delegate-signs' && cases?.includes(holderCase) !== false);
  return found === undefined ? null : { text: found.it, citation: found.citation };
}
