import type { CodeOperation } from '../../flows/ports/cms.ts';
import type { ProblemType } from '../cms/problems.ts';

/** A card's first codes are an activation or a renewal, and only those; all later ones a reissue (OP-ISS, OP-OLD, OP-REI). `null`: the operation is the right one. */
export function contradictionOf(operation: CodeOperation | 'renewal', hasHadCodes: boolean): ProblemType | null {
  if (operation === 'reissue' || operation === 'interop-duplicate') return hasHadCodes ? null : 'card-not-activated';
  return hasHadCodes ? 'card-activated' : null;
}
