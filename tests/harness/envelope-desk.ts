import { vi } from 'vitest';
import type { OperatorStatus } from '../../flows/session/status.ts';
import { type Sportello, identityCard } from './sportello.ts';

type Taking = Extract<OperatorStatus['waiting'], { task: 'envelope' }>;

/** Up to where the operator looks for the envelope that the lot fell on; answers its number. */
export async function toEnvelope(world: Sportello): Promise<string> {
  await world.toOperator();
  if (world.client.operator()?.envelopes?.shiftOpen !== true) {
    const problem = await world.client.shift({ type: 'receive' });
    if (problem !== null) throw new Error(`the shift: ${problem}`);
  }
  await world.client.identify(identityCard);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'envelope');
  // The product tells nobody its rows.
  world.operationId = world.client.citizen().sessionId ?? world.operationId;
  return drawn(world);
}

/** The envelope that was drawn last. */
export function drawn(world: Sportello): string {
  const row = world.journal().findLast(({ kind }) => kind === 'ENVELOPE_DRAWN');
  if (row?.kind !== 'ENVELOPE_DRAWN') throw new Error('nothing was drawn');
  return row.number;
}

/** The operator's hand with the scanner. */
export function scan(world: Sportello, text: string): void {
  if (world.scanner === null) throw new Error('this desk has no scanner');
  world.scanner.scan(`]A0${text}`);
}

/** Waits until the operator is told why a number was not taken. */
export async function problemIs(world: Sportello, problem: Taking['problem']): Promise<void> {
  const seen = (): Taking['problem'] | undefined => {
    const waiting = world.client.operator()?.waiting;
    return waiting?.task === 'envelope' ? waiting.problem : undefined;
  };
  await vi.waitUntil(() => seen() === problem, { timeout: 10_000, interval: 5 });
}
