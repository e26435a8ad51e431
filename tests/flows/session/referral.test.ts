import { describe, expect, test } from 'vitest';
import { operations } from '../../../flows/procedures/vocabulary.ts';
import { referralOf } from '../../../flows/session/referral.ts';
import { stopReasons } from '../../../flows/session/status.ts';
import { profileIds, readProfile } from '../../../kiosk/procedures/profiles.ts';

const read = (id: string) => {
  const profile = readProfile(id);
  if (!profile.ok) throw new Error(id);
  return profile.value;
};
const sardegna = read('sardegna');

const wrongData = ['document-mismatch'];
const newCard = ['card-revoked', 'card-expired', 'card-not-a-cns', 'puk-blocked'];

describe('who is stopped', () => {
  test.each(wrongData)('OP-RDT, C19: %s: to where data are corrected', (stop) => {
    expect(referralOf(sardegna, { stop: stop as never })).toEqual({
      to: 'wrong-data',
      words: 'Rivolgiti all’Agenzia delle Entrate.',
      rule: 'OP-RDT',
      citation: 'SAR 9.3.2(5), 9.3.3(4) (C19)',
    });
  });

  test.each(newCard)('OP-CRD: %s: to where new cards are given', (stop) => {
    expect(referralOf(sardegna, { stop: stop as never })).toMatchObject({
      to: 'new-card',
      words: 'Per una tessera nuova rivolgiti all’Agenzia delle Entrate o alla ASL.',
      rule: 'OP-CRD',
    });
  });

  test.each(stopReasons.filter((reason) => ![...wrongData, ...newCard].includes(reason)))('ACT-13: %s: to the help line', (stop) => {
    expect(referralOf(sardegna, { stop })).toEqual({
      to: 'help-line',
      words: '800 336 611',
      rule: 'ACT-13',
      citation: 'SAR 2.4 (ACT-13)',
    });
  });
});

describe('who was served', () => {
  test.each(operations)('OP-CRD: %s: is sent for a new card after a revocation, and else nowhere', (operation) => {
    const revoked = operation === 'revocation' || operation === 'interop-revocation';
    expect(referralOf(sardegna, { done: operation })?.to ?? null).toBe(revoked ? 'new-card' : null);
  });
});

test.each(profileIds())('%s: each referral is the profile’s, with its source', (id) => {
  const { referrals } = read(id);
  const said = (stop: 'cancelled' | 'document-mismatch' | 'card-revoked') => referralOf(read(id), { stop });
  expect([said('cancelled').words, said('document-mismatch').words, said('card-revoked').words]).toEqual([
    referrals.helpLine.phone,
    referrals.wrongData.it,
    referrals.newCard.it,
  ]);
  for (const stop of ['cancelled', 'document-mismatch', 'card-revoked'] as const) expect(said(stop).citation).not.toBe('');
});
