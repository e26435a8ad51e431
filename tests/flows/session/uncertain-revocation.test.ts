import { expect, test } from 'vitest';
import type { TrustVerdict } from '../../../flows/ports/trust.ts';
import { uncertainRevocation } from '../../../flows/procedures/uncertain-revocation.ts';
import { good, settled, startTestDesk } from './desk-harness.ts';

/** Of a card whose CRL ended so long ago; `null`: there is none. */
function unknown(secondsPastEnd: number | null): TrustVerdict {
  if (secondsPastEnd === null) return { ...good, status: 'unknown', crl: null };
  const dates = { number: '7', thisUpdate: '2026-11-20T10:00:00.000Z', nextUpdate: '2026-11-21T10:00:00.000Z' };
  return { ...good, status: 'unknown', crl: { ...dates, ageSeconds: 86_400 + secondsPastEnd, secondsPastEnd } };
}

test.each([
  ['refuse', 3_600, 'stopped'],
  ['allow', null, 'recognised'],
  [{ allowForSeconds: 43_200 }, 3_600, 'recognised'],
  [{ allowForSeconds: 43_200 }, 50_000, 'stopped'],
  [{ allowForSeconds: 43_200 }, null, 'stopped'],
  // The CRL is fresh, so it is something else that is amiss: the clock.
  [{ allowForSeconds: 43_200 }, -3_600, 'stopped'],
] as const)('with %j and a CRL that ended %j seconds ago, the citizen sees %s', async (answer, secondsPastEnd, screen) => {
  const rules = { uncertainRevocation: uncertainRevocation.parse({ activation: answer }) };
  const stage = startTestDesk(undefined, undefined, rules);
  stage.seen.verdict = unknown(secondsPastEnd);
  await settled();
  stage.card.insert();
  await settled();
  expect(stage.desk.citizen()).toMatchObject(screen === 'stopped' ? { screen, reason: 'card-not-verifiable' } : { screen });
});

test('the operator who identifies the holder of such a card reads the rule beside it', async () => {
  const rules = { uncertainRevocation: uncertainRevocation.parse({ activation: { allowForSeconds: 43_200 } }) };
  const stage = startTestDesk(undefined, undefined, rules);
  stage.seen.verdict = unknown(3_600);
  await stage.goTo('operator');
  expect(stage.desk.operator()).toMatchObject({
    revocation: { lists: [], clockFault: null, table: { activation: { allowForSeconds: 43_200 }, reissue: 'refuse', suspension: 'allow' } },
    waiting: { certificate: { status: 'unknown', crlAgeSeconds: 90_000, uncertainRule: { allowForSeconds: 43_200 } } },
  });
});
