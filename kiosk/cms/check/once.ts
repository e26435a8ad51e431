import { calls, receiptClaims } from '../contract.ts';
import { claimsOf } from '../signed.ts';
import type { Check } from './check.ts';
import { type Conversation, type Heard, must, said } from './conversation.ts';

/** What an answer is, for "the same": status, content type, bytes. */
const whole = ({ status, mediaType, body }: Heard): string => `${status} ${mediaType} ${body.toString('base64')}`;

/** Long enough for a clock in an answer made anew to differ. */
const nextInstant = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 20));

export const onceChecks: readonly Check[] = [
  {
    id: 'same-key-same-answer',
    title: 'Same key and same body: the stored answer, byte for byte, be it yes or no',
    async run(cms) {
      const done = cms.outcome(cms.notHandedOver(cms.newOperation(), 0));
      const confirm = { ...cms.notHandedOver(cms.newOperation()), outcome: 'handed-over' as const };
      for (const asked of [done, cms.outcome(confirm)]) {
        const first = await cms.ask(asked);
        await nextInstant();
        const again = await cms.ask(asked);
        must(whole(again) === whole(first), `${said(first)} became ${said(again)}, or other bytes`);
      }
      return 'an answer and a refusal';
    },
  },
  {
    id: 'same-key-other-body',
    title: 'Same key and another body: 409, and nothing is done',
    async run(cms) {
      const report = cms.notHandedOver(cms.newOperation(), 0);
      const first = await cms.ask(cms.outcome(report));
      const other = await cms.ask(cms.outcome({ ...report, reason: 'altro' }));
      must(other.status === 409 && other.refusal === 'idempotency-mismatch', `${said(other)} instead of idempotency-mismatch`);
      const again = await cms.ask(cms.outcome(report));
      must(whole(again) === whole(first), 'the first answer is lost');
      return 'refused as idempotency-mismatch';
    },
  },
  {
    id: 'fifty-at-once',
    title: 'Fifty at once with one key: one effect, one answer',
    async run(cms) {
      const before = await sequence(cms);
      const asked = cms.outcome(cms.notHandedOver(cms.newOperation(), 0));
      const heard = await Promise.all(Array.from({ length: 50 }, () => cms.ask(asked)));
      const kinds = new Set(heard.map(whole));
      must(kinds.size === 1 && heard[0]?.status === 200, `${kinds.size} different answers, the first ${heard[0] ? said(heard[0]) : ''}`);
      const made = (await sequence(cms)) - before - 1;
      must(made === 1, `${made} receipts were made`);
      return 'one receipt';
    },
  },
  {
    id: 'receipts',
    title: "Receipts count up without gaps, say what they sign, and are signed by the CMS's pinned key",
    async run(cms) {
      const operationId = cms.newOperation();
      const receipt = await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(operationId, 0)));
      must(receipt.operationId === operationId && receipt.state === 'VOIDED', 'the receipt is about something else');
      const next = await sequence(cms);
      must(next === receipt.sequence + 1, `after ${receipt.sequence} comes ${next}`);
      const twice = await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(operationId, 1)));
      must(twice.jws === receipt.jws, 'what was said twice has two receipts');
      if (cms.signingKey === null) return 'the signature was not verified: --signing-key FILE';
      const claims = await claimsOf(receipt.jws, 'sportello-receipt+jwt', cms.signingKey, receiptClaims);
      must(claims !== null, 'the signature does not hold, or its claims are not those of a receipt');
      const agree = claims.operationId === operationId && claims.state === receipt.state && claims.sequence === receipt.sequence;
      must(agree && claims.at === receipt.at, 'the receipt says other than what it signs');
      return 'signed by the pinned key';
    },
  },
  {
    id: 'many-outcomes',
    title: 'Many outcomes at once: each as it would be alone',
    async run(cms) {
      const alone = cms.notHandedOver(cms.newOperation(), 0);
      const receipt = await cms.answer(calls.outcome.answer, 200, cms.outcome(alone));
      const refused = { ...cms.notHandedOver(cms.newOperation()), outcome: 'handed-over' as const };
      const fresh = cms.notHandedOver(cms.newOperation(), 0);
      const asked = { call: 'outcomes', path: 'outcomes', body: { outcomes: [alone, refused, fresh, { ...alone, reason: 'altro' }] } };
      const { answers } = await cms.answer(calls.outcomes.answer, 200, asked);
      const words = answers.map((answer) => ('refused' in answer ? answer.refused : answer.receipt.state));
      must(answers[0]?.receipt?.jws === receipt.jws, 'an outcome that was told before got another receipt');
      const expected = 'VOIDED operation-unknown VOIDED idempotency-mismatch';
      must(words.join(' ') === expected, `${words.join(' ')} instead of ${expected}`);
      const again = await cms.answer(calls.outcome.answer, 200, cms.outcome(fresh));
      must(again.jws === answers[2]?.receipt?.jws, 'told alone afterwards, an outcome got another receipt');
      return `${answers.length} answers in order`;
    },
  },
];

/** The number of a receipt made now. */
async function sequence(cms: Conversation): Promise<number> {
  return (await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(cms.newOperation(), 0)))).sequence;
}
