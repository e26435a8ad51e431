import { X509Certificate, type KeyObject, randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { err, ok } from '../../devices/result.ts';
import { type Certified, issueSignatureCertificate } from '../../devices/card/virtual/certificate.ts';
import type { ServiceAccepted } from '../../flows/ports/services.ts';
import type { ProblemType } from '../cms/problems.ts';
import { type loadingClaims, type relayAnswer, relayType } from '../cms/relays.ts';
import type { Log } from '../log/log.ts';
import type { Decide } from './cms.ts';
import type { IssuedCard } from './envelope-store.ts';
import { type RelayRequest, takeExchange } from './relays.ts';
import type { RelayStore } from './relay-store.ts';
import { type IssuedCertificate, advanceLoading } from './signature-loading.ts';
import type { SignatureRequest, SignatureStore } from './signature-store.ts';
import type { CmsKey } from './signing.ts';

export interface SignatureParts {
  readonly store: SignatureStore;
  readonly relays: RelayStore;
  readonly key: CmsKey;
  readonly log: Log;
  /** `null`: this CMS has no authority for signatures. */
  readonly authority: Certified | null;
  /** Keys of the cards that were issued here. */
  readonly chip: (cardId: string) => IssuedCard | null;
  /** How long a request waits for its relay, milliseconds. */
  readonly waitsMs: number;
  /** `null`: nothing came of the operation yet. */
  readonly cameOf: (operationId: string) => 'DONE' | 'VOIDED' | null;
  /** The certificate is on the card: the service is done. */
  readonly done: (request: SignatureRequest, now: number) => void;
  readonly voided: (request: SignatureRequest, now: number) => void;
}

const YEARS = 3;

/** The signature certificate: a request that is accepted waits for a relay; the certificate that is made in it is loaded, or revoked. */
export function createSignatures({ store, relays, key, log, authority, chip, waitsMs, cameOf, done, voided }: SignatureParts) {
  /** The certificate of an operation: the one that is kept, or a new one that is. */
  const issue = ({ operationId, request }: SignatureRequest, relay: string, publicKey: KeyObject, now: number): IssuedCertificate => {
    const kept = store.certificate(operationId);
    if (kept !== null) return issued(kept.certificate);
    if (authority === null) throw new Error('a certificate without an authority');
    const serial = `5f${randomBytes(12).toString('hex')}`;
    const notAfter = new Date(now);
    notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS);
    const certificate = issueSignatureCertificate({
      publicKey,
      holder: request.holder,
      issuer: authority,
      serialNumber: serial,
      notBefore: new Date(now),
      notAfter,
    });
    store.addCertificate(serial, operationId, relay, certificate, now);
    return { certificate, publicKey };
  };

  return {
    /** Why the card cannot get one here; `null`: it can. */
    refusal(cardId: string): ProblemType | null {
      if (authority === null) return 'delivery-not-offered';
      const issuedCard = chip(cardId);
      if (issuedCard === null) return 'card-unknown';
      return issuedCard.messaging === null ? 'card-without-secure-messaging' : null;
    },

    /** Of a card, the newest request counts: what an earlier one left is void. */
    accept(request: Omit<SignatureRequest, 'expiresAt'>, now: number): ServiceAccepted & { readonly at: string } {
      for (const earlier of store.openOf(request.cardId)) voided(earlier, now);
      const accepted = { ...request, expiresAt: now + waitsMs };
      store.addRequest(accepted);
      return answerOf(accepted, now);
    },

    accepted: (operationId: string, now: number): { readonly kiosk: string; readonly answer: ServiceAccepted & { at: string } } | null => {
      const request = store.request(operationId);
      return request === null ? null : { kiosk: request.kiosk, answer: answerOf(request, now) };
    },

    /** `null`: no such request is known. */
    relay(kiosk: string, id: string, request: RelayRequest): Decide<z.infer<typeof relayAnswer>> | null {
      if (store.request(id) === null) return null;
      return (now) => {
        const accepted = store.request(id);
        if (accepted?.kiosk !== kiosk) return err('operation-of-another-kiosk');
        if (cameOf(id) === null && accepted.expiresAt <= now) voided(accepted, now);
        const came = cameOf(id);
        if (came !== null) return err(came === 'DONE' ? 'service-done' : 'service-voided');
        const card = chip(accepted.cardId);
        if (card === null) return err('card-unknown');
        if (!('answer' in request)) {
          if (request.envelope !== undefined) return err('operation-bound-otherwise');
          if (request.card.certificateDigest !== card.certificateDigest) return err('relay-of-another-card');
        }
        const notTaken = takeExchange(relays, id, request, now);
        if (notTaken !== null) return err(notTaken);
        const { relay, sequence } = request;
        const row = relays.find(relay);
        if (row === null) throw new Error('a relay that was not kept');
        const kept = store.certificate(id);
        const issuing = {
          issuedBefore: kept === null || kept.relay === relay ? null : issued(kept.certificate),
          issue: (publicKey: KeyObject) => issue(accepted, relay, publicKey, now),
        };
        const { loaded, ...next } = advanceLoading(card, issuing, row.nonce, relays.answers(relay));
        const at = new Date(now).toISOString();
        if ('command' in next) return ok({ answer: { sequence, command: Buffer.from(next.command).toString('hex').toUpperCase(), at } });
        relays.end(relay, next.ended);
        if (loaded === 'loaded') {
          store.setState(id, 'loaded', now);
          done(accepted, now);
        }
        const claims: z.infer<typeof loadingClaims> = { operationId: id, relay, ended: next.ended, secured: true, certificate: loaded, at };
        log.event('cms-signature', { operation: id, ended: next.ended, certificate: loaded, serial: store.certificate(id)?.serial ?? '' });
        return ok({ answer: { sequence, end: key.sign(relayType, claims), at } });
      };
    },

    /** Nothing comes of it any more: a certificate that was made for it is revoked. */
    void(operationId: string, now: number): void {
      if (store.certificate(operationId) !== null) store.setState(operationId, 'revoked', now);
      relays.endAllOf(operationId, 'superseded');
    },

    /** Voids what silence has voided by `now`. */
    voidSilent(now: number): void {
      for (const id of store.silent(now)) {
        const request = store.request(id);
        if (request !== null) voided(request, now);
      }
    },

    request: (operationId: string): SignatureRequest | null => store.request(operationId),
  };
}

export type Signatures = ReturnType<typeof createSignatures>;

function answerOf({ operationId, expiresAt }: SignatureRequest, now: number): ServiceAccepted & { at: string } {
  return { operationId, state: 'ACCEPTED', expiresAt: new Date(expiresAt).toISOString(), at: new Date(now).toISOString() };
}

function issued(certificate: Uint8Array): IssuedCertificate {
  return { certificate, publicKey: new X509Certificate(certificate).publicKey };
}
