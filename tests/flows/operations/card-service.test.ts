import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock, createActor, toPromise } from 'xstate';
import { signatureRelayPolicy } from '../../../devices/card/relay.ts';
import { err, ok } from '../../../devices/result.ts';
import {
  type ServiceOutput,
  type ServicePorts,
  cardServiceMachine,
  serviceWaits,
  settleServices,
} from '../../../flows/operations/card-service.ts';
import { recover } from '../../../flows/operations/recovery.ts';
import type { ServiceRequest } from '../../../flows/ports/services.ts';
import { mayFollow } from '../../../kiosk/records/order.ts';
import { FakeCms, FakeJournal, FakePrinting } from '../fakes.ts';
import { FakeServices, type Link } from '../fake-services.ts';
import { settled } from '../session/desk-harness.ts';

const opening = {
  operation: 'suspension',
  case: 'adult',
  profile: 'sardegna',
  profileVersion: '1.0',
  holder: 'holder:1',
  operator: 'op-1',
} as const;
const request: ServiceRequest = {
  operationId: 'op',
  operation: 'suspension',
  case: 'adult',
  desk: 'pharmacy',
  profile: { id: 'sardegna', version: '1.0' },
  holder: { fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' },
  document: { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune', expires: '2030-01-01' },
  reason: 'loss',
  forms: [],
  operatorAssertion: 'jws',
};
const certificate = { operation: 'signature-certificate', card: { cardId: '1', certificateDigest: 'd' } } as const;
/** A card that is given to the CMS, which wants no command of it. */
const loading: ServicePorts['loading'] = {
  chip: {
    async relay(exchange, _, signal) {
      const heard = await exchange(undefined, signal);
      const count = { sent: 0, answered: 0 };
      return heard === 'lost' ? err({ kind: 'other-side-lost', ...count }) : ok(count);
    },
  },
  newRelayId: () => 'relay',
  policy: signatureRelayPolicy,
};
const noAbort = new AbortController().signal;

function begun(links: readonly Link[] = [], journal = new FakeJournal(), accepts = false) {
  const services = new FakeServices(links);
  services.accepts = accepts;
  const clock = new SimulatedClock();
  const actor = createActor(cardServiceMachine({ services, journal, loading }), {
    input: accepts
      ? { opening: { ...opening, operation: 'signature-certificate' }, request: { ...request, ...certificate } }
      : { opening, request },
    clock,
  });
  actor.start();
  /** Until it ends: it waits for nothing but answers and its own clock. */
  const end = async (): Promise<ServiceOutput> => {
    for (let passed = 0; passed <= serviceWaits.wait; passed += serviceWaits.pause) {
      await settled();
      if (actor.getSnapshot().status === 'done') break;
      clock.increment(serviceWaits.pause);
    }
    return await toPromise(actor);
  };
  return { services, journal, actor, end };
}

test('the intent is durable before the question, the answer before anybody hears of it', async () => {
  const { services, journal, end } = begun();
  expect(await end()).toEqual({ end: 'done', cardStatus: 'suspended' });
  expect(journal.kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  expect(services.asked).toBe(1);
});

test('what is accepted is loaded after its intent is durable, and the CMS is asked what it came to', async () => {
  const { services, journal, end } = begun([], new FakeJournal(), true);
  expect(await end()).toMatchObject({ end: 'done' });
  expect(journal.kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SIGNATURE_INTENT', 'SIGNATURE_EVIDENCE', 'SERVICE_RECEIPT', 'CLOSED']);
  expect(services.voids).toBe(1);
});

test('nothing is loaded before SIGNATURE_INTENT is written', async () => {
  const journal = new FakeJournal();
  journal.broken = 'SIGNATURE_INTENT';
  const { services, end } = begun([], journal, true);
  expect(await end()).toEqual({ end: 'unrecorded' });
  expect(services.done).toEqual([]);
});

test.each(['OP_OPEN', 'SERVICE_INTENT'] as const)('nothing is asked before %s is written', async (kind) => {
  const journal = new FakeJournal();
  journal.broken = kind;
  const { services, end } = begun([], journal);
  expect(await end()).toEqual({ end: 'unrecorded' });
  expect(services.asked).toBe(0);
});

test('what the CMS refuses is closed, and said', async () => {
  const { services, journal, actor, end } = begun();
  services.refuses = 'card-state-wrong';
  expect(await end()).toEqual({ end: 'refused', type: 'card-state-wrong' });
  expect(actor.getSnapshot().status).toBe('done');
  expect(journal.kinds()).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_REFUSED', 'CLOSED']);
});

test('a receipt that cannot be written is had again at the next start', async () => {
  const { services, journal, end } = begun();
  journal.broken = 'SERVICE_RECEIPT';
  expect(await end()).toEqual({ end: 'unrecorded' });
  journal.broken = null;
  expect(await settleServices({ services, journal }, noAbort)).toEqual({ ok: true, value: 0 });
  expect(journal.entries.at(-1)?.row).toEqual({ kind: 'CLOSED', state: 'DONE' });
  expect(services.done).toEqual(['op']);
});

// Whatever befalls questions and answers, on both sides of the void: done once or never, and the journal ends with what the CMS has.
test.each([false, true])('done once or never, and the journal knows which; accepted first: %s', async (accepts) => {
  const link = fc.constantFrom<Link>('answers', 'question-lost', 'answer-lost', 'question-late');
  await fc.assert(
    fc.asyncProperty(fc.array(link, { maxLength: 24 }), fc.array(link, { maxLength: 6 }), async (during, after) => {
      const { services, journal, end } = begun(during, new FakeJournal(), accepts);
      const output = await end();
      services.links = [...after];
      for (let round = 0; round <= after.length; round += 1) {
        const settledNow = await settleServices({ services, journal }, noAbort);
        expect(settledNow.ok).toBe(true);
      }
      services.arriveLate();
      expect(services.done.length).toBeLessThanOrEqual(1);
      const last = journal.entries.at(-1)?.row;
      expect(last).toEqual({ kind: 'CLOSED', state: services.done.length === 1 ? 'DONE' : 'VOIDED' });
      if (output.end === 'done') expect(services.done).toEqual(['op']);
      const rows = journal.entries.map(({ row }) => row);
      rows.forEach((row, index) => expect(mayFollow(rows.slice(0, index), row)).toBe(true));
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['before it was asked', [], 'NONE', 0],
  ['after the CMS refused', [{ kind: 'SERVICE_INTENT' }, { kind: 'SERVICE_REFUSED', type: 'card-unknown' }], 'NONE', 0],
  ['after the receipt', [{ kind: 'SERVICE_INTENT' }, { kind: 'SERVICE_RECEIPT', state: 'DONE', cmsSequence: 1, jws: 'r.e.c' }], 'DONE', 0],
  ['while the card was in the CMS’s hands', [{ kind: 'SERVICE_INTENT' }, { kind: 'SIGNATURE_INTENT' }], 'VOIDED', 1],
  ['while the CMS was asked', [{ kind: 'SERVICE_INTENT', reason: 'loss' }], 'VOIDED', 1],
] as const)('cut off %s: boot leaves it to be settled, and it is closed as %s', async (_when, rows, state, voids) => {
  const journal = new FakeJournal();
  journal.append('op', { kind: 'OP_OPEN', ...opening });
  for (const row of rows) journal.append('op', row);
  const before = journal.entries.length;
  expect((await recover({ journal, cms: new FakeCms(), printing: new FakePrinting(), handOverEvidence: 'E4' }, noAbort)).ok).toBe(true);
  expect(journal.entries.length).toBe(before);
  const services = new FakeServices([]);
  await settleServices({ services, journal }, noAbort);
  expect(journal.entries.at(-1)?.row).toEqual({ kind: 'CLOSED', state });
  expect(services.voids).toBe(voids);
});

test('while the CMS cannot be reached it stays open, and is asked again', async () => {
  const { services, journal, end } = begun(Array.from({ length: 40 }, () => 'question-lost'));
  expect(await end()).toEqual({ end: 'unknown' });
  services.voidAnswer = err({ kind: 'unreachable', detail: '' });
  expect(await settleServices({ services, journal }, noAbort)).toEqual({ ok: true, value: 1 });
  services.voidAnswer = null;
  services.links = [];
  expect(await settleServices({ services, journal }, noAbort)).toEqual({ ok: true, value: 0 });
  expect(journal.entries.at(-1)?.row).toEqual({ kind: 'CLOSED', state: 'VOIDED' });
});
