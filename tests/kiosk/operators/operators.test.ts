import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { OperatorDecision } from '../../../flows/ports/operators.ts';
import { createLog } from '../../../kiosk/log/log.ts';
import { type Account, readAccounts } from '../../../kiosk/operators/accounts.ts';
import { claimedOperator, verifyAssertion } from '../../../kiosk/operators/assertion.ts';
import { lockMs } from '../../../kiosk/operators/lockout.ts';
import { createOperators, signOnLimits } from '../../../kiosk/operators/operators.ts';
import type { SignOnFailureStore } from '../../../kiosk/records/sign-on-failures.ts';
import { accountsFileIn, operatorsOf, pin, recordsIn, specimenAccount, temporaryFolder } from './specimen.ts';

const folder = temporaryFolder();
const never = new AbortController().signal;
let account: Account;
let accountsFile: string;

beforeAll(async () => {
  account = await specimenAccount();
  accountsFile = accountsFileIn(folder, 'operators.json', account, await specimenAccount('other'));
});

const stateFolder = (): string => mkdtempSync(join(folder, 'state-'));

const handOver = {
  decision: 'hand-over',
  operationId: '01890a5d-ac96-774b-bcce-b302099a8057',
  attempt: 1,
  handedOver: true,
} as const satisfies OperatorDecision;

describe('an operator who signs on', () => {
  test("signs decisions that the account's public key verifies", async () => {
    const clock = new SimulatedClock();
    const operators = operatorsOf({ accountsFile, lockStore: recordsIn(stateFolder()).signOnFailures, clock });
    expect(operators.signedOn()).toBeNull();
    expect(await operators.sign(handOver)).toEqual({ ok: false, error: { kind: 'not-signed-on' } });
    const given = pin();
    expect(await operators.signOn('mrossi', given, never)).toEqual({ ok: true, value: { id: 'mrossi', displayName: 'Mario Rossi' } });
    expect(given.expose().every((byte) => byte === 0)).toBe(true);
    expect(operators.signedOn()).toEqual({ id: 'mrossi', displayName: 'Mario Rossi' });

    clock.increment(5_000);
    const [first, second] = [await operators.sign(handOver), await operators.sign(handOver)];
    if (!first.ok || !second.ok) throw new Error('not signed');
    expect(claimedOperator(first.value)).toBe('mrossi');
    const verified = await verifyAssertion(first.value, account.publicKey);
    expect(verified).toMatchObject({ ok: true, value: { ...handOver, device: 'desk-1', iat: 5 } });
    const again = await verifyAssertion(second.value, account.publicKey);
    if (!verified.ok || !again.ok) throw new Error('not verified');
    expect(again.value.jti).not.toBe(verified.value.jti);
  });

  test('signs nothing any more after the sign-off', async () => {
    const operators = operatorsOf({ accountsFile, lockStore: recordsIn(stateFolder()).signOnFailures });
    await operators.signOn('mrossi', pin(), never);
    operators.signOff();
    expect(operators.signedOn()).toBeNull();
    expect(await operators.sign(handOver)).toEqual({ ok: false, error: { kind: 'not-signed-on' } });
  });

  test('takes the place of who was signed on before', async () => {
    const operators = operatorsOf({ accountsFile, lockStore: recordsIn(stateFolder()).signOnFailures });
    await operators.signOn('mrossi', pin(), never);
    await operators.signOn('other', pin(), never);
    expect(operators.signedOn()?.id).toBe('other');
  });

  test('is signed off after half an hour of doing nothing, and after twelve hours of doing anything', async () => {
    const clock = new SimulatedClock();
    const operators = operatorsOf({ accountsFile, lockStore: recordsIn(stateFolder()).signOnFailures, clock });
    await operators.signOn('mrossi', pin(), never);
    clock.increment(signOnLimits.idle - 1);
    expect(operators.signedOn()).not.toBeNull();
    clock.increment(1);
    expect(operators.signedOn()).toBeNull();

    await operators.signOn('mrossi', pin(), never);
    const begun = clock.now();
    while (clock.now() - begun < signOnLimits.hard - signOnLimits.idle) {
      clock.increment(signOnLimits.idle - 60_000);
      if ((clock.now() - begun) % 2 === 0) operators.active();
      expect((await operators.sign(handOver)).ok).toBe(true);
    }
    operators.active();
    clock.increment(begun + signOnLimits.hard - 1 - clock.now());
    expect(operators.signedOn()).not.toBeNull();
    operators.active();
    clock.increment(1);
    expect(operators.signedOn()).toBeNull();
    expect(await operators.sign(handOver)).toMatchObject({ ok: false });
  });

  test('may be forgotten by closing, which leaves no timer', async () => {
    const clock = new SimulatedClock();
    const operators = operatorsOf({ accountsFile, lockStore: recordsIn(stateFolder()).signOnFailures, clock });
    await operators.signOn('mrossi', pin(), never);
    operators.close();
    expect(operators.signedOn()).toBeNull();
    await operators.signOn('mrossi', pin(), never);
    clock.increment(signOnLimits.idle - 1);
    expect(operators.signedOn()).not.toBeNull();
  });
});

