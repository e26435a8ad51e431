import { type Result, err, ok } from '../../../devices/result.ts';
import { type Finding, findings } from '../../../flows/ports/operators.ts';
import type { Cms, CmsError, OutcomeReport, Receipt, Reservation } from '../../../flows/ports/cms.ts';
import type { EnvelopeCms } from '../../../flows/ports/envelopes.ts';
import {
  type Operation,
  type Standing,
  afterSilence,
  bind,
  release,
  reserve,
  sendsSecondPart,
  settle,
} from '../../../kiosk/reference-cms/ratchet.ts';
import { askedBefore } from '../../../kiosk/reference-cms/idempotency.ts';
import type { EnvelopesAtCms } from './envelope-world.ts';
import type { Chance, Time } from './time.ts';

/** How long a caller waits for an answer that does not come, as the kiosk's client does (milliseconds). */
const ANSWER_LIMIT_MS = 5_000;

/** The CMS's to set (cms.md): short enough here that outages outlast them. */
const timesToLive = { reservedMs: 60_000, releasedMs: 150_000 };

/** An operator's signed word on a hand-over, as it were: only the operator gives it. */
export function wordOf(operationId: string, attempt: number, handedOver: boolean): string {
  return `word.${operationId}-${attempt}-${handedOver}.operator`;
}

/** An operator's signed word that one more slip may be printed. */
export function reprintOf(operationId: string, attempt: number): string {
  return `reprint.${operationId}-${attempt}.operator`;
}

/** An operator's signed word on what was held. */
export function findingOf(operationId: string, attempt: number, finding: Finding): string {
  return `found.${operationId}-${attempt}-${finding}.operator`;
}

/** What befalls one call. */
type Fate = 'answered' | 'lost-request' | 'lost-answer' | 'slow';

/** The CMS's books, with its own rules; what it decided stays, whoever falls. */
export class SimulatedCms implements Cms, Pick<EnvelopeCms, 'reserveEnvelope' | 'relay'> {
  readonly envelopes: EnvelopesAtCms;
  /** Nobody can reach it. */
  down = false;
  /** Requests and answers may be lost. */
  faulty = false;
  readonly standings = new Map<string, Operation>();
  /** Each state that an operation was ever in, in order. */
  readonly courses = new Map<string, string[]>();
  readonly reports: OutcomeReport[] = [];
  /** Operations that were confirmed although silence had voided them. */
  readonly lateConfirms: string[] = [];
  /** Second parts that were sent, by operation. */
  readonly sent: string[] = [];
  /** Told of each release of a paper part before it is given. */
  onRelease: (operationId: string, attempt: number) => void = () => undefined;
  /** Told of each relay before anything of it goes to a card. */
  onRelay: (operationId: string, envelope: string) => void = () => undefined;
  readonly #time: Time;
  readonly #chance: Chance;
  /** Answers by idempotency key: the same write has the same effect once. */
  readonly #answers = new Map<string, { readonly digest: Buffer; readonly answer: Result<unknown, CmsError> }>();
  /** Keys under which another request came than the first time. */
  readonly mismatches: string[] = [];
  #receipts = 0;

  constructor(time: Time, chance: Chance, envelopes: EnvelopesAtCms) {
    this.envelopes = envelopes;
    this.#time = time;
    this.#chance = chance;
  }

  sendContactCode: Cms['sendContactCode'] = ({ operationId, send }, signal) =>
    this.#call(`${operationId}:contact-code:${send}`, signal, () =>
      ok({ contactId: `contact-${send}`, expiresAt: this.#iso(600_000), resendAfter: this.#iso(30_000), triesLeft: 3 }),
    );

  /** Nobody in the simulation renews. */
  provePriorCard: Cms['provePriorCard'] = () => Promise.resolve(err({ kind: 'unreachable', detail: 'not simulated' }));

  proveContact: Cms['proveContact'] = ({ operationId, attempt, code }, signal) => {
    const right = Buffer.from(code.expose()).toString('latin1') === '123456';
    return this.#call(`${operationId}:proof:${attempt}`, signal, () => (right ? ok('proof.of.contact') : this.#refusal('wrong-code')));
  };

  reserve: Cms['reserve'] = ({ operationId }, signal) =>
    this.#call<Reservation>(`${operationId}:reserve:1`, signal, () => {
      const reserved = reserve(this.#standing(operationId), this.#time.wall(), timesToLive);
      if (!reserved.ok) return this.#refusal(reserved.error);
      this.#move(operationId, reserved.value);
      const secondPart = { channel: 'email', masked: 'm•••@example.org' } as const;
      return ok({
        operationId,
        state: 'RESERVED',
        expiresAt: new Date(reserved.value.expiresAt ?? 0).toISOString(),
        delivery: { scheme: 'split', paper: [{ code: 'PIN', characters: 2, of: 5 }], secondPart },
      });
    });

