import { randomUUID, type KeyObject } from 'node:crypto';
import { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT, importJWK } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { type z } from 'zod';
import type { CodeOperation, OutcomeReport } from '../../../flows/ports/cms.ts';
import type { OperatorDecision } from '../../../flows/ports/operators.ts';
import { assertionAlgorithm, assertionType } from '../../operators/assertion.ts';
import { type OneUseKeyPair, makeOneUseKey } from '../../printing/one-use-key.ts';
import { calls, idempotencyHeader, problem, reservation, stepOf } from '../contract.ts';
import { problemPrefix } from '../problems.ts';
import { exchange } from '../exchange.ts';
import { jsonOf } from '../signed.ts';
import { type Bench, usualContact, usualSubject } from './bench.ts';
import type { Description } from './description.ts';

const ANSWER_LIMIT_MS = 15_000;
const LARGEST_ANSWER = 1024 * 1024;
const CODE_LIMIT_MS = 30_000;
const CODE_LOOK_MS = 30;

/** Why a check says no. The message is for the connector's author. */
export class Fault extends Error {}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Fault(otherwise);
}

export interface Heard {
  readonly status: number;
  readonly mediaType: string;
  readonly body: Buffer;
  readonly json: unknown;
  /** The type of a refusal without its prefix; `''` of anything else. */
  readonly refusal: string;
}

export interface Asked {
  /** The `operationId` of the description; left out: none of its calls. */
  readonly call?: string;
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly key?: string;
  readonly body?: unknown;
  /** Sent as it is, in the place of `body`. */
  readonly bytes?: Uint8Array;
  readonly mediaType?: string;
}

/** PEM texts. */
export interface Identity {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The suite's side of the talk: every answer is held against the description, and operations are brought to where a check begins. */
export class Conversation {
  readonly base: URL;
  readonly identity: Identity;
  readonly bench: Bench;
  readonly signingKey: KeyObject | null;
  /** What was not as described, each kind once. */
  readonly misfits = new Set<string>();
  heard = 0;
  /** The card that the bench lends has its first codes once; from then on it is given new ones. */
  #operation: CodeOperation = 'activation';
  readonly #description: Description;
  readonly #agent: Agent;

