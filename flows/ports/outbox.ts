import type { Result } from '../../devices/result.ts';
import type { CmsError, Receipt } from './cms.ts';

/** What waits for the CMS: one delivery at a time, retried in the background until the CMS's receipt is in the journal. */
export interface Outbox {
  /** Tries now to deliver the operation's outcome and to close it; on failure the background goes on trying. */
  deliver(operationId: string, signal: AbortSignal): Promise<Result<Receipt, CmsError>>;
  /** The operations whose outcome was brought to the CMS in vain too often: a person must look. */
  attention(): readonly string[];
}
