import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { JWK } from 'jose';
import type { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import type { EnvelopeStanding, OutcomeReport, Receipt, RenewalReserve, Reserve } from '../../flows/ports/cms.ts';
import { isRepresented } from '../../flows/procedures/who.ts';
import {
  type contactCodeRequest,
  type contactCodeSent,
  type contactProved,
  type dayCount,
  type operationViews,
  oneTimeCodeLength,
  type paperPartRequest,
  proofClaims,
  receiptClaims,
  type reservation,
  type sealedPaperPart,
} from '../cms/contract.ts';
import type { ProblemType } from '../cms/problems.ts';
import type { relayAnswer } from '../cms/relays.ts';
import type { Log } from '../log/log.ts';
import { type OperatorAssertion, claimedOperator, verifyAssertion } from '../operators/assertion.ts';
import type { Behind } from './behind.ts';
import { contradictionOf } from './card-codes.ts';
import { type CodeScheme, digits } from './codes.ts';
import { isContact, masked, maySend, mayTry, oneTimeCodes, sameHash } from './contacts.ts';
import { type EnvelopeOffer, createEnvelopes } from './envelopes.ts';
import type { Mail } from './mail.ts';
import { createNationalCodes, isNational } from './national-codes.ts';
import { createPriorCards } from './prior-cards.ts';
import { type Operation, type TimesToLive, afterSilence, refusalOf, release, reserve, sendsSecondPart, settle } from './ratchet.ts';
import { seal } from './sealing.ts';
import type { Certified } from '../../devices/card/virtual/certificate.ts';
import type { RelayRequest } from './relays.ts';
import { createRemoteIssues } from './remote-issues.ts';
import { type ServiceParts, createServices } from './services.ts';
import { createSignatures } from './signatures.ts';
import type { CmsKey } from './signing.ts';
import type { Contact, Store } from './store.ts';

/** An answer, and what is to be done once it is durable. */
export interface Done<T> {
  readonly answer: T;
  /** The call is refused for this, and `answer` goes with the refusal. */
  readonly refused?: ProblemType;
  readonly then?: () => void;
}
export type Decision<T> = Result<Done<T>, ProblemType>;
/** The part of a call that runs inside its transaction, at `now`: it may write, and it does not wait. */
export type Decide<T> = (now: number) => Decision<T>;

export interface CmsParts {
  readonly store: Store;
  readonly key: CmsKey;
  readonly mail: Mail;
  readonly log: Log;
  /** Operators' public keys by their ids. */
  readonly operators: ReadonlyMap<string, JWK>;
  readonly behind: Behind;
  readonly scheme: readonly CodeScheme[];
  readonly ttl: TimesToLive;
  readonly offer: EnvelopeOffer | null;
  /** Who signs certificates of signature; `null`: nobody here. */
  readonly signatureAuthority: Certified | null;
  /** One-time codes to one contact within 24 hours. */
  readonly codesADay: number;
  /** A certificate was revoked, or a card was suspended, reactivated or revoked. */
  readonly cardChanged: () => void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const DAY_MS = 24 * 3_600_000;

const proofType = 'sportello-contact+jwt';
const receiptType = 'sportello-receipt+jwt';

export type ReferenceCmsRules = ReturnType<typeof createCms>;

/**
 * What each call of the contract does. Whatever has to be waited for (signatures, seals) is done first and writes nothing; what it
 * returns is decided and written in one transaction.
 */
export function createCms(parts: CmsParts) {
  const { store, key, mail, log, operators, behind, scheme, ttl, offer, codesADay, cardChanged, clock } = parts;
  /** Where an operation stands at `now`, for the kiosk that began it; silence is written down where it is met. */
  const standingOf = (kiosk: string, id: string, now: number): Result<Operation | null, ProblemType> => {
    const found = store.operation(id);
    if (found !== null && found.kiosk !== kiosk) return err('operation-of-another-kiosk');
    const standing = afterSilence(found, now);
    if (found !== null && standing !== null && standing.state !== found.state) move(kiosk, id, standing, now, 'silence');
    return ok(standing);
  };

  const move = (kiosk: string, id: string, operation: Operation, now: number, by: string): void => {
    store.putOperation(id, kiosk, operation, now);
    if (operation.state === 'VOIDED') store.envelopes.settle(id, 'withdrawn');
    if (operation.state === 'CONFIRMED') store.envelopes.settle(id, 'handed');
    log.event('cms-operation', { operation: id, state: operation.state, by });
  };

  /** What an operator signed, if the operator is known here and the signature holds. */
  const signedDecision = async (jws: string): Promise<(OperatorAssertion & { readonly operator: string }) | null> => {
    const operator = claimedOperator(jws);
    const publicKey = operator === null ? undefined : operators.get(operator);
    if (operator === null || publicKey === undefined) return null;
    const assertion = await verifyAssertion(jws, publicKey);
    return assertion.ok ? { ...assertion.value, operator } : null;
  };

  const receiptFor = (kiosk: string, id: string, state: Receipt['state'], now: number): Receipt => {
    const given = store.receipt(id, state);
    if (given !== null) return { ...receiptClaims.parse(key.verify(receiptType, given.jws)), jws: given.jws };
    const claims = { operationId: id, state, sequence: store.nextSequence(), at: new Date(now).toISOString(), ...envelopeOf(id) };
    const made = { ...claims, jws: key.sign(receiptType, { ...claims, kiosk }) };
    store.addReceipt(made);
    return made;
  };

  /** The envelope that is bound to an operation, where there is one, and what is known of the card's PIN. */
  const envelopeOf = (id: string): { readonly envelope?: EnvelopeStanding } => {
    const envelope = store.envelopes.standing(id);
    return envelope === null ? {} : { envelope };
  };

  const hasHadCodes = (cardId: string): boolean =>
    store.hasHadCodes(cardId) || store.remoteIssues.hasHadCodes(cardId) || store.envelopes.card(cardId)?.state === 'activated';

  /** Whether the card is known to have its envelope's PIN; nothing where codes go another way. */
  const pinOf = (id: string): { readonly pinKnown?: boolean } => {
    const reservation = store.envelopes.reservation(id);
    return reservation === null ? {} : { pinKnown: reservation.pin === 'set' };
  };

  const nationalCodes = createNationalCodes(store.services);
  const priorCards = createPriorCards({ store, key, standingOf });
  /** Whether codes may be given to a card: not to one that the register has as suspended or revoked. */
  const mayHaveCodes = (cardId: string): boolean => ['active', null].includes(store.services.statusOf(cardId));

  const envelopes = createEnvelopes({
    store: store.envelopes,
    relays: store.relays,
    mayHaveCodes,
    key,
    log,
    ttl,
    offer,
    standingOf,
    move,
    async identified(request) {
      const decision = await signedDecision(request.operatorAssertion);
      return decision !== null && identifies(decision, request) ? decision : null;
    },
  });

  const signatures = createSignatures({
    store: store.signatures,
    relays: store.relays,
    key,
    log,
    authority: parts.signatureAuthority,
    chip: (cardId) => store.envelopes.card(cardId),
    waitsMs: ttl.reservedMs,
    cameOf: (operationId) => store.services.service(operationId)?.state ?? null,
    done: (request, now) => services.conclude(request, 'DONE', now),
    voided: (request, now) => services.conclude(request, 'VOIDED', now),
  });
  const serving: ServiceParts = { store: store.services, key, log, signedDecision, signatures: null, cardChanged };
  const services = createServices({ ...serving, signatures }, 'regional');
  const national = createServices(serving, 'national');
  const remoteIssue = createRemoteIssues({ ...serving, store, services, mail, behind: behind.remote ?? null, clock });

  return {
    contactCode:
      (kiosk: string, request: z.infer<typeof contactCodeRequest>): Decide<z.infer<typeof contactCodeSent>> =>
      (now) => {
        const { operationId, channel, value } = request;
        if (!mail.channels.includes(channel)) return err('channel-unsupported');
        if (!isContact(channel, value)) return err('contact-unusable');
        const standing = standingOf(kiosk, operationId, now);
        if (!standing.ok) return standing;
        if (standing.value !== null) return err(refusalOf[standing.value.state]);
        const sent = store.contactsOf(operationId);
        if (sent.some((contact) => contact.kiosk !== kiosk)) return err('operation-of-another-kiosk');
        const withinADay = store.codesSentTo(value, now - DAY_MS);
        const refusal = maySend(sent, { value, withinADay, mostADay: codesADay }, now);
        if (refusal !== null) return err(refusal);

        const contactId = randomUUID();
        const code = digits(oneTimeCodeLength);
        const expiresAt = now + oneTimeCodes.lifeMs;
        const codeHash = key.digest(contactId, code);
        store.addContact({
          contactId,
          operationId,
          kiosk,
          channel,
          value,
          send: sent.length + 1,
          codeHash,
          triesLeft: oneTimeCodes.tries,
          sentAt: now,
          expiresAt,
        });
        return ok({
          answer: {
            contactId,
            expiresAt: iso(expiresAt),
            resendAfter: iso(now + oneTimeCodes.resendAfterMs),
            triesLeft: oneTimeCodes.tries,
            at: iso(now),
          },
          then: () => mail.sendCode({ channel, to: value, code, contactId, until: expiresAt }),
        });
      },

    /** A wrong try is counted although it is refused. */
    contactProof: (kiosk: string, operationId: string, contactId: string, code: Uint8Array): Decide<z.infer<typeof contactProved>> => {
      const hash = key.digest(contactId, code);
      return (now) => {
        const contact = store.contact(contactId);
        if (contact === null || contact.kiosk !== kiosk || contact.operationId !== operationId) return err('contact-unknown');
        const refusal = mayTry(contact, store.contactsOf(operationId), now);
        if (refusal !== null) return err(refusal);
        store.setTriesLeft(contactId, contact.triesLeft - 1);
        if (!sameHash(hash, contact.codeHash)) return err(contact.triesLeft > 1 ? 'wrong-code' : 'tries-exhausted');
        store.setProved(contactId, now);
        const iat = Math.floor(now / 1000);
        const exp = iat + oneTimeCodes.proofLifeMs / 1000;
        const contactDigest = key.digest('contact', contact.value).toString('base64url');
        const claims: z.infer<typeof proofClaims> = { operationId, contactId, channel: contact.channel, contactDigest, iat, exp };
        return ok({ answer: { proof: key.sign(proofType, claims), expiresAt: iso(exp * 1000), at: iso(now) } });
      };
    },

    provePriorCard: priorCards.prove,

    async reserve(kiosk: string, request: Reserve | RenewalReserve): Promise<Decide<z.infer<typeof reservation>>> {
      const { operationId } = request;
      const proof = proofClaims.safeParse(key.verify(proofType, request.proofOfContact));
      const decision = request.operation === 'renewal' ? null : await signedDecision(request.operatorAssertion);
      /** Who answers for who stands there: the operator's id, nobody (`''`) where the card before does; `null`: neither. */
      const voucher = (now: number): string | null => {
        if (request.operation === 'renewal') return priorCards.holds(request, now) ? '' : null;
        return decision !== null && identifies(decision, request) ? decision.operator : null;
      };
      const judge = (now: number): Result<{ operation: Operation; contact: Contact; operator: string }, ProblemType> => {
        const standing = standingOf(kiosk, operationId, now);
        if (!standing.ok) return standing;
        const reserved = reserve(standing.value, now, ttl);
        if (!reserved.ok) return reserved;
        if (!proof.success || proof.data.operationId !== operationId || proof.data.exp * 1000 <= now) return err('proof-refused');
        const contact = store.contact(proof.data.contactId);
        if (contact === null || contact.kiosk !== kiosk) return err('proof-refused');
        const operator = voucher(now);
        if (operator === null) return err(request.operation === 'renewal' ? 'prior-card-refused' : 'assertion-refused');
        if (!mayHaveCodes(request.card.cardId)) return err('card-state-wrong');
        const hadCodes = isNational(request.operation) ? nationalCodes.hasHadCodes(request) : ok(hasHadCodes(request.card.cardId));
        if (!hadCodes.ok) return hadCodes;
        const contradicted = contradictionOf(request.operation, hadCodes.value);
        if (contradicted !== null) return err(contradicted);
        return ok({ operation: reserved.value, contact, operator });
      };
      // Judged before, so that who stands behind is asked for good requests only; and again inside the transaction.
      const first = store.transaction(() => judge(clock()));
      if (!first.ok) return () => first;
      const codes = await behind.prepare(request, first.value.contact);
      return (now) => {
        const judged = judge(now);
        if (!judged.ok) return judged;
        const { operation, contact, operator } = judged.value;
        move(kiosk, operationId, operation, now, 'reserve');
        store.addReservation(request, contact.contactId, operator, codes);
        const paper = scheme.map(({ label, length, paperCharacters }) => ({ code: label, characters: paperCharacters, of: length }));
        return ok({
          answer: {
            operationId,
            state: 'RESERVED',
            expiresAt: iso(operation.expiresAt ?? now),
            delivery: { scheme: 'split', paper, secondPart: { channel: contact.channel, masked: masked(contact.channel, contact.value) } },
            at: iso(now),
          },
        });
      };
    },

    async paperPart(
      kiosk: string,
      id: string,
      request: z.infer<typeof paperPartRequest>,
    ): Promise<Result<Decide<z.infer<typeof sealedPaperPart>>, ProblemType>> {
      const { attempt } = request;
      const decision = request.authorisation === undefined ? undefined : await signedDecision(request.authorisation);
      const authorised = decision?.decision === 'reprint' && decision.operationId === id && decision.attempt === attempt;
      const sealed = await seal(await behind.paperPart(id), request.key, `${id}:${attempt}`);
      if (!sealed.ok) return err('request-unusable');
      return ok((now) => {
        const standing = standingOf(kiosk, id, now);
        if (!standing.ok) return standing;
        if (store.envelopes.reservation(id) !== null) return err('delivery-not-offered');
        if (decision !== undefined && !authorised) return err('assertion-refused');
        const released = release(standing.value, { attempt, authorised }, now, ttl);
        if (!released.ok) return released;
        move(kiosk, id, released.value, now, 'paper-part');
        return ok({ answer: { attempt, jwe: sealed.value, at: iso(now) } });
      });
    },

    async outcome(kiosk: string, report: OutcomeReport): Promise<Decide<Receipt>> {
      const { operationId: id, attempt, outcome, operatorAssertion } = report;
      const decision = operatorAssertion === undefined ? undefined : await signedDecision(operatorAssertion);
      return (now) => {
        const standing = standingOf(kiosk, id, now);
        if (!standing.ok) return standing;
        if (decision !== undefined && (decision === null || !speaksOf(decision, report))) return err('assertion-refused');
        const attested = decision?.decision === 'hand-over' && decision.handedOver === (outcome === 'handed-over');
        const resolved = decision?.decision === 'resolve' && (decision.finding === 'handed-over') === (outcome === 'handed-over');
        const settled = settle(standing.value, { outcome, attempt, evidence: report.evidence.class, attested, resolved, ...pinOf(id) });
        if (!settled.ok) {
          const over = settled.error === 'operation-voided' || settled.error === 'operation-confirmed';
          const undecided = standing.value?.state === 'HELD' && decision?.decision === 'resolve';
          if (!(over || undecided) || standing.value === null || standing.value.state === 'RESERVED') return settled;
          return ok({ answer: receiptFor(kiosk, id, standing.value.state, now), refused: settled.error });
        }
        const { state } = settled.value;
        if (state === 'RESERVED') throw new Error('an outcome leaves nothing reserved');

        if (standing.value?.state !== state) move(kiosk, id, settled.value, now, outcome);
        store.addOutcome(report, now);
        if (sendsSecondPart(standing.value, settled.value)) {
          const reservation = store.envelopes.reservation(id);
          if (reservation === null) store.queueSecondPart(id, now);
          else store.envelopes.activateCard(reservation.cardId);
        }
        return ok({ answer: receiptFor(kiosk, id, state, now), then: () => void mail.deliver() });
      };
    },

    envelopes,
    services,
    national,
    remoteIssue,

    /** One relay, whatever it is for: the operation says. */
    relay: (kiosk: string, id: string, request: RelayRequest): Decide<z.infer<typeof relayAnswer>> =>
      signatures.relay(kiosk, id, request) ?? envelopes.relay(kiosk, id, request),

    operations: (kiosk: string, ids: readonly string[], now: number): z.infer<typeof operationViews> => ({
      operations: ids.map((operationId) => {
        const standing = standingOf(kiosk, operationId, now);
        if (!standing.ok || standing.value === null) return { operationId, state: 'NONE', releases: 0 };
        return { operationId, state: standing.value.state, releases: standing.value.releases.length, ...envelopeOf(operationId) };
      }),
      at: iso(now),
    }),

    countDay: (kiosk: string, day: string, now: number): z.infer<typeof dayCount> => {
      const from = Date.parse(day);
      const releases = store.releasesBetween(kiosk, from, from + DAY_MS).map(({ at, ...release }) => ({ ...release, at: iso(at) }));
      return { day, releases, at: iso(now) };
    },

    /** Voids what silence has voided by `now`, whether or not anybody asks. */
    voidSilent(now: number): void {
      for (const id of store.silent(now)) {
        const found = store.operation(id);
        if (found !== null) standingOf(found.kiosk, id, now);
      }
      signatures.voidSilent(now);
    },
  };
}

/** The operator identified this person, by this document, for this card, in this operation. */
function identifies(
  decision: OperatorAssertion,
  { operationId, operation, case: holderCase, applicant, representative, card, document }: Omit<Reserve, 'proofOfContact'>,
): boolean {
  return (
    decision.decision === 'identified' &&
    decision.operationId === operationId &&
    decision.operation === operation &&
    decision.fiscalCode === applicant.fiscalCode &&
    decision.case === holderCase &&
    isRepresented(holderCase) === (representative !== undefined) &&
    isDeepStrictEqual(decision.representative, representative) &&
    decision.certificateDigest === card.certificateDigest &&
    decision.document.type === document.type &&
    decision.document.number === document.number &&
    decision.document.issuingBody === document.issuingBody &&
    decision.document.expires === document.expires
  );
}

function speaksOf(decision: OperatorAssertion, { operationId, attempt }: OutcomeReport): boolean {
  const speaks = decision.decision === 'hand-over' || decision.decision === 'resolve';
  return speaks && decision.operationId === operationId && decision.attempt === attempt;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
