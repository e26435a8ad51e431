import type { Result } from '../../../devices/result.ts';
import type { CmsError } from '../../../flows/ports/cms.ts';
import { settle } from '../../../flows/operations/settlement.ts';
import { makeOneUseKey } from '../../../kiosk/printing/one-use-key.ts';
import { openRecords } from '../../../kiosk/records/records.ts';
import { type TestCms, arrival, clientAt, handedOver, reserveRequest, signal } from '../../harness/cms.ts';
import { SimulatedClock } from '../../harness/simulated-clock.ts';
import type { FaultyLine, LineFault } from './faulty-line.ts';

/** Reserved, released and confirmed over a line that fails in each of these calls; what it broke of what is promised. */
export async function operationOverFaultyLine(
  cms: TestCms,
  line: FaultyLine,
  [first, second, third]: readonly LineFault[],
  folder: string,
  tryMs = 300,
): Promise<readonly string[]> {
  const request = await reserveRequest(cms);
  const { operationId } = request;
  const report = await handedOver(cms, operationId);
  const key = makeOneUseKey();
  // A short time for each try, so that a half-open connection does not hold the proof up; the pauses are simulated.
  const client = clientAt(line.url, cms, { clock: new SimulatedClock(), limits: { tryMs, tries: 1 } });
  const opened = openRecords({ folder });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  const records = opened.value;
  const broken: string[] = [];
  const over = async <T>(fault: LineFault | undefined, ask: () => Promise<Result<T, CmsError>>): Promise<T> => {
    line.breakAll();
    line.next = fault ?? null;
    for (let tried = 0; tried < 20; tried += 1) {
      const answer = await ask();
      if (answer.ok) return answer.value;
      if (answer.error.kind !== 'unreachable') throw new Error(JSON.stringify(answer.error));
    }
    throw new Error('the line is whole again, and there is no answer');
  };
  try {
    const digest = records.digest('holder', operationId);
    records.append(operationId, {
      kind: 'OP_OPEN',
      operation: 'activation',
      case: 'adult',
      profile: 'emilia-romagna',
      profileVersion: '1',
      holder: digest,
      card: digest,
      operator: 'operator-1',
    });
    records.append(operationId, { kind: 'RESERVE_INTENT' });
    const mailed = (): number => cms.mailbox.messages().filter(({ messageId }) => messageId.includes(operationId)).length;
    const { expiresAt } = await over(first, () => client.reserve(request, signal));
    records.append(operationId, { kind: 'RESERVED', expiresAt });
    records.append(operationId, { kind: 'PRINTER_READY' });
    records.append(operationId, { kind: 'PRINT_INTENT', attempt: 1 });
    await over(second, () => client.releasePaperPart({ operationId, attempt: 1, key: key.publicKey }, signal));
    if (cms.cms.store.operation(operationId)?.releases.length !== 1) broken.push('I2 one attempt was released more than once');
    if (mailed() !== 0 || cms.cms.store.secondPart(operationId) !== null) broken.push('I3 a second part before the hand-over');
    records.appendOutcome(report);
    await over(third, async () => {
      const settled = await settle({ cms: client, journal: records }, report, signal);
      if (!settled.ok && settled.error.kind === 'journal-unwritable') throw new Error(settled.error.detail);
      return settled as Result<unknown, CmsError>;
    });
    if (cms.cms.store.operation(operationId)?.state !== 'CONFIRMED') broken.push('I1 closed here, and not confirmed there');
    if (records.show(operationId)?.rows.at(-1)?.row.kind !== 'CLOSED' || records.outbox().length > 0) broken.push('I1 not closed here');
    if (cms.cms.store.secondPart(operationId) === null) broken.push('I1 confirmed, and no second part');
    while (mailed() === 0) await arrival(cms.mailbox);
    if (mailed() > 1) broken.push('I4 the second part was sent twice');
  } catch (error) {
    broken.push(`I1 ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    line.next = null;
    await client.close();
    records.close();
  }
  return broken;
}
