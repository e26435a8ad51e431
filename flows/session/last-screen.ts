import type { DeskRules } from './facts.ts';
import { referralOf } from './referral.ts';
import { servedOf, serviceLeft } from './service-status.ts';
import type { SessionSnapshot } from './session.ts';
import type { CitizenScreen } from './status.ts';

/** How a session ended, until the card is out and its holder gone. */
export function lastScreenOf(session: SessionSnapshot, { profile }: DeskRules): CitizenScreen {
  const { ending, delivered, unblocked, served, stop, cardIn, notice, operation } = session.context;
  if (session.matches({ done: 'forgotten' }) || session.matches({ stopped: 'forgotten' })) return { screen: 'card-forgotten' };
  if (ending?.codes === 'confirmed') return { screen: 'done', secondPart: 'received', masked: ending.masked, until: null };
  if (ending?.codes === 'confirm-pending') return { screen: 'done', secondPart: 'pending', masked: ending.masked, until: ending.until };
  if (delivered?.codes === 'confirmed') return { screen: 'envelope-done', receipt: 'received', secured: delivered.secured, notice };
  if (delivered?.codes === 'confirm-pending') return { screen: 'envelope-done', receipt: 'pending', secured: delivered.secured, notice };
  if (unblocked?.pin === 'set') return { screen: 'unblock-done' };
  if (served?.end === 'done') {
    const referral = referralOf(profile, { done: operation });
    return { screen: 'service-done', operation: servedOf(session.context), cardIn, notice, referral };
  }
  const reason = stop ?? 'cancelled';
  const pin = unblocked === null ? null : unblocked.pin === 'unknown' ? 'pin-unknown' : 'pin-unchanged';
  const codes = served === null ? (ending?.codes ?? delivered?.codes ?? pin ?? 'not-issued') : serviceLeft(served);
  return { screen: 'stopped', reason, cardIn, codes, referral: referralOf(profile, { stop: reason }) };
}
