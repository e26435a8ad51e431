import type { PrintReport } from '../ports/printing.ts';

/**
 * Whether a print failed in such a way that an operator may have it done once more: no more was sent than the printer has forgotten since, and
 * the CMS did not refuse. A printer that did not acknowledge its clearing may still bring out the rest of the slip.
 */
export function mayReprint({ evidence, failure }: PrintReport, attempt: number, attempts: number): boolean {
  if (attempt >= attempts || (evidence.class !== 'E0' && evidence.buffer !== 'cleared')) return false;
  switch (failure?.kind) {
    case 'printer':
    case 'worker-lost':
      return true;
    case 'paper-part':
      return failure.error.kind === 'unreachable';
    case 'aborted':
    case undefined:
      return false;
  }
}
