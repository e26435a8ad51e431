import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { withDeadline } from '../../devices/deadline.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Cms, CmsError, CodeOperation, OperationView, OutcomeReport, Receipt } from '../../flows/ports/cms.ts';
import type { EnvelopeCms } from '../../flows/ports/envelopes.ts';
import type { CardServices } from '../../flows/ports/services.ts';
import type { Log } from '../log/log.ts';
import { countersignature, countersignatureType, digestOf } from '../records/checkpoint.ts';
import type { UncountersignedCheckpoint } from '../records/checkpoints.ts';
import { type ComparedClock, watchClock } from './clock-offset.ts';
import {
  type CallName,
  calls,
  idempotencyHeader,
  idempotencyKey,
  mostOperationsAsked,
  mostOutcomes,
  problem,
  proofClaims,
  receiptClaims,
  reservation,
  nationalActivateRequest,
  nationalDuplicateRequest,
  priorCardClaims,
  priorCardProofType,
  renewalReserveRequest,
  reserveRequest,
  stepOf,
} from './contract.ts';
import { envelopeCalls } from './envelope-calls.ts';
import { type RawAnswer, exchange } from './exchange.ts';
import { type Clock, createPace, realClock } from './pace.ts';
import { type ProblemType, problemMediaType, problemPrefix, problems } from './problems.ts';
import { serviceCalls } from './service-calls.ts';
import { claimsOf, jsonOf, signingKeyOf } from './signed.ts';

export interface CmsLimits {
  /** Milliseconds for a whole call with all its tries, and for one try. */
  readonly callMs: number;
  readonly tryMs: number;
  readonly tries: number;
  /** The longest first pause between tries; each one doubles it, and half of it is chance. */
  readonly pauseMs: number;
  /** Bytes. */
  readonly largestAnswer: number;
}

export const usualLimits: CmsLimits = { callMs: 12_000, tryMs: 5_000, tries: 3, pauseMs: 1_000, largestAnswer: 256 * 1024 };

export interface CmsClientOptions {
  readonly url: string;
  /** PEM files: who vouches for the CMS (nobody else does), and who we are. */
  readonly ca: string;
  readonly clientCertificate: string;
  readonly clientKey: string;
  /** JWK file: the CMS's public signing key. */
  readonly signingKey: string;
  readonly log: Log;
  readonly limits?: Partial<CmsLimits>;
  /** What pauses between tries are measured by. */
  readonly clock?: Clock;
}

export interface CmsHealth {
  /** How this kiosk is called at the CMS. */
  readonly kiosk: string;
  /** The CMS's clock (ISO), and by how many milliseconds it is ahead of ours; half of the call's time is its uncertainty. */
  readonly at: string;
  readonly clockAheadMs: number;
  readonly tookMs: number;
}

export interface CmsClient extends Cms, EnvelopeCms, CardServices {
  health(signal: AbortSignal): Promise<Result<CmsHealth, CmsError>>;
  /** The CMS's countersignature (JWS) of a checkpoint of the journal. */
  countersign(checkpoint: UncountersignedCheckpoint, signal: AbortSignal): Promise<Result<string, CmsError>>;
  /** The CMS's clock as last measured, `null` before that. */
  clockOffset(): (ComparedClock & { readonly apart: boolean }) | null;
  /** Calls back each time that the CMS answers after it had failed; returns the way to stop. */
  onReconnected(listener: () => void): () => void;
  close(): Promise<void>;
}

export type CmsClientError = { readonly kind: 'cms-client-unusable'; readonly detail: string };

export interface Question {
  readonly path: string;
  readonly key?: string;
  readonly body?: { readonly mediaType: string; readonly bytes: Uint8Array };
}

/**
 * The kiosk's side of the contract: TLS 1.3 with a client certificate, only the pinned CA, each answer checked against its schema,
 * each receipt and proof against the pinned signing key. What cannot be trusted counts as no answer (`unreachable`). Calls are tried
 * again under the same idempotency key, within their limit, as long as nobody answered; all calls together at most once a second (`pace.ts`).
 */
