import { beforeAll, expect, test } from 'vitest';
import { type SnapshotFrom, SimulatedClock, createActor, toPromise } from 'xstate';
import { CommandingDriver } from '../../../devices/card/commanding.ts';
import type { VirtualCardOptions } from '../../../devices/card/virtual/card.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import { Secret } from '../../../devices/secret.ts';
import { unblockMachine } from '../../../flows/operations/pin-unblock.ts';
import { recover } from '../../../flows/operations/recovery.ts';
import { findSecret } from '../../proof/secrets/writings.ts';
import { noAbort, specimenCard, specimenCertificate, untilStatus } from '../../devices/card/cards.ts';
import { FakeCms, FakeJournal, FakePrinting } from '../fakes.ts';

const opening = {
  operation: 'pin-unblock',
  case: 'adult',
  profile: 'emilia-romagna',
  profileVersion: '1.0',
  holder: 'holder:1',
  card: 'card:1',
} as const;
const lengths = { puk: 8, shortestPin: 5, longestPin: 8 };
const right = { pin: '12345', puk: '12345678' };
const chosen = '71829';

beforeAll(specimenCertificate);

/** The machine on the production driver over a virtual card. */
async function begun(options: Partial<VirtualCardOptions> = {}) {
  const slot = new InProcessReader(await specimenCard(options));
  const codes = new CommandingDriver(slot);
  await slot.insert();
  await untilStatus(codes, 'present');
  const journal = new FakeJournal();
  const clock = new SimulatedClock();
  const unexpected: string[] = [];
  let ids = 0;
  const machine = unblockMachine({ journal, codes, newId: () => `op-${++ids}` }, { idle: 60_000, idleWarning: 30_000 }, (type) =>
    unexpected.push(type),
  );
  const actor = createActor(machine, { input: { opening, lengths }, clock });
  actor.start();
  const asked = async (): Promise<SnapshotFrom<typeof machine>> =>
    await new Promise((resolve) => {
      if (actor.getSnapshot().matches('asking')) {
        resolve(actor.getSnapshot());
        return;
      }
      const look = (): void => {
        const now = actor.getSnapshot();
        if (now.status === 'active' && !now.matches('asking')) return;
        seeing.unsubscribe();
        resolve(now);
      };
      const seeing = actor.subscribe({ next: look, complete: look });
    });
  /** Types both codes and waits for what the card says. */
  const type = async (puk: string, newPin: string = chosen): Promise<SnapshotFrom<typeof machine>> => {
    const typed = { puk: Secret.fromText(puk), newPin: Secret.fromText(newPin) };
    actor.send({ type: 'citizen.unblock', ...typed });
    const now = await asked();
    for (const code of Object.values(typed)) expect(code.expose().every((byte) => byte === 0)).toBe(true);
    return now;
  };
  const takes = async (pin: string): Promise<boolean> => (await codes.verifyPin({ pin: Secret.fromText(pin) }, noAbort)).ok;
  const spoil = async (): Promise<void> => {
    for (let wrong = 0; wrong < 3; wrong += 1) await codes.verifyPin({ pin: Secret.fromText('99999') }, noAbort);
  };
  return { actor, slot, codes, journal, clock, unexpected, type, takes, spoil };
}

const tryRows = ['OP_OPEN', 'PIN_INTENT', 'PIN_EVIDENCE', 'CLOSED'];

test('COD-03: a PIN blocked by three wrong tries is set anew by the PUK, and holds', async () => {
  const { actor, journal, type, takes, spoil } = await begun();
  await spoil();
  expect(await takes(right.pin)).toBe(false);
  expect((await type(right.puk)).output).toEqual({ pin: 'set' });
  expect(await toPromise(actor)).toEqual({ pin: 'set' });
  expect(await takes(chosen)).toBe(true);
  expect(journal.kinds()).toEqual(tryRows);
  expect(journal.entries.map(({ row }) => row)).toContainEqual({ kind: 'PIN_EVIDENCE', pin: 'set', answer: 'set', triesLeft: null });
});

test('a wrong PUK is counted as the card says, and asked for again', async () => {
  const { actor, journal, type, takes } = await begun();
  expect((await type('87654321')).context.problem).toEqual({ kind: 'wrong-puk', triesLeft: 2 });
  expect((await type('87654321')).context.problem).toEqual({ kind: 'wrong-puk', triesLeft: 1 });
  expect(await takes(right.pin)).toBe(true);
  expect((await type(right.puk)).output).toEqual({ pin: 'set' });
  expect(await takes(chosen)).toBe(true);
  expect(actor.getSnapshot().status).toBe('done');
  expect(journal.kinds()).toEqual([...tryRows, ...tryRows, ...tryRows]);
});