  reserveEnvelope: EnvelopeCms['reserveEnvelope'] = ({ operationId }, signal) =>
    this.#call(`${operationId}:reserve:1`, signal, () => {
      const reserved = reserve(this.#standing(operationId), this.#time.wall(), timesToLive);
      if (!reserved.ok) return this.#refusal(reserved.error);
      this.#move(operationId, reserved.value);
      const expiresAt = new Date(reserved.value.expiresAt ?? 0).toISOString();
      return ok({ operationId, state: 'RESERVED', expiresAt, delivery: { scheme: 'envelope', contents: ['PIN', 'CODICE UTENTE'] } });
    });

  relay: EnvelopeCms['relay'] = (step, signal) =>
    this.#call(`${step.relay}:${step.sequence}`, signal, () => {
      const { operationId } = step;
      const standing = this.#standing(operationId);
      if (standing?.state !== 'RESERVED') return this.#refusal('operation-not-reserved');
      if ('envelope' in step) this.onRelay(operationId, step.envelope);
      const answer = this.envelopes.relay(step, () => this.#move(operationId, bind(standing, this.#time.wall(), timesToLive)));
      return 'refused' in answer ? this.#refusal(answer.refused) : ok(answer);
    });

  releasePaperPart: Cms['releasePaperPart'] = ({ operationId, attempt, authorisation }, signal) =>
    this.#call(`${operationId}:paper-part:${attempt}`, signal, () => {
      const authorised = authorisation === reprintOf(operationId, attempt);
      const released = release(this.#standing(operationId), { attempt, authorised }, this.#time.wall(), timesToLive);
      if (!released.ok) return this.#refusal(released.error);
      this.onRelease(operationId, attempt);
      this.#move(operationId, released.value);
      return ok({ attempt, jwe: `sealed.${operationId}.${attempt}` });
    });

  reportOutcome: Cms['reportOutcome'] = (report, signal) => this.#call<Receipt>('', signal, () => this.#report(report));

  reportOutcomes: Cms['reportOutcomes'] = (reports, signal) =>
    this.#call('', signal, () => ok(reports.map((report) => this.#report(report))));

  operations: Cms['operations'] = (ids, signal) =>
    this.#call('', signal, () =>
      ok(
        ids.map((operationId) => {
          const standing = this.#standing(operationId);
          const envelope = this.envelopes.standing(operationId);
          const releases = standing?.releases.length ?? 0;
          return { operationId, state: standing?.state ?? ('NONE' as const), releases, ...(envelope === undefined ? {} : { envelope }) };
        }),
      ),
    );

  countDay: Cms['countDay'] = (day, signal) => this.#call('', signal, () => ok({ day, releases: [] }));

  #report(report: OutcomeReport): Result<Receipt, CmsError> {
    const { operationId, outcome, attempt } = report;
    return this.#once(`${operationId}:${outcome}:${attempt}`, JSON.stringify(report), () => this.#settle(report));
  }

  #settle(report: OutcomeReport): Result<Receipt, CmsError> {
    const { operationId, outcome, attempt, evidence } = report;
    this.reports.push(report);
    const before = this.#standing(operationId);
    const attested = report.operatorAssertion === wordOf(operationId, attempt, outcome === 'handed-over');
    const finding = findings.find((each) => report.operatorAssertion === findingOf(operationId, attempt, each));
    const resolved = finding !== undefined && (finding === 'handed-over') === (outcome === 'handed-over');
    const envelope = this.envelopes.standing(operationId);
    const pinKnown = envelope === undefined ? {} : { pinKnown: envelope.pin === 'set' };
    const settled = settle(before, { outcome, attempt, evidence: evidence.class, attested, resolved, ...pinKnown });
    if (!settled.ok) {
      // Too late: the receipt tells what stands instead.
      if (before === null || before.state === 'RESERVED') return this.#refusal(settled.error);
      return ok(this.#receipt(operationId, before.state));
    }
    if (before?.state !== settled.value.state) this.#move(operationId, settled.value);
    if (envelope === undefined && sendsSecondPart(before, settled.value)) this.sent.push(operationId);
    return ok(this.#receipt(operationId, settled.value.state));
  }

  #receipt(operationId: string, state: Operation['state']): Receipt {
    if (state === 'RESERVED') throw new Error('an outcome leaves nothing reserved');
    this.#receipts += 1;
    return { operationId, state, sequence: this.#receipts, at: this.#iso(0), jws: 'receipt.of.cms' };
  }

  /** What silence has made of it by now. */
  #standing(operationId: string): Standing {
    const standing = this.standings.get(operationId) ?? null;
    const now = afterSilence(standing, this.#time.wall());
    if (now !== null && now !== standing) this.#move(operationId, now);
    return now;
  }

  /** Where an operation stands, for whoever looks on. */
  look(operationId: string): Standing {
    return this.#standing(operationId);
  }

  #move(operationId: string, to: Operation): void {
    const from = this.standings.get(operationId);
    if (to.state === 'CONFIRMED' && from?.expiresAt != null && from.expiresAt <= this.#time.wall()) this.lateConfirms.push(operationId);
    this.standings.set(operationId, to);
    if (to.state !== 'RESERVED') this.envelopes.settle(operationId, to.state);
    this.courses.set(operationId, [...(this.courses.get(operationId) ?? []), to.state]);
  }

  /** A call over the link: request, effect, answer, each of which may be lost. The effect stays, also where nobody waits for it any more. */
  async #call<T>(key: string, signal: AbortSignal, effect: () => Result<T, CmsError>): Promise<Result<T, CmsError>> {
    const fate = this.#fate();
    await this.#time.wait(fate === 'slow' ? this.#chance.between(1_000, 4_000) : this.#chance.between(5, 100));
    if (this.#isDown() || fate === 'lost-request') return await this.#silence(signal);
    const answer = key === '' ? effect() : this.#once(key, key, effect);
    await this.#time.wait(this.#chance.between(5, 100));
    if (this.#isDown() || fate === 'lost-answer') return await this.#silence(signal);
    return signal.aborted ? err({ kind: 'aborted' }) : answer;
  }

  /** Asked by a call, since it changes while one waits. */
  #isDown(): boolean {
    return this.down;
  }

  #once<T>(key: string, body: string, effect: () => Result<T, CmsError>): Result<T, CmsError> {
    const digest = Buffer.from(body);
    const before = askedBefore(this.#answers.get(key) ?? null, digest);
    if (before.kind === 'same') return before.kept.answer as Result<T, CmsError>;
    if (before.kind === 'another') {
      this.mismatches.push(key);
      return this.#refusal('idempotency-mismatch');
    }
    const answer = effect();
    this.#answers.set(key, { digest, answer });
    return answer;
  }

  async #silence(signal: AbortSignal): Promise<Result<never, CmsError>> {
    await this.#time.wait(ANSWER_LIMIT_MS, signal);
    return err(signal.aborted ? { kind: 'aborted' } : { kind: 'unreachable', detail: 'no answer' });
  }

  #fate(): Fate {
    if (!this.faulty || !this.#chance.happens(0.3)) return 'answered';
    return this.#chance.pick(['lost-request', 'lost-answer', 'slow']);
  }

  #refusal(type: string): Result<never, CmsError> {
    return err({ kind: 'refused', type, title: type });
  }

  #iso(later: number): string {
    return new Date(this.#time.wall() + later).toISOString();
  }
}
