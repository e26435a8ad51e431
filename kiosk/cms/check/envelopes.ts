import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { refusalOf, usualRelayPolicy } from '../../../devices/card/relay.ts';
import { calls, stepOf } from '../contract.ts';
import { batchClaims, batchType, countClaims, countType, envelopeReservation } from '../envelopes.ts';
import { claimsOf, jsonOf } from '../signed.ts';
import type { Check } from './check.ts';
import { type Asked, type Conversation, Fault, type Heard, must, said } from './conversation.ts';

const needs = ['operator', 'envelope'] as const;

/** A number that no envelope has. */
const stranger = 'NO SUCH ENVELOPE';

type Batch = z.infer<typeof batchClaims>;

export const envelopeChecks: readonly Check[] = [
  {
    id: 'envelope-lists',
    title: 'The lists of envelopes are signed, are those of the desk that asks, and name each envelope once',
    needs,
    async run(cms) {
      const lists = await batches(cms);
      const numbers = lists.flatMap(({ envelopes }) => envelopes.map(({ number }) => number));
      must(new Set(numbers).size === numbers.length, 'an envelope stands in the lists twice');
      must(mine(cms, lists).length >= 2, "the operator and the magazines have fewer than two envelopes in the desk's lists");
      return `${numbers.length} envelopes, ${cms.signingKey === null ? 'the signatures not verified: --signing-key FILE' : 'signed by the pinned key'}`;
    },
  },
  {
    id: 'card-known',
    title: 'What the CMS knows of a card can be asked; one that it does not know is said to be unknown',
    needs,
    async run(cms) {
      const { cardId } = subject(cms).card;
      const { state, secureMessaging } = await cms.answer(calls.card.answer, 200, { call: 'card', method: 'GET', path: `cards/${cardId}` });
      const unknown = await cms.ask({ call: 'card', method: 'GET', path: `cards/${'9'.repeat(16)}` });
      must(unknown.refusal === 'card-unknown', `a card that there is none of: ${said(unknown)}`);
      return `${state}, ${secureMessaging ? 'with' : 'without'} secure messaging`;
    },
  },
  {
    id: 'relay-binds',
    title:
      'A relay begins only with the reserved card and an envelope of the desk that is free; it binds them for good, and answers each exchange once',
    needs,
    async run(cms) {
      const operationId = await reserved(cms);
      const digest = subject(cms).card.certificateDigest;
      await refused(cms, 'envelope-unknown', opening(operationId, stranger, digest));
      const numbers = mine(cms, await batches(cms));
      await refused(cms, 'relay-of-another-card', opening(operationId, numbers[0] ?? '', '0'.repeat(64)));
      const { open, first, number } = await bound(cms, operationId, numbers);
      must(first.body.equals((await cms.ask(open)).body), 'the same exchange got other bytes');
      await refused(cms, 'relay-out-of-order', answering(open, 2, '9000'));
      const other = numbers[numbers.indexOf(number) - 1] ?? numbers[numbers.indexOf(number) + 1] ?? '';
      await refused(cms, 'operation-bound-otherwise', opening(operationId, other, digest));
      await refused(cms, 'envelope-spent', opening(await reserved(cms), number, digest));
      await refused(cms, 'pin-not-set', cms.outcome(await cms.handedOver(operationId)));
      const receipt = await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(operationId)));
      must(receipt.state === 'VOIDED' && receipt.envelope?.number === number, 'the receipt does not say which envelope was bound');
      must(receipt.envelope.pin !== 'set', 'the receipt says that the PIN is set, and no card has answered');
      await refused(cms, 'operation-voided', answering(open, 1, '9000'));
      return `bound, and void again: ${receipt.envelope.pin}`;
    },
  },
  {
    id: 'relay-card-says-no',
    title: 'A card that answers nothing but errors is never said to have its PIN; no command is one that a kiosk would not let pass',
    needs,
    async run(cms) {
      const operationId = await reserved(cms);
      const { open, first } = await bound(cms, operationId, mine(cms, await batches(cms)));
      let answer = calls.relay.answer.parse(first.json);
      let exchanges = 0;
      while ('command' in answer) {
        const refusal = refusalOf(Buffer.from(answer.command, 'hex'), usualRelayPolicy);
        must(refusal === undefined, `a kiosk's relay does not let ${answer.command.slice(0, 4)} pass: ${refusal}`);
        exchanges += 1;
        answer = await cms.answer(calls.relay.answer, 200, answering(open, exchanges, '6F00'));
      }
      const [view] = await cms.view(operationId);
      must(view?.envelope !== undefined && view.envelope.pin !== 'set', 'the CMS holds the PIN for set');
      await cms.answer(calls.outcome.answer, 200, cms.outcome(cms.notHandedOver(operationId)));
      return `${exchanges} commands, then the end`;
    },
  },
  {
    id: 'envelope-count',
    title: "A shift's count is answered with what does not agree, signed, and with the digest of its seed; another seed is refused",
    needs,
    async run(cms) {
      const [list] = await batches(cms);
      must(list !== undefined, 'the desk has no list');
      const shift = cms.newOperation();
      const seed = randomBytes(32).toString('hex');
      const count = counting(shift, list, seed, [{ number: stranger, state: 'assigned' }]);
      const { counted } = await cms.answer(calls['envelope-count'].answer, 200, count);
      const claims = await signed(cms, counted, countType, countClaims);
      must(claims.shift === shift && claims.batch === list.batch && claims.desk === list.desk, 'the answer is about another count');
      must(claims.seedDigest === hash('sha256', Buffer.from(seed, 'hex'), 'hex'), 'the answer names another seed');
      const named = claims.differences.map(({ number }) => number);
      must(!claims.agrees && named.includes(stranger), 'an envelope that is none of the batch is not named');
      must(
        list.envelopes.every(({ number }) => named.includes(number)),
        'an envelope that was not counted is not named',
      );
      await refused(cms, 'seed-contradicted', counting(shift, list, '00'.repeat(32), [], 2));
      return `${named.length} differences named`;
    },
  },
];

