import type { Difference } from '../operations/reconciliation.ts';

/** What a person must look at, operation by operation; nothing of it is put right by itself. */
export interface Attention {
  readonly operationId: string;
  /** `undelivered`: the CMS did not take its outcome, time after time. The others: journal and CMS tell different stories. */
  readonly why: 'undelivered' | Difference['kind'];
}
