import { createHash } from 'node:crypto';
import { type Result, err, ok } from '../../devices/result.ts';
import type { CmsError } from '../../flows/ports/cms.ts';
import type { EnvelopeBatch, EnvelopeCms } from '../../flows/ports/envelopes.ts';
import { calls, envelopeReserveRequest, idempotencyKey, stepOf } from './contract.ts';
import { batchClaims, batchType, countClaims, countType, envelopeReservation } from './envelopes.ts';
import type { CmsLink } from './link.ts';
import { relayCall } from './relay-call.ts';
import { relayClaims } from './relays.ts';

/** The client's side of the blind envelope. A list, a count's answer or a relay's end that the CMS did not sign counts as no answer. */
export function envelopeCalls(link: CmsLink): EnvelopeCms {
  const { run, json, signed } = link;
  return {
    envelopeBatches: (desk, signal) =>
      run(
        'envelope-batches',
        calls['envelope-batches'].answer,
        { path: `envelopes/batches?desk=${encodeURIComponent(desk)}` },
        signal,
        async ({ batches }) => {
          const lists: EnvelopeBatch[] = [];
          for (const jws of batches) {
            const claims = await signed(jws, batchType, batchClaims);
            if (claims?.desk !== desk) return unbelievable('a list of envelopes that does not hold');
            lists.push({ ...claims, jws });
          }
          return ok(lists);
        },
      ),

    countEnvelopes(count, signal) {
      const { shift, desk, batch, seed } = count;
      const key = idempotencyKey.write({ operationId: shift, step: stepOf.envelopeCount(batch), attempt: count.attempt });
      const question = { path: 'envelopes/counts', key, body: json(calls['envelope-count'].request, count) };
      return run('envelope-count', calls['envelope-count'].answer, question, signal, async ({ counted }) => {
        const claims = await signed(counted, countType, countClaims);
        const ours =
          claims?.shift === shift &&
          claims.desk === desk &&
          claims.batch === batch &&
          claims.seedDigest === createHash('sha256').update(Buffer.from(seed, 'hex')).digest('hex') &&
          claims.agrees === (claims.differences.length === 0);
        if (!ours) return unbelievable('an answer to a count that does not hold');
        return ok({ agrees: claims.agrees, differences: claims.differences, jws: counted });
      });
    },

    reserveEnvelope(request, signal) {
      const key = idempotencyKey.write({ operationId: request.operationId, step: stepOf.reserve, attempt: 1 });
      const question = { path: 'operations', key, body: json(envelopeReserveRequest, request) };
      return run('reserve', envelopeReservation, question, signal, (answer) =>
        Promise.resolve(answer.operationId === request.operationId ? ok(answer) : unbelievable('an answer about another operation')),
      );
    },

    relay: relayCall(link, relayClaims),

    card: (cardId, signal) =>
      run('card', calls.card.answer, { path: `cards/${encodeURIComponent(cardId)}` }, signal, (card) =>
        Promise.resolve(card.cardId === cardId ? ok(card) : unbelievable('an answer about another card')),
      ),
  };
}

function unbelievable(detail: string): Result<never, CmsError> {
  return err({ kind: 'unreachable', detail });
}
