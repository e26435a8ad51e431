import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import type { EnvelopeStanding } from '../../flows/ports/cms.ts';
import type { EnvelopeState } from '../../flows/envelopes/envelope.ts';
import type { EnvelopeReserve, EnvelopeStateAtCms } from '../../flows/ports/envelopes.ts';
import {
  type batchClaims,
  type batchesAnswer,
  batchType,
  type cardAnswer,
  type countClaims,
  countType,
  type countedEnvelopes,
  type envelopeCountRequest,
  type envelopeReservation,
  mostBatches,
} from '../cms/envelopes.ts';
import { type relayAnswer, type relayClaims, relayType } from '../cms/relays.ts';
import type { ProblemType } from '../cms/problems.ts';
import type { Log } from '../log/log.ts';
import type { OperatorAssertion } from '../operators/assertion.ts';
import { contradictionOf } from './card-codes.ts';
import type { Decide, Decision } from './cms.ts';
import type { Envelope, EnvelopeStore, IssuedCard } from './envelope-store.ts';
import { advance, together } from './pin-setting.ts';
import { type Operation, type TimesToLive, bind, refusalOf, reserve } from './ratchet.ts';
import { type RelayRequest, takeExchange } from './relays.ts';
import type { RelayStore } from './relay-store.ts';
import type { CmsKey } from './signing.ts';

