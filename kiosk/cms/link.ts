import type { z } from 'zod';
import type { Result } from '../../devices/result.ts';
import type { CmsError } from '../../flows/ports/cms.ts';
import type { Question } from './client.ts';
import type { CallName } from './contract.ts';

/** What the client lends to its groups of calls. */
export interface CmsLink {
  /** A call: tries, pauses, its limit. `accept` looks at what only the caller can judge. */
  readonly run: <T, U = T>(
    call: CallName,
    answer: z.ZodType<T>,
    question: Question,
    signal: AbortSignal,
    accept: (answer: T) => Promise<Result<U, CmsError>>,
  ) => Promise<Result<U, CmsError>>;
  /** Members in the contract's order. */
  readonly json: (schema: z.ZodType, value: unknown) => NonNullable<Question['body']>;
  /** The claims of what the CMS's pinned key signed as `type`. */
  readonly signed: <T>(jws: string, type: string, schema: z.ZodType<T>) => Promise<T | null>;
}