function subject(cms: Conversation): NonNullable<Conversation['bench']['envelope']> {
  must(cms.bench.envelope !== undefined, 'the bench gives no envelope');
  return cms.bench.envelope;
}

/** What a JWS says, verified where the CMS's key was given. */
async function signed<T>(cms: Conversation, jws: string, type: string, schema: z.ZodType<T>): Promise<T> {
  const said = Buffer.from(jws.split('.')[1] ?? '', 'base64url');
  const claims = cms.signingKey === null ? schema.safeParse(jsonOf(said)).data : await claimsOf(jws, type, cms.signingKey, schema);
  must(claims !== null && claims !== undefined, `the signature of a ${type} does not hold, or its claims are others`);
  return claims;
}

async function batches(cms: Conversation): Promise<Batch[]> {
  const { desk } = subject(cms);
  const asked = { call: 'envelope-batches', method: 'GET', path: `envelopes/batches?desk=${desk}` } as const;
  const lists: Batch[] = [];
  for (const jws of (await cms.answer(calls['envelope-batches'].answer, 200, asked)).batches) {
    const claims = await signed(cms, jws, batchType, batchClaims);
    must(claims.desk === desk, "a list is another desk's");
    lists.push(claims);
  }
  return lists;
}

/** Envelopes that the bench's operator may take. */
function mine({ bench }: Conversation, lists: readonly Batch[]): readonly string[] {
  return lists
    .flatMap(({ envelopes }) => envelopes)
    .filter(({ holder }) => holder.kind === 'magazine' || holder.id === bench.operator?.id)
    .map(({ number }) => number);
}

/** Opens a relay with the first envelope that no run before has spent: it is bound to the operation. */
async function bound(
  cms: Conversation,
  operationId: string,
  numbers: readonly string[],
): Promise<{ readonly number: string; readonly open: Opening; readonly first: Heard }> {
  for (const number of numbers) {
    const open = opening(operationId, number, subject(cms).card.certificateDigest);
    const first = await cms.ask(open);
    if (first.refusal === 'envelope-spent') continue;
    const answer = calls.relay.answer.safeParse(first.json);
    must(first.status === 200 && answer.success && 'command' in answer.data, `the first exchange: ${said(first)}, and no command`);
    return { number, open, first };
  }
  throw new Fault("every envelope of the desk's lists is spent: the bench needs a new list");
}

async function reserved(cms: Conversation): Promise<string> {
  const operationId = cms.newOperation();
  await cms.answer(envelopeReservation, 201, cms.reserve(operationId, await cms.envelopeReserveBody(operationId)));
  return operationId;
}

interface Opening extends Asked {
  readonly operationId: string;
  readonly relay: string;
}

function opening(operationId: string, envelope: string, certificateDigest: string): Opening {
  const relay = randomUUID();
  return { ...exchange(operationId, relay, 0, { envelope, card: { certificateDigest } }), operationId, relay };
}

function answering({ operationId, relay }: Opening, sequence: number, answer: string): Asked {
  return exchange(operationId, relay, sequence, { answer });
}

function exchange(operationId: string, relay: string, sequence: number, content: object): Asked {
  const key = `${operationId}:${stepOf.relay(relay)}:${sequence}`;
  return { call: 'relay', path: `operations/${operationId}/relay`, key, body: { relay, sequence, ...content } };
}

function counting(
  shift: string,
  { desk, batch }: Batch,
  seed: string,
  envelopes: readonly { readonly number: string; readonly state: 'assigned' }[],
  attempt = 1,
): Asked {
  const key = `${shift}:${stepOf.envelopeCount(batch)}:${attempt}`;
  return { call: 'envelope-count', path: 'envelopes/counts', key, body: { shift, attempt, desk, batch, seed, envelopes } };
}

async function refused(cms: Conversation, type: string, asked: Asked): Promise<Heard> {
  const heard = await cms.ask(asked);
  must(heard.refusal === type, `${said(heard)} instead of ${type}`);
  return heard;
}
