import type { Profile } from '../procedures/profile.ts';
import { type Referral, type ReferralTo, referralTo } from '../procedures/referral.ts';
import type { Operation } from '../procedures/vocabulary.ts';
import type { StopReason } from './status.ts';

/** Stops that a help line does not mend (OP-RDT, OP-CRD). A card of an unknown series may be a good one: nobody is sent for another (decision 0230). */
const stops: Partial<Readonly<Record<StopReason, ReferralTo>>> = {
  'document-mismatch': 'wrong-data',
  'card-expired': 'new-card',
  'card-not-a-cns': 'new-card',
  'card-revoked': 'new-card',
  'puk-blocked': 'new-card',
};

/** What is done, and leaves the holder without a card that is of use (OP-CRD; SAR 9.7.1). */
const done: Partial<Readonly<Record<Operation, ReferralTo>>> = { revocation: 'new-card', 'interop-revocation': 'new-card' };

/** Where the end of a session sends the citizen: whom it stopped at least to the help line (ACT-13), who was served mostly nowhere. */
export function referralOf(profile: Profile, ended: { readonly stop: StopReason }): Referral;
export function referralOf(profile: Profile, ended: { readonly done: Operation }): Referral | null;
export function referralOf(profile: Profile, ended: { readonly stop: StopReason } | { readonly done: Operation }): Referral | null {
  const to = 'stop' in ended ? (stops[ended.stop] ?? 'help-line') : done[ended.done];
  return to === undefined ? null : referralTo(profile, to);
}
