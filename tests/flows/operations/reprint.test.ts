import { expect, test } from 'vitest';
import { mayReprint } from '../../../flows/operations/reprint.ts';
import type { CmsError } from '../../../flows/ports/cms.ts';
import type { PrintReport } from '../../../flows/ports/printing.ts';
import { evidence } from '../fakes.ts';

const printer: PrintReport['failure'] = { kind: 'printer', status: { state: 'paper-out' } };
const fetched = (error: CmsError): PrintReport['failure'] => ({ kind: 'paper-part', error });

test.each<[string, PrintReport, boolean]>([
  ['paper out before a byte was sent', { evidence: evidence('E0', 'needless'), failure: printer }, true],
  ['paper out, and the buffer cleared', { evidence: evidence('E1', 'cleared'), failure: printer }, true],
  ['paper out, and a buffer that may still come out', { evidence: evidence('E1', 'locked'), failure: printer }, false],
  ['the worker died, and the buffer cleared', { evidence: evidence('E1', 'cleared'), failure: { kind: 'worker-lost', detail: '' } }, true],
  ['the CMS did not answer', { evidence: evidence('E0', 'needless'), failure: fetched({ kind: 'unreachable', detail: '' }) }, true],
  ['the CMS refused', { evidence: evidence('E0', 'needless'), failure: fetched({ kind: 'refused', type: 'voided', title: '' }) }, false],
  ['somebody stopped it', { evidence: evidence('E1', 'cleared'), failure: { kind: 'aborted' } }, false],
  ['nothing failed', { evidence: evidence('E0', 'needless'), failure: null }, false],
])('%s: may be printed once more, %#', (_what, report, may) => {
  expect(mayReprint(report, 1, 2)).toBe(may);
  expect(mayReprint(report, 2, 2)).toBe(false);
});