export function createCmsClient({
  url,
  log,
  limits: given,
  clock = realClock,
  ...files
}: CmsClientOptions): Result<CmsClient, CmsClientError> {
  const limits = { ...usualLimits, ...given };
  let agent: Agent;
  let signingKey: KeyObject;
  try {
    const tls = {
      ca: readFileSync(files.ca),
      cert: readFileSync(files.clientCertificate),
      key: readFileSync(files.clientKey),
      minVersion: 'TLSv1.3' as const,
    };
    createSecureContext(tls);
    agent = new Agent({ ...tls, rejectUnauthorized: true, keepAlive: true, maxSockets: 4 });
    signingKey = signingKeyOf(JSON.parse(readFileSync(files.signingKey, 'utf8')));
    if (new URL(url).protocol !== 'https:') throw new Error('the URL is not https');
  } catch (error) {
    return err({ kind: 'cms-client-unusable', detail: error instanceof Error ? error.message : String(error) });
  }
  const base = url.endsWith('/') ? url : `${url}/`;
  const pace = createPace(clock);
  const cmsClock = watchClock(log);
  const reconnected = new Set<() => void>();

  /** Tells the pace how a try ended, once it is known whether what was answered can be believed. Who no longer waited proves nothing. */
  const heard = (result: Result<unknown, CmsError>, limit: AbortSignal): void => {
    if (!result.ok && result.error.kind === 'unreachable') {
      if (!limit.aborted) pace.failed();
    } else if (pace.answered()) for (const listener of reconnected) listener();
  };

  /** One try: an answer of the contract, its refusal, or `unreachable`. */
  const ask = async <T>(
    call: CallName,
    answer: z.ZodType<T>,
    { path, key, body }: Question,
    signal: AbortSignal,
  ): Promise<Result<T, CmsError>> => {
    const headers: Record<string, string> = { Accept: `application/json, ${problemMediaType}` };
    if (key !== undefined) headers[idempotencyHeader] = key;
    if (body !== undefined) headers['Content-Type'] = body.mediaType;
    const question = { url: new URL(path, base), method: calls[call].method, headers, body: body?.bytes ?? null };
    let raw: RawAnswer;
    const begun = Date.now();
    try {
      const asked = await withDeadline(limits.tryMs, signal, (limit) => exchange(agent, question, limits.largestAnswer, limit));
      if (!asked.ok) return unreachable('no answer');
      raw = asked.value;
    } catch (error) {
      return unreachable(error instanceof Error && 'code' in error ? String(error.code) : 'no answer');
    }
    const json = jsonOf(raw.body);
    if (raw.status === calls[call].status && raw.mediaType === 'application/json') {
      const read = answer.safeParse(json);
      const at = answeredAt.safeParse(json);
      if (question.method === 'GET' && at.success) cmsClock.measure(at.data.at, begun, Date.now());
      return read.success ? ok(read.data) : unreachable('an answer that the contract does not know');
    }
    const refusal = problem.safeParse(json);
    // A server's own failure leaves open what it did; only a refusal is an answer.
    const refused = refusal.success && raw.mediaType === problemMediaType && refusal.data.status === raw.status && raw.status < 500;
    if (!refused) return unreachable(`status ${raw.status}`);
    // An outcome that came too late is refused with the receipt of what stands, and that is what the caller must know.
    const stands = answer.safeParse(refusal.data.receipt);
    if (stands.success) return ok(stands.data);
    return err({ kind: 'refused', type: refusal.data.type.slice(problemPrefix.length), title: refusal.data.title });
  };

  /** A call: tries, pauses, its limit. `accept` looks at what only the caller can judge. */
  const run = async <T, U = T>(
    call: CallName,
    answer: z.ZodType<T>,
    question: Question,
    signal: AbortSignal,
    accept: (answer: T) => Promise<Result<U, CmsError>>,
    tries = limits.tries,
  ): Promise<Result<U, CmsError>> => {
    const begun = performance.now();
    let result: Result<U, CmsError> = unreachable('not asked');
    let tried = 0;
    await withDeadline(limits.callMs, signal, async (limit) => {
      while (tried < tries && !limit.aborted) {
        if (tried > 0) await clock.wait(jittered(limits.pauseMs * 2 ** (tried - 1)), limit);
        if (!(await pace.turn(limit))) return;
        tried += 1;
        const answered = await ask(call, answer, question, limit);
        result = answered.ok ? await accept(answered.value) : answered;
        heard(result, limit);
        if (result.ok || result.error.kind !== 'unreachable') return;
      }
    });
    if (!result.ok && signal.aborted) result = err({ kind: 'aborted' });
    if (!result.ok && result.error.kind === 'refused' && result.error.type === 'idempotency-mismatch') {
      log.event('cms-key-contradicted', { call, key: question.key ?? '' });
    }
    const word = result.ok ? 'ok' : result.error.kind === 'refused' ? result.error.type : result.error.kind;
    log.event('cms-call', { call, result: word, tries: tried, ms: Math.round(performance.now() - begun) });
    return result;
  };

  const signed = async <T>(jws: string, type: string, schema: z.ZodType<T>): Promise<T | null> =>
    await claimsOf(jws, type, signingKey, schema);

  /** A receipt that is about this operation and was signed as it stands. */
  const believed = async (operationId: string, receipt: z.infer<typeof calls.outcome.answer>): Promise<Result<Receipt, CmsError>> => {
    const claims = await signed(receipt.jws, 'sportello-receipt+jwt', receiptClaims);
    const holds =
      claims !== null &&
      claims.operationId === operationId &&
      claims.state === receipt.state &&
      claims.sequence === receipt.sequence &&
      claims.at === receipt.at &&
      isDeepStrictEqual(claims.envelope, receipt.envelope);
    return holds ? ok(receipt) : unreachable('a receipt that does not hold');
  };

  /** Members in the contract's order: the same request is the same bytes, wherever it was kept in between. */
  const json = (schema: z.ZodType, value: unknown): NonNullable<Question['body']> => ({
    mediaType: 'application/json',
    bytes: Buffer.from(JSON.stringify(schema.safeParse(value).data ?? value)),
  });

  /** The answers to many outcomes, each judged as it would be alone; what cannot be believed of one does not spoil the others. */
  const believedEach = async (
    told: readonly OutcomeReport[],
    answers: z.infer<typeof calls.outcomes.answer>['answers'],
  ): Promise<Result<readonly Result<Receipt, CmsError>[], CmsError>> => {
    const fits = answers.length === told.length && told.every(({ operationId }, index) => answers[index]?.operationId === operationId);
    if (!fits) return unreachable('an answer about other operations');
    return ok(
      await Promise.all(
        answers.map(async ({ operationId, ...answer }): Promise<Result<Receipt, CmsError>> => {
          if (answer.receipt !== undefined) return await believed(operationId, answer.receipt);
          const type = 'refused' in answer ? answer.refused : '';
          // A server's own failure leaves open what it did.
          if (type === 'internal-error') return unreachable('a failure of the CMS');
          return err({ kind: 'refused', type, title: titleOf(type) });
        }),
      ),
    );
  };

  return ok({
    ...envelopeCalls({ run, json, signed }),
    ...serviceCalls({ run, json, signed }),

    sendContactCode(request, signal) {
      const key = idempotencyKey.write({ operationId: request.operationId, step: stepOf.contactCode, attempt: request.send });
      return run(
        'contact-code',
        calls['contact-code'].answer,
        { path: 'contacts', key, body: json(calls['contact-code'].request, request) },
        signal,
        accepted,
      );
    },

    async proveContact({ operationId, contactId, code, attempt }, signal) {
      const key = idempotencyKey.write({ operationId, step: stepOf.contactProof(contactId), attempt });
      const question = {
        path: `contacts/${encodeURIComponent(contactId)}/proof`,
        key,
        body: { mediaType: 'application/octet-stream', bytes: code.expose() },
      };
      try {
        return await run('contact-proof', calls['contact-proof'].answer, question, signal, async ({ proof }) => {
          const claims = await signed(proof, 'sportello-contact+jwt', proofClaims);
          const ours = claims?.operationId === operationId && claims.contactId === contactId;
          return ours ? ok(proof) : unreachable('a proof of contact that does not hold');
        });
      } finally {
        code.wipe();
      }
    },

    provePriorCard(request, signal) {
      const key = idempotencyKey.write({ operationId: request.operationId, step: stepOf.priorCard, attempt: 1 });
      const question = { path: 'prior-cards', key, body: json(calls['prior-card'].request, request) };
      return run('prior-card', calls['prior-card'].answer, question, signal, async ({ proof }) => {
        const claims = await signed(proof, priorCardProofType, priorCardClaims);
        const ours = claims?.operationId === request.operationId && claims.cardId === request.card.cardId;
        return ours ? ok(proof) : unreachable('a proof of a prior card that does not hold');
      });
    },

    reserve(request, signal) {
      const key = idempotencyKey.write({ operationId: request.operationId, step: stepOf.reserve, attempt: 1 });
      const { call, schema } = reserving[request.operation];
      return run(call, reservation, { path: calls[call].path.slice(1), key, body: json(schema, request) }, signal, async (answer) => {
        if (answer.operationId !== request.operationId) return unreachable('an answer about another operation');
        // The first part is on paper; the second goes where the proof says, and nowhere else.
        const proved = await signed(request.proofOfContact, 'sportello-contact+jwt', proofClaims);
        const there = proved?.channel === answer.delivery.secondPart.channel;
        return there ? ok(answer) : unreachable('the second part would go by another channel than the proved one');
      });
    },

    releasePaperPart({ operationId, attempt, key: oneUseKey, authorisation }, signal) {
      const key = idempotencyKey.write({ operationId, step: stepOf.paperPart, attempt });
      const question = {
        path: `operations/${encodeURIComponent(operationId)}/paper-part`,
        key,
        body: json(calls['paper-part'].request, { attempt, key: oneUseKey, ...(authorisation === undefined ? {} : { authorisation }) }),
      };
      return run('paper-part', calls['paper-part'].answer, question, signal, (answer) =>
        Promise.resolve(answer.attempt === attempt ? ok({ attempt, jwe: answer.jwe }) : unreachable('an answer about another attempt')),
      );
    },

    reportOutcome({ operationId, ...report }, signal) {
      const key = idempotencyKey.write({ operationId, step: stepOf.outcome(report.outcome), attempt: report.attempt });
      const question = { path: `operations/${encodeURIComponent(operationId)}/outcome`, key, body: json(calls.outcome.request, report) };
      return run('outcome', calls.outcome.answer, question, signal, (receipt) => believed(operationId, receipt));
    },

    async reportOutcomes(reports, signal) {
      const settled: Result<Receipt, CmsError>[] = [];
      for (let from = 0; from < reports.length; from += mostOutcomes) {
        const told = reports.slice(from, from + mostOutcomes);
        const question = { path: 'outcomes', body: json(calls.outcomes.request, { outcomes: told }) };
        const part = await run('outcomes', calls.outcomes.answer, question, signal, ({ answers }) => believedEach(told, answers));
        if (!part.ok) return part;
        settled.push(...part.value);
      }
      return ok(settled);
    },

    countDay: (day, signal) =>
      run('counts', calls.counts.answer, { path: `counts?day=${encodeURIComponent(day)}` }, signal, (count) =>
        Promise.resolve(count.day === day ? ok({ day, releases: count.releases }) : unreachable('an answer about another day')),
      ),

    async operations(ids, signal) {
      const views: OperationView[] = [];
      for (let from = 0; from < ids.length; from += mostOperationsAsked) {
        const asked = ids.slice(from, from + mostOperationsAsked);
        const path = `operations?ids=${asked.map(encodeURIComponent).join(',')}`;
        const part = await run('operations', calls.operations.answer, { path }, signal, ({ operations }) =>
          Promise.resolve(
            operations.length === asked.length && asked.every((id, index) => operations[index]?.operationId === id)
              ? ok(operations)
              : unreachable('an answer about other operations'),
          ),
        );
        if (!part.ok) return part;
        views.push(...part.value);
      }
      return ok(views);
    },

    countersign({ operationId, jws, key: deviceKey }, signal) {
      const digest = digestOf(jws);
      const key = idempotencyKey.write({ operationId, step: stepOf.checkpoint(digest), attempt: 1 });
      const body = json(calls.checkpoint.request, { operationId, checkpoint: jws, key: deviceKey });
      const accept = async ({ countersignature: given }: z.infer<typeof calls.checkpoint.answer>): Promise<Result<string, CmsError>> => {
        const claims = await claimsOf(given, countersignatureType, signingKey, countersignature);
        return claims?.checkpoint === digest ? ok(given) : unreachable('a countersignature that does not hold');
      };
      return run('checkpoint', calls.checkpoint.answer, { path: 'checkpoints', key, body }, signal, accept, 1);
    },

    health(signal) {
      const begun = Date.now();
      const accept = ({ kiosk, at }: z.infer<typeof calls.health.answer>): Promise<Result<CmsHealth, CmsError>> =>
        Promise.resolve(ok({ kiosk, at, clockAheadMs: cmsClock.last()?.aheadMs ?? 0, tookMs: Date.now() - begun }));
      return run('health', calls.health.answer, { path: 'health' }, signal, accept, 1);
    },

    clockOffset() {
      const compared = cmsClock.compared();
      return compared === null ? null : { ...compared, apart: cmsClock.apart() };
    },

    onReconnected(listener) {
      reconnected.add(listener);
      return () => reconnected.delete(listener);
    },

    close() {
      agent.destroy();
      return Promise.resolve();
    },
  });
}

/** By which call an operation is reserved: another region's cards by the national system's functions. */
const reserving = {
  activation: { call: 'reserve', schema: reserveRequest },
  reissue: { call: 'reserve', schema: reserveRequest },
  renewal: { call: 'reserve', schema: renewalReserveRequest },
  'interop-activation': { call: 'national-activate', schema: nationalActivateRequest },
  'interop-duplicate': { call: 'national-duplicate', schema: nationalDuplicateRequest },
} as const satisfies Record<CodeOperation | 'renewal', { readonly call: CallName; readonly schema: z.ZodType }>;

const answeredAt = z.object({ at: z.iso.datetime() });

function unreachable(detail: string): Result<never, CmsError> {
  return err({ kind: 'unreachable', detail });
}

function accepted<T>(answer: T): Promise<Result<T, CmsError>> {
  return Promise.resolve(ok(answer));
}

function titleOf(type: string): string {
  return Object.hasOwn(problems, type) ? problems[type as ProblemType].title : type;
}

/** Half of it at least; the rest is chance. */
function jittered(ms: number): number {
  return (ms / 2) * (1 + Math.random());
}