describe('a sign-on that is refused', () => {
  test('has three free tries, then locks that double, over restarts', async () => {
    const state = stateFolder();
    const clock = new SimulatedClock();
    clock.increment(Date.parse('2026-11-22T19:00:00.000Z'));
    /** The kiosk started anew: only what is durable is known. */
    const tryAnew = async (text: string) => {
      const records = recordsIn(state);
      const operators = operatorsOf({ accountsFile, lockStore: records.signOnFailures, clock });
      const answer = await operators.signOn('mrossi', pin(text), never);
      records.close();
      return answer;
    };
    const wrong = '000000';
    expect(await tryAnew(wrong)).toEqual({ ok: false, error: { kind: 'wrong-pin', triesLeft: 2 } });
    expect(await tryAnew(wrong)).toEqual({ ok: false, error: { kind: 'wrong-pin', triesLeft: 1 } });
    const locked = (until: string) => ({ ok: false, error: { kind: 'locked', until } });
    expect(await tryAnew(wrong)).toEqual(locked('2026-11-22T19:00:30.000Z'));
    clock.increment(29_999);
    expect(await tryAnew('271828')).toEqual(locked('2026-11-22T19:00:30.000Z'));
    clock.increment(1);
    expect(await tryAnew(wrong)).toEqual(locked('2026-11-22T19:01:30.000Z'));
    clock.increment(60_000);
    expect(await tryAnew(wrong)).toEqual(locked('2026-11-22T19:03:30.000Z'));
    clock.increment(120_000);
    expect(await tryAnew('271828')).toMatchObject({ ok: true });
    expect(await tryAnew(wrong)).toEqual({ ok: false, error: { kind: 'wrong-pin', triesLeft: 2 } });
  });

  test('locks one operator and no other', async () => {
    const operators = operatorsOf({ accountsFile, lockStore: recordsIn(stateFolder()).signOnFailures });
    for (let tries = 0; tries < 3; tries += 1) await operators.signOn('mrossi', pin('000000'), never);
    expect(await operators.signOn('mrossi', pin(), never)).toMatchObject({ error: { kind: 'locked' } });
    expect((await operators.signOn('other', pin(), never)).ok).toBe(true);
  });

  test('counts tries made side by side', async () => {
    const store = recordsIn(stateFolder()).signOnFailures;
    const operators = operatorsOf({ accountsFile, lockStore: store });
    const answers = await Promise.all(Array.from({ length: 6 }, () => operators.signOn('mrossi', pin('000000'), never)));
    expect(answers.some(({ ok }) => ok)).toBe(false);
    expect(store.failures('mrossi')?.failures).toBe(3);
  });

  test('does not lock for years when the clock was wrong by years', async () => {
    const store = recordsIn(stateFolder()).signOnFailures;
    for (let failures = 0; failures < 5; failures += 1) store.countFailure('mrossi', new Date('2099-01-01T00:00:00Z'));
    const operators = operatorsOf({ accountsFile, lockStore: store });
    expect(await operators.signOn('mrossi', pin('000000'), never)).toMatchObject({ error: { kind: 'locked' } });
    const until = store.failures('mrossi')!.lastAt;
    expect(until < '2099').toBe(true);
  });

  test('is told apart: unknown, given up before, given up while the key is being opened', async () => {
    const store = recordsIn(stateFolder()).signOnFailures;
    const operators = operatorsOf({ accountsFile, lockStore: store });
    expect(await operators.signOn('nobody', pin(), never)).toEqual({ ok: false, error: { kind: 'unknown-operator' } });
    const [unopened, opening] = [pin(), pin()];
    expect(await operators.signOn('mrossi', unopened, AbortSignal.abort())).toEqual({ ok: false, error: { kind: 'aborted' } });
    expect(store.failures('mrossi')).toBeNull();
    const abort = new AbortController();
    const answer = operators.signOn('mrossi', opening, abort.signal);
    abort.abort();
    expect(await answer).toEqual({ ok: false, error: { kind: 'aborted' } });
    for (const given of [unopened, opening]) expect(given.expose().every((byte) => byte === 0)).toBe(true);
    expect(operators.signedOn()).toBeNull();
  });

  test('lets nobody in while wrong PINs cannot be counted', async () => {
    const error = { kind: 'records-unwritable', file: 'records.db', detail: 'SQLITE_FULL: database or disk is full' } as const;
    const full: SignOnFailureStore = {
      failures: () => null,
      countFailure: () => ({ ok: false, error }),
      clearFailures: () => ({ ok: false, error }),
    };
    const operators = operatorsOf({ accountsFile, lockStore: full });
    expect(await operators.signOn('mrossi', pin(), never)).toMatchObject({ ok: false, error: { kind: 'unavailable' } });
  });

  test('is logged without the PIN and without what was typed as a name', async () => {
    const lines: string[] = [];
    const log = createLog('test', { write: (line) => void lines.push(line) });
    const operators = operatorsOf({ accountsFile, lockStore: recordsIn(stateFolder()).signOnFailures, log });
    await operators.signOn('RSSMRA72L09H501S', pin('314159'), never);
    await operators.signOn('mrossi', pin('314159'), never);
    await operators.signOn('mrossi', pin(), never);
    operators.signOff();
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'operator-refused', operator: '', reason: 'unknown-operator' },
      { event: 'operator-refused', operator: 'mrossi', reason: 'wrong-pin' },
      { event: 'operator-signed-on', operator: 'mrossi' },
      { event: 'operator-signed-off', operator: 'mrossi', reason: 'signed-off' },
    ]);
    expect(lines.join('')).not.toMatch(/314159|271828|RSSMRA/);
  });
});

test('locks double from 30 seconds and end at twelve hours', () => {
  expect([0, 1, 2, 3, 4, 5, 6].map(lockMs)).toEqual([0, 0, 0, 30_000, 60_000, 120_000, 240_000]);
  expect(lockMs(1_000_000)).toBe(12 * 3_600_000);
});

test('without usable accounts there are no operators', () => {
  const missing = join(folder, 'missing.json');
  expect(readAccounts(missing).ok).toBe(false);
  const lockStore = recordsIn(stateFolder()).signOnFailures;
  expect(createOperators({ accountsFile: missing, lockStore, deviceId: 'desk-1', log: { event: () => undefined } })).toMatchObject({
    ok: false,
    error: { kind: 'accounts-unusable' },
  });
});