/** For whom codes go by envelope, and what lies in it. */
export interface EnvelopeOffer {
  readonly profiles: readonly string[];
  readonly contents: readonly string[];
  /** Whether cards without secure messaging are served, by commands that the kiosk can read. */
  readonly plainCommands: 'refused' | 'allowed';
  /** The desks at which each kiosk stands; left out: every kiosk at every desk. */
  readonly desks?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface EnvelopeParts {
  readonly store: EnvelopeStore;
  readonly relays: RelayStore;
  readonly key: CmsKey;
  readonly log: Log;
  readonly ttl: TimesToLive;
  /** `null`: this CMS delivers no envelopes. */
  readonly offer: EnvelopeOffer | null;
  readonly standingOf: (kiosk: string, id: string, now: number) => Result<Operation | null, ProblemType>;
  /** The card is neither suspended nor revoked. */
  readonly mayHaveCodes: (cardId: string) => boolean;
  readonly move: (kiosk: string, id: string, operation: Operation, now: number, by: string) => void;
  /** The operator's signed word that this person was identified, for this card, in this operation; `null`: it does not hold. */
  readonly identified: (request: EnvelopeReserve) => Promise<(OperatorAssertion & { readonly operator: string }) | null>;
}

/** What the calls of the blind envelope do: lists and counts, reservations whose PIN the CMS sets, and the relay by which it does. */
export function createEnvelopes({ store, relays, key, log, ttl, offer, standingOf, mayHaveCodes, move, identified }: EnvelopeParts) {
  const standsAt = (kiosk: string, desk: string): boolean =>
    offer?.desks === undefined || (new Map(Object.entries(offer.desks)).get(kiosk) ?? []).includes(desk);
  const served = ({ messaging }: IssuedCard): boolean => messaging !== null || offer?.plainCommands === 'allowed';

  /** Why this envelope must not serve the operation; `null`: it may. */
  const envelopeRefusal = (
    envelope: Envelope | null,
    id: string,
    { operator, desk, number }: { readonly operator: string; readonly desk: string; readonly number: string | null },
  ): ProblemType | null => {
    if (envelope === null) return 'envelope-unknown';
    if (envelope.desk !== desk) return 'envelope-of-another-desk';
    if (envelope.holderKind === 'operator' && envelope.holderId !== operator) return 'envelope-of-another-operator';
    if (number !== null && number !== envelope.number) return 'operation-bound-otherwise';
    return envelope.state === 'free' || (envelope.state === 'bound' && envelope.operationId === id) ? null : 'envelope-spent';
  };

  /** Where the relay stands after the answers that it has had: the next command, or its signed end. What is known of the PIN is written down first. */
  const step = (id: string, relay: string, sequence: number, card: IssuedCard, now: number): Decision<z.infer<typeof relayAnswer>> => {
    const before = store.standing(id);
    const row = relays.find(relay);
    const envelope = before === null ? null : store.envelope(before.number);
    if (before === null || row === null || envelope === null) throw new Error('a relay without its envelope');
    const { progress, ...next } = advance(card, envelope.pin, row.nonce, relays.answers(relay));
    const standing: EnvelopeStanding = together(before, progress);
    store.setPin(id, standing);
    const at = new Date(now).toISOString();
    if ('command' in next) {
      const command = Buffer.from(next.command).toString('hex').toUpperCase();
      return ok({ answer: { sequence, command, at } });
    }
    relays.end(relay, next.ended);
    const secured = card.messaging !== null;
    const claims: z.infer<typeof relayClaims> = {
      operationId: id,
      relay,
      ended: next.ended,
      secured,
      envelope: standing,
      tries: progress.tries,
      at,
    };
    log.event('cms-relay', { operation: id, ended: next.ended, standing: standing.pin, evidence: standing.evidence, secured });
    return ok({ answer: { sequence, end: key.sign(relayType, claims), at } });
  };

  return {
    async reserveEnvelope(kiosk: string, request: EnvelopeReserve): Promise<Decide<z.infer<typeof envelopeReservation>>> {
      const { operationId, profile } = request;
      const decision = await identified(request);
      return (now) => {
        const standing = standingOf(kiosk, operationId, now);
        if (!standing.ok) return standing;
        const reserved = reserve(standing.value, now, ttl);
        if (!reserved.ok) return reserved;
        if (offer?.profiles.includes(profile.id) !== true) return err('delivery-not-offered');
        if (decision === null) return err('assertion-refused');
        const card = store.card(request.card.cardId);
        if (card === null || card.state === 'revoked' || card.certificateDigest !== request.card.certificateDigest)
          return err('card-unknown');
        if (!served(card)) return err('card-without-secure-messaging');
        if (!mayHaveCodes(request.card.cardId)) return err('card-state-wrong');
        const contradicted = contradictionOf(request.operation, card.state === 'activated');
        if (contradicted !== null) return err(contradicted);
        move(kiosk, operationId, reserved.value, now, 'reserve');
        store.addReservation(request, decision.operator);
        const expiresAt = new Date(reserved.value.expiresAt ?? now).toISOString();
        const delivery = { scheme: 'envelope' as const, contents: [...offer.contents] };
        return ok({ answer: { operationId, state: 'RESERVED', expiresAt, delivery, at: new Date(now).toISOString() } });
      };
    },

    relay:
      (kiosk: string, id: string, request: RelayRequest): Decide<z.infer<typeof relayAnswer>> =>
      (now) => {
        const standing = standingOf(kiosk, id, now);
        if (!standing.ok) return standing;
        if (standing.value === null) return err('operation-unknown');
        if (standing.value.state !== 'RESERVED') return err(refusalOf[standing.value.state]);
        const reservation = store.reservation(id);
        if (reservation === null) return err('delivery-not-offered');
        const card = store.card(reservation.cardId);
        if (card === null) return err('card-unknown');
        if (!served(card)) return err('card-without-secure-messaging');
        if (!('answer' in request)) {
          if (card.certificateDigest !== request.card.certificateDigest) return err('relay-of-another-card');
          const refusal = envelopeRefusal(store.envelope(request.envelope ?? ''), id, reservation);
          if (refusal !== null) return err(refusal);
        }
        const notTaken = takeExchange(relays, id, request, now);
        if (notTaken !== null) return err(notTaken);
        if (!('answer' in request) && request.envelope !== undefined && reservation.number === null) {
          store.bind(request.envelope, id);
          move(kiosk, id, bind(standing.value, now, ttl), now, 'relay');
        }
        return step(id, request.relay, request.sequence, card, now);
      },

    batches(kiosk: string, desk: string, now: number): Result<z.infer<typeof batchesAnswer>, ProblemType> {
      if (offer === null) return err('delivery-not-offered');
      if (!standsAt(kiosk, desk)) return err('envelope-of-another-desk');
      const batches = store.batchesFor(desk, mostBatches).map(({ batch, issuedAt }) => {
        const envelopes = store
          .listed(batch)
          .map(({ number, holderKind, holderId }) => ({ number, holder: { kind: holderKind, id: holderId } }));
        const claims: z.infer<typeof batchClaims> = { batch, desk, issuedAt: new Date(issuedAt).toISOString(), envelopes };
        return key.sign(batchType, claims);
      });
      return ok({ batches, at: new Date(now).toISOString() });
    },

    count:
      (kiosk: string, request: z.infer<typeof envelopeCountRequest>): Decide<z.infer<typeof countedEnvelopes>> =>
      (now) => {
        if (offer === null) return err('delivery-not-offered');
        const { shift, desk, batch, seed, envelopes } = request;
        if (!standsAt(kiosk, desk)) return err('envelope-of-another-desk');
        if (store.batch(batch, desk) === null) return err('batch-unknown');
        if ((store.seedOf(shift) ?? seed) !== seed) return err('seed-contradicted');
        const listed = new Set(store.listed(batch).map(({ number }) => number));
        for (const { number, state } of envelopes) if (givenUp.includes(state) && listed.has(number)) store.withdraw(number);

        const here = new Map(store.statesOf(batch).map(({ number, state }) => [number, state]));
        const there = new Map(envelopes.map(({ number, state }) => [number, state]));
        const differences = [...new Set([...here.keys(), ...there.keys()])].sort().flatMap((number) => {
          const [at, cms] = [there.get(number), here.get(number)];
          const agrees = at !== undefined && cms !== undefined && agreeing[at].includes(cms);
          return agrees ? [] : [{ number, kiosk: at ?? null, cms: cms ?? null }];
        });
        const at = new Date(now).toISOString();
        const seedDigest = createHash('sha256').update(Buffer.from(seed, 'hex')).digest('hex');
        const claims: z.infer<typeof countClaims> = { shift, desk, batch, seedDigest, agrees: differences.length === 0, differences, at };
        const counted = key.sign(countType, claims);
        store.addCount(request, kiosk, counted, now);
        return ok({ answer: { counted, at } });
      },

    card(cardId: string, now: number): Result<z.infer<typeof cardAnswer>, ProblemType> {
      if (offer === null) return err('delivery-not-offered');
      const card = store.card(cardId);
      if (card === null) return err('card-unknown');
      const { issuer, state, messaging } = card;
      return ok({ cardId, issuer, state, secureMessaging: messaging !== null, at: new Date(now).toISOString() });
    },
  };
}

/** Kept from every further use, whatever the CMS knew of them. */
const givenUp: readonly EnvelopeState[] = ['spoiled', 'aborted', 'unclaimed', 'quarantined'];

/** What the CMS may say of an envelope whose state at the kiosk is this, and both are right. One that is held is given up there and bound here. */
const agreeing: Readonly<Record<EnvelopeState, readonly EnvelopeStateAtCms[]>> = {
  received: ['free'],
  assigned: ['free'],
  drawn: ['free'],
  scanned: ['free'],
  bound: ['bound'],
  handed: ['handed'],
  spoiled: ['withdrawn', 'bound'],
  aborted: ['withdrawn', 'bound'],
  unclaimed: ['withdrawn', 'bound'],
  quarantined: ['withdrawn', 'bound'],
};