test('procedures.md 2.3: three wrong PUKs block for good, and it is said', async () => {
  const { type, takes } = await begun();
  await type('87654321');
  await type('87654321');
  expect((await type('87654321')).output).toEqual({ pin: 'not-set', reason: 'puk-blocked' });
  const again = await begun();
  for (let wrong = 0; wrong < 3; wrong += 1)
    await again.codes.unblockPin({ puk: Secret.fromText('87654321'), newPin: Secret.fromText(chosen) }, noAbort);
  expect((await again.type(right.puk)).output).toEqual({ pin: 'not-set', reason: 'puk-blocked' });
  expect(await takes(right.pin)).toBe(true);
});

test('a card whose PIN only its CMS may set takes none from the holder', async () => {
  const { type, takes } = await begun({ secured: ['unblock'] });
  expect((await type(right.puk)).output).toEqual({ pin: 'not-set', reason: 'pin-not-changeable' });
  expect(await takes(right.pin)).toBe(true);
});

test('the card is pulled before the command: it has the PIN that it had', async () => {
  const { slot, type } = await begun();
  await slot.remove();
  expect((await type(right.puk)).output).toEqual({ pin: 'not-set', reason: 'card-removed' });
});

test('the card is pulled before it answers: nobody says that it has the PIN, nor that it has not', async () => {
  const { slot, journal, type } = await begun();
  slot.fail(1, { kind: 'lose' });
  expect((await type(right.puk)).output).toEqual({ pin: 'unknown', reason: 'pin-unknown' });
  expect(journal.entries.at(-2)?.row).toMatchObject({ kind: 'PIN_EVIDENCE', pin: 'unknown', triesLeft: null });
  expect(journal.kinds()).toEqual(tryRows);
});

test.each(['OP_OPEN', 'PIN_INTENT'] as const)('nothing goes to the card before %s is written', async (kind) => {
  const { journal, type, takes } = await begun();
  journal.broken = kind;
  expect((await type(right.puk)).output).toEqual({ pin: 'unknown', reason: 'records-unwritable' });
  expect(await takes(right.pin)).toBe(true);
});

test('a PUK or a PIN that has not as many digits as the profile says is not sent: no try is lost', async () => {
  const { journal, type } = await begun();
  expect((await type('1234567')).context.problem).toEqual({ kind: 'not-read' });
  expect((await type(right.puk, '1234')).context.problem).toEqual({ kind: 'not-read' });
  expect(journal.entries).toEqual([]);
  expect((await type('87654321')).context.problem).toEqual({ kind: 'wrong-puk', triesLeft: 2 });
});

test('COD-16: who has no PUK is sent on to new codes, and nothing was asked of the card', async () => {
  const { actor, journal } = await begun();
  actor.send({ type: 'citizen.no-puk' });
  expect(await toPromise(actor)).toEqual({ pin: 'no-puk' });
  expect(journal.entries).toEqual([]);
});

test('nobody types: a warning, and then the end; a sign of life begins the wait anew', async () => {
  const { actor, clock } = await begun();
  clock.increment(60_000);
  expect(actor.getSnapshot().hasTag('warned')).toBe(true);
  actor.send({ type: 'citizen.stay' });
  expect(actor.getSnapshot().hasTag('warned')).toBe(false);
  clock.increment(60_000);
  clock.increment(30_000);
  expect(await toPromise(actor)).toEqual({ pin: 'not-set', reason: 'timed-out' });
});

test('codes stand in no row, whatever the card says', async () => {
  const { journal, type } = await begun();
  await type('87654321');
  await type(right.puk);
  for (const code of ['87654321', right.puk, chosen]) expect(findSecret(Buffer.from(JSON.stringify(journal.entries)), code)).toBeNull();
});

test.each([
  ['before the card was asked', [], []],
  ['while the card worked', [{ kind: 'PIN_INTENT' }], [{ kind: 'PIN_EVIDENCE', pin: 'unknown', answer: 'interrupted', triesLeft: null }]],
  ['after the card answered', [{ kind: 'PIN_INTENT' }, { kind: 'PIN_EVIDENCE', pin: 'set', answer: 'set', triesLeft: null }], []],
] as const)('cut off %s, it is closed at the next start, and the CMS never hears of it', async (_when, before, then) => {
  const journal = new FakeJournal();
  journal.append('op', { kind: 'OP_OPEN', ...opening });
  for (const row of before) journal.append('op', row);
  const cms = new FakeCms();
  expect(await recover({ journal, cms, printing: new FakePrinting(), handOverEvidence: 'E4' }, noAbort)).toEqual({ ok: true, value: 1 });
  expect(journal.entries.slice(1 + before.length).map(({ row }) => row)).toEqual([...then, { kind: 'CLOSED', state: 'NONE' }]);
  expect(journal.outbox()).toEqual([]);
});
