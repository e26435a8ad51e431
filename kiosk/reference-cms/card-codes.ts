import type { CodeOperation } from '../../flows/ports/cms.ts';
import type { ProblemType } from '../cms/problems.ts';

/** A card's first codes are an activation, and only those; all later ones a reissue (OP-ISS, OP-REI). `null`: the operation is the right one. */
export function contradictionOf(operation: CodeOperation, hasHadCodes: boolean): ProblemType | null {
  if (operation === 'activation') return hasHadCodes ? 'card-activated' : null;
  return hasHadCodes ? null : 'card-not-activated';
}
