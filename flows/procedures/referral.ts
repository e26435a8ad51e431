import type { Profile } from './profile.ts';

export const referralsTo = ['new-card', 'wrong-data', 'help-line'] as const;
export type ReferralTo = (typeof referralsTo)[number];

/** Where people are sent with what no desk does. */
export interface Referral {
  readonly to: ReferralTo;
  /** The profile's own: Italian, or of a help line its number. */
  readonly words: string;
  /** Who sends them there (procedures.md). */
  readonly rule: string;
  readonly citation: string;
}

const rules = { 'help-line': 'ACT-13', 'wrong-data': 'OP-RDT', 'new-card': 'OP-CRD' } as const satisfies Record<ReferralTo, string>;

/** A referral in the region's words: where data are corrected differs (C19). */
export function referralTo({ referrals: { helpLine, wrongData, newCard } }: Profile, to: ReferralTo): Referral {
  const said = { 'help-line': helpLine, 'wrong-data': wrongData, 'new-card': newCard }[to];
  return { to, words: 'phone' in said ? said.phone : said.it, rule: rules[to], citation: said.citation };
}
