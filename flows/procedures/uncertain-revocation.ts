import { z } from 'zod';
import { type Operation, operations } from './vocabulary.ts';

/**
 * What an operation may do while nobody knows whether the card's certificate was revoked: nothing; go on; or go on as long as the CRL that was last
 * heard is no more than so many seconds past its end.
 */
const answer = z.union([z.enum(['refuse', 'allow']), z.strictObject({ allowForSeconds: z.number().positive() })]);
export type UncertainAnswer = z.infer<typeof answer>;

/** What changes a card, or what it can do, is refused; what only takes away from it, and what leaves it alone, goes on. */
const defaults = {
  activation: 'refuse',
  reissue: 'refuse',
  renewal: 'refuse',
  suspension: 'allow',
  reactivation: 'refuse',
  revocation: 'allow',
  'interop-activation': 'refuse',
  'interop-duplicate': 'refuse',
  'interop-revocation': 'allow',
  'signature-certificate': 'refuse',
  'reader-handout': 'allow',
  'pin-unblock': 'refuse',
  'validity-extension': 'refuse',
} as const satisfies Record<Operation, UncertainAnswer>;

/** The site policy's table: one answer an operation; what it leaves out is as above. */
export const uncertainRevocation = z
  .partialRecord(z.enum(operations), answer)
  .transform((given): UncertainTable => ({ ...defaults, ...given }));
export type UncertainTable = Readonly<Record<Operation, UncertainAnswer>>;

/** `secondsPastEnd` of the CRL that would have spoken; `null`: there is none, or its age is not what makes it silent. */
export function mayGoOn(table: UncertainTable, operation: Operation, secondsPastEnd: number | null): boolean {
  const said = table[operation];
  if (typeof said === 'string') return said === 'allow';
  return secondsPastEnd !== null && secondsPastEnd >= 0 && secondsPastEnd <= said.allowForSeconds;
}
