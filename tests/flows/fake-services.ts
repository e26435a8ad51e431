import { type Result, err, ok } from '../../devices/result.ts';
import type { CmsError } from '../../flows/ports/cms.ts';
import type { RemoteIssue } from '../../flows/ports/remote-issue.ts';
import type { CardServices, CardStanding, ServiceAccepted, ServiceReceipt, ServiceRequest } from '../../flows/ports/services.ts';

/** What befalls one question and its answer; `question-late`: it arrives after whatever is asked next. */
export type Link = 'answers' | 'question-lost' | 'answer-lost' | 'question-late';

type Request = ServiceRequest | RemoteIssue;

/** A CMS as the contract has it, behind a bad line: what it does it does once, and never after a void. */
export class FakeServices implements CardServices {
  links: Link[];
  cardStanding: Result<CardStanding, CmsError> = ok({ status: 'active', activated: true, ownRegion: true, householdHasReader: false });
  refuses: string | null = null;
  voidAnswer: Result<never, CmsError> | null = null;
  /** What was really done, in order. */
  readonly done: string[] = [];
  readonly requests: Request[] = [];
  asked = 0;
  voids = 0;
  readonly #receipts = new Map<string, ServiceReceipt>();
  readonly #late: Request[] = [];

  constructor(links: readonly Link[]) {
    this.links = [...links];
  }

  /** Whether the national system was asked how the card stands, each time. */
  readonly national: boolean[] = [];

  standing: CardServices['standing'] = (_, national) => {
    this.national.push(national);
    return Promise.resolve(this.cardStanding);
  };

  serve: CardServices['serve'] = (request) => {
    this.asked += 1;
    this.requests.push(request);
    return Promise.resolve(this.#over(() => this.#do(request), request));
  };

  /** Whether it accepts what it is asked, and loads it by a relay without a command. */
  accepts = false;

  load: CardServices['load'] = ({ operationId, relay }) =>
    Promise.resolve(
      this.#over(() => {
        const known = this.#receipts.get(operationId);
        if (known !== undefined)
          return err({ kind: 'refused', type: known.state === 'DONE' ? 'service-done' : 'service-voided', title: '' });
        this.done.push(operationId);
        this.#receipt(operationId, 'DONE');
        return ok({ end: { operationId, relay, ended: 'done' as const, secured: true, certificate: 'loaded' as const, jws: 'r.e.c' } });
      }, null),
    );

  voidService: CardServices['voidService'] = (operationId) => {
    this.voids += 1;
    return Promise.resolve(this.voidAnswer ?? this.#over(() => ok(this.#receipt(operationId, 'VOIDED')), null));
  };

  /** What was still on its way gets there. */
  arriveLate(): void {
    for (const request of this.#late.splice(0)) this.#do(request);
  }

  #over<T>(work: () => Result<T, CmsError>, request: Request | null): Result<T, CmsError> {
    const lost = err({ kind: 'unreachable', detail: 'lost' } as const);
    const link = this.links.shift() ?? 'answers';
    if (link === 'question-lost') return lost;
    if (link === 'question-late') {
      if (request !== null) this.#late.push(request);
      return lost;
    }
    const answer = work();
    this.arriveLate();
    return link === 'answer-lost' ? lost : answer;
  }

  #do({ operationId, operation }: Request): Result<ServiceReceipt | ServiceAccepted, CmsError> {
    if (this.refuses !== null) return err({ kind: 'refused', type: this.refuses, title: '' });
    const known = this.#receipts.get(operationId);
    if (known?.state === 'VOIDED') return err({ kind: 'refused', type: 'service-voided', title: '' });
    if (known !== undefined) return ok(known);
    if (this.accepts) return ok({ operationId, state: 'ACCEPTED', expiresAt: '2026-11-22T10:15:00.000Z' });
    this.done.push(operationId);
    const cardStatus = operation === 'suspension' ? 'suspended' : operation === 'revocation' ? 'revoked' : 'active';
    return ok({ ...this.#receipt(operationId, 'DONE'), cardStatus });
  }

  #receipt(operationId: string, state: ServiceReceipt['state']): ServiceReceipt {
    const known = this.#receipts.get(operationId);
    if (known !== undefined) return known;
    const receipt = { operationId, state, sequence: this.#receipts.size + 1, at: '2026-11-22T10:00:00.000Z', jws: 'receipt.of.cms' };
    this.#receipts.set(operationId, receipt);
    return receipt;
  }
}
