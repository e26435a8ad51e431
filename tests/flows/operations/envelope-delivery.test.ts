import { expect, onTestFinished, test } from 'vitest';
import { createActor, waitFor } from 'xstate';
import type { Scan, ScanError } from '../../../devices/barcode/contract.ts';
import type { RelayCount, RelayError, RelayExchange } from '../../../devices/card/contract.ts';
import { type Result, err, ok } from '../../../devices/result.ts';
import type { EnvelopeNumberRule } from '../../../flows/envelopes/envelope-number.ts';
import type { EnvelopeState } from '../../../flows/envelopes/envelope.ts';
import { type DeliveryOutput, deliveryMachine } from '../../../flows/operations/envelope-delivery.ts';
import { recover } from '../../../flows/operations/recovery.ts';
import { heldOperation, resolve } from '../../../flows/operations/resolution.ts';
import type { CmsError, EnvelopeStanding } from '../../../flows/ports/cms.ts';
import type { EnvelopeCms, RelayReceipt } from '../../../flows/ports/envelopes.ts';
import type { RelayAnswer } from '../../../flows/ports/relays.ts';
import { usualRelayPolicy } from '../../../devices/card/relay.ts';
import { luhn } from '../../harness/envelope-specimens.ts';
import { opening, recordsIn, temporaryFolder } from '../../kiosk/records/specimen.ts';
import { FakeCms, FakeOperators, FakePrinting, fakeOutbox } from '../fakes.ts';

const rule: EnvelopeNumberRule = { pattern: String.raw`^20\d{10}$`, check: 'luhn', symbologies: ['code-39'] };
const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const digest = 'd'.repeat(64);
const numbers = Array.from({ length: 9 }, (_, n) => luhn(`2000000000${n}`));

/** What a relay does: as many commands as `commands`, the card answering each; then the CMS says `pin`, or is lost. */
interface Chip {
  readonly commands: number;
  readonly pin: EnvelopeStanding['pin'] | 'lost';
  readonly removedAfter?: number;
}

