import { decodeJwt } from 'jose';
import { calls, proofClaims } from '../contract.ts';
import { claimsOf } from '../signed.ts';
import type { Check } from './check.ts';
import { Fault, must, said } from './conversation.ts';

/** No CMS needs to be more patient than this, with tries or sends. */
const MOST_TRIES = 10;
const MOST_SENDS = 10;

export const contactChecks: readonly Check[] = [
  {
    id: 'code-tries',
    title: 'A one-time code can be tried a few times only, and a try said twice is one',
    async run(cms) {
      const operationId = cms.newOperation();
      const { contactId, triesLeft } = await cms.answer(calls['contact-code'].answer, 201, cms.contactCode(operationId));
      must(triesLeft >= 1 && triesLeft <= MOST_TRIES, `${triesLeft} tries are offered`);
      for (let attempt = 1; attempt <= MOST_TRIES; attempt += 1) {
        // Said twice, it must not cost another try.
        await cms.ask(cms.tryCode(operationId, contactId, '000000', attempt));
        const heard = await cms.ask(cms.tryCode(operationId, contactId, '000000', attempt));
        if (heard.refusal === 'tries-exhausted') {
          must(attempt === triesLeft, `${triesLeft} tries were offered and ${attempt} given`);
          const later = await cms.ask(cms.tryCode(operationId, contactId, '000001', attempt + 1));
          must(later.refusal === 'tries-exhausted', `after the last try: ${said(later)}`);
          return `${attempt} tries`;
        }
        must(heard.refusal === 'wrong-code', `try ${attempt}: ${said(heard)}`);
      }
      throw new Fault(`still wrong-code after ${MOST_TRIES} tries`);
    },
  },
  {
    id: 'code-sends',
    title: 'One-time codes are sent a few times only, and not one after the other',
    async run(cms) {
      const operationId = cms.newOperation();
      for (let send = 1; send <= MOST_SENDS; send += 1) {
        const heard = await cms.ask(cms.contactCode(operationId, send));
        if (heard.refusal === 'sends-exhausted' || heard.refusal === 'resend-too-soon') return `${send - 1} sent, then ${heard.refusal}`;
        must(heard.status === 201, `send ${send}: ${said(heard)}`);
      }
      throw new Fault(`${MOST_SENDS} codes were sent in a row`);
    },
  },
  {
    id: 'contact-shapes',
    title: 'A contact that could become a header, a list or a call abroad is refused',
    async run(cms) {
      const unusable = ['a@b.example, c@d.example', 'a@b.example>', '@', 'RCPT TO:<a@b.example>', '+8821234567890', '112'];
      for (const value of unusable) {
        const heard = await cms.ask(cms.contactCode(cms.newOperation(), 1, value));
        must(heard.refusal === 'contact-unusable', `${said(heard)} instead of contact-unusable`);
      }
      return `${unusable.length} refused`;
    },
  },
  {
    id: 'contact-proof',
    title: 'The right code proves this contact for this operation, signed and not for long',
    needs: ['oneTimeCode'],
    async run(cms) {
      const operationId = cms.newOperation();
      const { contactId } = await cms.answer(calls['contact-code'].answer, 201, cms.contactCode(operationId));
      const code = await cms.codeFor(contactId);
      const foreign = await cms.ask(cms.tryCode(cms.newOperation(), contactId, code, 1));
      must(foreign.refusal === 'contact-unknown', `for another operation: ${said(foreign)}`);
      const { proof } = await cms.answer(calls['contact-proof'].answer, 200, cms.tryCode(operationId, contactId, code, 1));
      const claims =
        cms.signingKey === null
          ? (proofClaims.safeParse(decodeJwt(proof)).data ?? null)
          : await claimsOf(proof, 'sportello-contact+jwt', cms.signingKey, proofClaims);
      must(claims !== null, 'the proof is not signed by the pinned key, or says other than the contract');
      must(claims.operationId === operationId && claims.contactId === contactId, 'the proof is about another contact or operation');
      must(claims.channel === cms.contact.channel, 'the proof is about another channel');
      must(claims.exp - claims.iat <= 3_600, `the proof serves for ${claims.exp - claims.iat} s`);
      const again = await cms.ask(cms.tryCode(operationId, contactId, code, 2));
      must(again.refusal === 'code-expired', `the code a second time: ${said(again)}`);
      return `serves for ${claims.exp - claims.iat} s`;
    },
  },
];