  constructor(base: URL, identity: Identity, bench: Bench, signingKey: KeyObject | null, description: Description) {
    this.base = base;
    this.identity = identity;
    this.bench = bench;
    this.signingKey = signingKey;
    this.#description = description;
    this.#agent = new Agent({ ...identity, minVersion: 'TLSv1.3', keepAlive: true });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Rejects with the network's own error where there is no answer. */
  async ask({ call = '', method = 'POST', path, key, body, bytes, mediaType = 'application/json' }: Asked): Promise<Heard> {
    const sent = bytes ?? (body === undefined ? null : Buffer.from(JSON.stringify(body)));
    const headers: Record<string, string> = {};
    if (key !== undefined) headers[idempotencyHeader] = key;
    if (sent !== null) headers['Content-Type'] = mediaType;
    const question = { url: new URL(path, this.base), method, headers, body: sent };
    const raw = await exchange(this.#agent, question, LARGEST_ANSWER, AbortSignal.timeout(ANSWER_LIMIT_MS));
    const json = jsonOf(raw.body);
    this.heard += 1;
    const fault = this.#description.faultOf(call, { status: raw.status, mediaType: raw.mediaType, json });
    if (fault !== null) this.misfits.add(fault);
    const refused = problem.safeParse(json);
    return { ...raw, json, refusal: refused.success ? refused.data.type.slice(problemPrefix.length) : '' };
  }

  /** An answer that a check cannot go on without. */
  async answer<T>(schema: z.ZodType<T>, status: number, asked: Asked): Promise<T> {
    const heard = await this.ask(asked);
    const read = schema.safeParse(heard.json);
    must(heard.status === status && read.success, `${asked.call ?? asked.path}: ${said(heard)}`);
    return read.data;
  }

  newOperation(): string {
    return uuidv7();
  }

  get contact(): NonNullable<Bench['contact']> {
    return this.bench.contact ?? usualContact;
  }

  contactCode(operationId: string, send = 1, value = this.contact.value): Asked {
    const body = { operationId, send, channel: this.contact.channel, value, language: 'it' };
    return { call: 'contact-code', path: 'contacts', key: `${operationId}:${stepOf.contactCode}:${send}`, body };
  }

  tryCode(operationId: string, contactId: string, code: string, attempt: number): Asked {
    return {
      call: 'contact-proof',
      path: `contacts/${contactId}/proof`,
      key: `${operationId}:${stepOf.contactProof(contactId)}:${attempt}`,
      bytes: Buffer.from(code, 'ascii'),
      mediaType: 'application/octet-stream',
    };
  }

  async codeFor(contactId: string): Promise<string> {
    const source = this.bench.oneTimeCode;
    must(source !== undefined, 'the bench gives no oneTimeCode');
    if ('fixed' in source) return source.fixed;
    const url = source.url.replace('{contactId}', contactId).replace('{value}', encodeURIComponent(this.contact.value));
    const end = Date.now() + CODE_LIMIT_MS;
    while (Date.now() < end) {
      const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
      const text = (await response.text()).trim();
      if (response.ok && /^\d{6}$/.test(text)) return text;
      await delay(CODE_LOOK_MS);
    }
    throw new Fault('the bench knows no one-time code for the contact, 30 s after it was asked for');
  }

  async proof(operationId: string): Promise<string> {
    const { contactId } = await this.answer(calls['contact-code'].answer, 201, this.contactCode(operationId));
    const asked = this.tryCode(operationId, contactId, await this.codeFor(contactId), 1);
    return (await this.answer(calls['contact-proof'].answer, 200, asked)).proof;
  }

  async sign(decision: OperatorDecision): Promise<string> {
    const { operator } = this.bench;
    must(operator !== undefined, 'the bench gives no operator');
    const claims = { ...decision, device: 'cms-check', iat: Math.floor(Date.now() / 1000), jti: randomUUID() };
    const key = await importJWK(operator.privateKey, assertionAlgorithm);
    return await new SignJWT(claims).setProtectedHeader({ alg: assertionAlgorithm, typ: assertionType, kid: operator.id }).sign(key);
  }

  /** A whole, good reservation request. */
  async reserveBody(operationId: string): Promise<Record<string, unknown>> {
    const request = await this.#identified(operationId, this.bench.subject ?? usualSubject, this.#operation);
    return { ...request, proofOfContact: await this.proof(operationId) };
  }

  /** The same where the codes lie in an envelope: no contact is proved. */
  async envelopeReserveBody(operationId: string): Promise<Record<string, unknown>> {
    must(this.bench.envelope !== undefined, 'the bench gives no envelope');
    return { ...(await this.#identified(operationId, this.bench.envelope)), delivery: 'envelope' };
  }

  async #identified(
    operationId: string,
    subject: NonNullable<Bench['subject']>,
    operation: CodeOperation = 'activation',
  ): Promise<Record<string, unknown>> {
    const { document } = subject;
    const { certificateDigest } = subject.card;
    const { fiscalCode } = subject.applicant;
    const operatorAssertion = await this.sign({
      decision: 'identified',
      operationId,
      operation,
      certificateDigest,
      fiscalCode,
      case: 'adult',
      document,
    });
    return { operationId, operation, case: 'adult', ...subject, operatorAssertion };
  }

  reserve(operationId: string, body: Record<string, unknown>): Asked {
    return { call: 'reserve', path: 'operations', key: `${operationId}:${stepOf.reserve}:1`, body };
  }

  async reserved(): Promise<z.infer<typeof reservation>> {
    const operationId = this.newOperation();
    const heard = await this.ask(this.reserve(operationId, await this.reserveBody(operationId)));
    if (this.#operation === 'activation' && heard.refusal === 'card-activated') {
      this.#operation = 'reissue';
      return await this.reserved();
    }
    const read = reservation.safeParse(heard.json);
    must(heard.status === 201 && read.success, `reserve: ${said(heard)}`);
    return read.data;
  }

  paperPart(operationId: string, key: OneUseKeyPair['publicKey'], attempt = 1): Asked {
    return {
      call: 'paper-part',
      path: `operations/${operationId}/paper-part`,
      key: `${operationId}:${stepOf.paperPart}:${attempt}`,
      body: { attempt, key },
    };
  }

  async released(): Promise<string> {
    const { operationId } = await this.reserved();
    await this.answer(calls['paper-part'].answer, 200, this.paperPart(operationId, makeOneUseKey().publicKey));
    return operationId;
  }

  outcome({ operationId, ...body }: OutcomeReport): Asked {
    const key = `${operationId}:${stepOf.outcome(body.outcome)}:${body.attempt}`;
    return { call: 'outcome', path: `operations/${operationId}/outcome`, key, body };
  }

  notHandedOver(operationId: string, attempt = 1): OutcomeReport {
    const evidence = { class: 'E0', raw: '' } as const;
    return { operationId, attempt, outcome: 'not-handed-over', evidence, exposed: false, reason: 'collaudo' };
  }

  unknown(operationId: string): OutcomeReport {
    return { ...this.notHandedOver(operationId), outcome: 'unknown', evidence: { class: 'E1', raw: '' }, exposed: true };
  }

  /** The operator's signed word goes with it. */
  async handedOver(operationId: string): Promise<OutcomeReport> {
    return {
      ...this.notHandedOver(operationId),
      outcome: 'handed-over',
      evidence: { class: 'E4', raw: '37223030303100' },
      operatorAssertion: await this.sign({ decision: 'hand-over', operationId, attempt: 1, handedOver: true }),
    };
  }

  /** The end of what is held, by an operator's decision. */
  async resolved(operationId: string): Promise<OutcomeReport> {
    return {
      ...this.unknown(operationId),
      outcome: 'handed-over',
      exposed: false,
      operatorAssertion: await this.sign({ decision: 'resolve', operationId, attempt: 1, finding: 'handed-over' }),
    };
  }

  async view(...ids: readonly string[]): Promise<z.infer<typeof calls.operations.answer>['operations']> {
    const asked = { call: 'operations', method: 'GET', path: `operations?ids=${ids.join(',')}` } as const;
    return (await this.answer(calls.operations.answer, 200, asked)).operations;
  }
}

/** What was heard, in a few words and without its content. */
export function said({ status, refusal, mediaType }: Heard): string {
  return refusal === '' ? `status ${status}, ${mediaType || 'no content type'}` : `refused (${status}) as ${refusal}`;
}