/** A desk of production parts but for card and CMS: the records are real ones, the relay's two ends play by a script. */
function desk(script: readonly Chip[] = [{ commands: 3, pin: 'set' }], options: { readonly scanner?: boolean } = {}) {
  const records = recordsIn(temporaryFolder());
  records.envelopes.openShift('mrossi');
  records.envelopes.receive({ batch: 'lotto-1', digest, numbers });
  records.envelopes.assign('operator:mrossi', numbers);
  const cms = new FakeCms();
  const operators = new FakeOperators();
  operators.sign = () => Promise.resolve(ok('signed.by.operator'));
  const scans: ((scan: Result<Scan, ScanError>) => void)[] = [];
  let relays = 0;
  let steps = 0;
  const heard = { relays: [] as string[], refusal: null as CmsError | null };
  const current = (): Chip => script[Math.min(relays, script.length) - 1] ?? { commands: 0, pin: 'lost' };
  const envelopeCms: Pick<EnvelopeCms, 'reserveEnvelope' | 'relay'> = {
    reserveEnvelope: ({ operationId }) =>
      Promise.resolve(
        cms.fails.reserve === undefined
          ? ok({
              operationId,
              state: 'RESERVED',
              expiresAt: '2026-11-25T10:00:00.000Z',
              delivery: { scheme: 'envelope', contents: ['PIN'] },
            })
          : err(cms.fails.reserve),
      ),
    relay: (step): Promise<Result<RelayAnswer<RelayReceipt>, CmsError>> => {
      if (step.sequence === 0) heard.relays.push(step.relay);
      if (heard.refusal !== null) return Promise.resolve(err(heard.refusal));
      const { commands, pin } = current();
      if (step.sequence < commands) return Promise.resolve(ok({ command: Uint8Array.of(step.sequence) }));
      if (pin === 'lost') return Promise.resolve(err({ kind: 'unreachable', detail: 'cut' }));
      const number = records.envelopes.all().find(({ operationId }) => operationId === step.operationId)?.number ?? '';
      const envelope = { number, pin, evidence: 'verified' } as const;
      const tries = { before: 3, after: 3 };
      return Promise.resolve(
        ok({ end: { operationId: step.operationId, relay: step.relay, ended: 'done', secured: true, envelope, tries, jws: 'j' } }),
      );
    },
  };
  const chip = {
    async relay(exchange: RelayExchange, _policy: unknown, signal: AbortSignal): Promise<Result<RelayCount, RelayError>> {
      relays += 1;
      let sent = 0;
      let answer: Uint8Array | undefined;
      for (;;) {
        if (current().removedAfter === sent) return err({ kind: 'card-removed', sent, answered: Math.max(sent - 1, 0) });
        const next = await exchange(answer, signal);
        if (next === 'lost') return err({ kind: 'other-side-lost', sent, answered: sent });
        if (next === 'end') return ok({ sent, answered: sent });
        sent += 1;
        steps += 1;
        answer = Uint8Array.of(0x90, 0x00);
      }
    },
  };
  const outbox = fakeOutbox(cms, records);
  const machine = deliveryMachine({
    cms: { ...envelopeCms, operations: cms.operations },
    journal: records,
    envelopes: records.envelopes,
    scanner:
      options.scanner === false
        ? null
        : {
            next: () => new Promise((resolved) => scans.push(resolved)),
            onStatus: () => () => undefined,
            status: () => ({ state: 'ready' }),
          },
    chip,
    operators,
    outbox,
    newRelayId: () => `relay-${relays + 1}`,
  });
  const actor = createActor(machine, {
    input: {
      opening,
      pile: 'operator:mrossi',
      numbers: rule,
      relayPolicy: usualRelayPolicy,
      reserve: {
        operationId: id,
        operation: 'activation',
        case: 'adult',
        desk: 'pharmacy',
        profile: { id: 'sardegna', version: '1.2' },
        card: { cardId: '8000000000000000', certificateDigest: digest, chip: true },
        applicant: { relation: 'holder', fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' },
        document: { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune di Cagliari', expires: '2030-01-01' },
        operatorAssertion: 'a.b.c',
        delivery: 'envelope',
      },
    },
  });
  actor.start();
  onTestFinished(() => void actor.stop());
  const at = (state: string): Promise<unknown> => waitFor(actor, (snapshot) => snapshot.matches(state as never), { timeout: 5_000 });
  const ended = async (): Promise<DeliveryOutput | undefined> =>
    (await waitFor(actor, ({ status }) => status === 'done', { timeout: 5_000 })).output;
  const drawn = (): string => records.envelopes.all().find(({ operationId }) => operationId === id)?.number ?? '';
  const scanNumber = (text: string): void => scans.pop()?.(ok({ symbology: 'code-39', text }));
  const kinds = (): readonly string[] => records.rowsOf(id).map(({ row }) => row.kind);
  const state = (number: string): EnvelopeState | undefined => records.envelopes.find(number)?.state;
  return { actor, at, ended, drawn, scanNumber, scans, kinds, state, records, cms, operators, heard, steps: () => steps, outbox };
}

test('from the lot to the hand: every row before what it announces', async () => {
  const { actor, at, ended, drawn, scanNumber, kinds, state, cms } = desk();
  await at('scanning');
  expect(state(drawn())).toBe('drawn');
  scanNumber(drawn());
  await at('handing');
  expect(state(drawn())).toBe('bound');
  actor.send({ type: 'operator.hand-over', handedOver: true });
  expect(await ended()).toEqual({ codes: 'confirmed', number: drawn(), secured: true });
  expect(kinds()).toEqual([
    ...['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'ENVELOPE_DRAWN', 'ENVELOPE_SCANNED', 'ENVELOPE_BOUND', 'CHIP_EVIDENCE'],
    ...['OUTCOME', 'RECEIPT', 'CLOSED'],
  ]);
  expect(state(drawn())).toBe('handed');
  expect(cms.reports[0]).toMatchObject({ outcome: 'handed-over', evidence: { class: 'E4' }, exposed: false });
});

test('before the number stands in the journal the card is not touched', async () => {
  const { at, scanNumber, scans, drawn, heard, steps, actor } = desk();
  await at('scanning');
  const other = numbers.find((number) => number !== drawn()) ?? '';
  for (const [text, problem] of [
    [other, 'not-the-drawn-one'],
    ['100000000000', 'other-form'],
    [`${drawn().slice(0, -1)}${(Number(drawn().at(-1)) + 1) % 10}`, 'wrong-check'],
    [luhn('20999999999'), 'unknown'],
  ] as const) {
    scanNumber(text);
    await expect.poll(() => actor.getSnapshot().context.problem).toBe(problem);
    await expect.poll(() => scans.length).toBe(1);
  }
  expect(heard.relays).toEqual([]);
  expect(steps()).toBe(0);
});

test('where the scanner fails the number is typed, twice', async () => {
  const { actor, at, drawn, kinds, records } = desk(undefined, { scanner: false });
  await at('scanning');
  await expect.poll(() => actor.getSnapshot().context.problem).toBe('scanner-gone');
  actor.send({ type: 'operator.envelope-typed', text: drawn() });
  expect(actor.getSnapshot().context.typed.state).toBe('second');
  actor.send({ type: 'operator.envelope-typed', text: numbers.find((number) => number !== drawn()) ?? '' });
  expect(actor.getSnapshot().context).toMatchObject({ typed: { state: 'first' }, problem: 'not-the-same' });
  expect(kinds()).not.toContain('ENVELOPE_SCANNED');
  actor.send({ type: 'operator.envelope-typed', text: drawn() });
  actor.send({ type: 'operator.envelope-typed', text: drawn() });
  await at('handing');
  expect(records.rowsOf(id).find(({ row }) => row.kind === 'ENVELOPE_SCANNED')?.row).toMatchObject({ by: 'hand' });
});

test('an envelope that is not where the lot fell is put apart, and the lot is drawn anew', async () => {
  const { actor, at, drawn, state, records } = desk();
  await at('scanning');
  const first = drawn();
  actor.send({ type: 'operator.envelope-missing' });
  await expect.poll(() => records.rowsOf(id).filter(({ row }) => row.kind === 'ENVELOPE_DRAWN').length).toBe(2);
  expect(state(first)).toBe('quarantined');
});

test.each([
  ['before the scan', 'scanning', 'assigned'],
  ['with the PIN set', 'handing', 'unclaimed'],
] as const)('ended %s, the envelope is %s', async (_what, where, becomes) => {
  const { actor, at, ended, drawn, scanNumber, state, cms } = desk();
  await at('scanning');
  const number = drawn();
  if (where === 'handing') {
    scanNumber(number);
    await at('handing');
    actor.send({ type: 'operator.hand-over', handedOver: false });
  } else actor.send({ type: 'stop', reason: 'card-removed' });
  expect(await ended()).toMatchObject({ codes: 'void' });
  expect(state(number)).toBe(becomes);
  expect(cms.reports).toEqual([]);
});

test('a relay that the CMS lost is begun anew, by another id, and the PIN is set again', async () => {
  const { at, drawn, scanNumber, heard, records } = desk([
    { commands: 2, pin: 'lost' },
    { commands: 3, pin: 'set' },
  ]);
  await at('scanning');
  scanNumber(drawn());
  await at('handing');
  expect(heard.relays).toEqual(['relay-1', 'relay-2']);
  expect(records.rowsOf(id).at(-1)?.row).toEqual({
    kind: 'CHIP_EVIDENCE',
    pin: 'set',
    evidence: 'verified',
    secured: true,
    end: 'done',
    sent: 5,
    answered: 5,
  });
});

test.each<[string, Chip, EnvelopeState, string]>([
  ['the card was pulled before the first command', { commands: 3, pin: 'set', removedAfter: 0 }, 'aborted', 'void'],
  ['the card was pulled half-way, and nobody knows', { commands: 3, pin: 'set', removedAfter: 2 }, 'quarantined', 'held'],
  ['the CMS says that it was not set', { commands: 3, pin: 'not-set' }, 'aborted', 'void'],
  ['the CMS was lost for good after commands went', { commands: 2, pin: 'lost' }, 'quarantined', 'held'],
  ['the CMS was lost before any command', { commands: 0, pin: 'lost' }, 'aborted', 'void'],
])('%s', async (_what, chip, becomes, codes) => {
  const { at, drawn, scanNumber, ended, state } = desk([chip]);
  await at('scanning');
  const number = drawn();
  scanNumber(number);
  expect(await ended()).toMatchObject({ codes });
  expect(state(number)).toBe(becomes);
});

test('a card pulled when the PIN was set already: the CMS is asked, knows, and the envelope is handed over', async () => {
  const { at, actor, drawn, scanNumber, ended, cms, state } = desk([{ commands: 3, pin: 'set', removedAfter: 3 }]);
  await at('scanning');
  const number = drawn();
  cms.views = [{ operationId: id, state: 'RESERVED', releases: 0, envelope: { number, pin: 'set', evidence: 'status-word' } }];
  scanNumber(number);
  await at('handing');
  actor.send({ type: 'operator.hand-over', handedOver: true });
  // No receipt says so; but no plain command passes this desk.
  expect(await ended()).toEqual({ codes: 'confirmed', number, secured: true });
  expect(state(number)).toBe('handed');
});

test.each<[string, EnvelopeStanding['pin'] | 'unheard' | 'silent', EnvelopeState, readonly string[]]>([
  ['the PIN is set', 'set', 'quarantined', ['handed-over', 'not-handed-over', 'destroyed']],
  ['the PIN is not known', 'unknown', 'quarantined', ['not-handed-over', 'destroyed']],
  ['the CMS does not answer', 'silent', 'quarantined', ['not-handed-over', 'destroyed']],
  ['the PIN was not set', 'not-set', 'aborted', []],
  ['the CMS never heard of a relay', 'unheard', 'aborted', []],
])('died in the relay, and at boot %s: %s', async (_what, pin, becomes, choices) => {
  const { at, actor, drawn, records, cms, operators, state, outbox } = desk();
  await at('scanning');
  const number = drawn();
  actor.stop();
  records.append(id, { kind: 'ENVELOPE_SCANNED', number, by: 'scanner' });
  records.append(id, { kind: 'ENVELOPE_BOUND', number });
  if (pin === 'silent') cms.fails.operations = { kind: 'unreachable', detail: 'down' };
  const envelope = pin === 'silent' || pin === 'unheard' ? {} : { envelope: { number, pin, evidence: 'none' as const } };
  cms.views = [{ operationId: id, state: 'RESERVED', releases: 0, ...envelope }];
  const signal = new AbortController().signal;
  expect(await recover({ journal: records, printing: new FakePrinting(), cms, handOverEvidence: 'E4' }, signal)).toEqual({
    ok: true,
    value: 1,
  });
  expect(state(number)).toBe(becomes);
  await outbox.deliver(id, signal);
  expect(heldOperation(id, records.rowsOf(id))?.choices ?? []).toEqual(choices);
  if (choices.length === 0) return;
  expect(await resolve({ journal: records, operators }, id, 'destroyed')).toEqual({ ok: true, value: undefined });
  expect(state(number)).toBe('spoiled');
});
