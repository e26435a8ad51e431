import { type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { withDeadline } from '../../devices/deadline.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';
import type { OperatorDecision, Operators, SignOnError, SignedOnOperator } from '../../flows/ports/operators.ts';
import type { Log } from '../log/log.ts';
import { describeRecordsError } from '../records/failure.ts';
import type { SignOnFailureStore } from '../records/sign-on-failures.ts';
import { type Account, type AccountsError, openAccount, readAccounts } from './accounts.ts';
import { assertionAlgorithm, assertionType } from './assertion.ts';
import { freeTries, lockMs } from './lockout.ts';

/** Milliseconds: an operator who does nothing, and any sign-on at all, ends after these (reliability.md, G13). */
export const signOnLimits = { idle: 30 * 60_000, hard: 12 * 3_600_000, unwrap: 20_000 } as const;

/** What of time sign-ons need; XState's `SimulatedClock` is one. `now` is in milliseconds since 1970. */
export interface OperatorsClock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

const systemClock: OperatorsClock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

export interface OperatorsOptions {
  readonly accountsFile: string;
  readonly lockStore: SignOnFailureStore;
  /** This kiosk, as it stands in what operators sign. */
  readonly deviceId: string;
  readonly clock?: OperatorsClock;
  readonly log: Log;
}

interface SignOn {
  readonly operator: SignedOnOperator;
  readonly key: KeyObject;
  readonly hardLimit: unknown;
  idleLimit: unknown;
}

/** One operator at a time; a new sign-on ends the one before. Reads the accounts once: a new account is known after a restart. */
export function createOperators(options: OperatorsOptions): Result<Operators & { close(): void }, AccountsError> {
  const { accountsFile, lockStore, deviceId, clock = systemClock, log } = options;
  const accounts = readAccounts(accountsFile);
  if (!accounts.ok) return accounts;
  let current: SignOn | null = null;
  const listeners = new Set<() => void>();

  const end = (reason: 'signed-off' | 'idle' | 'hard-limit' | 'replaced' | 'closed'): void => {
    if (current === null) return;
    clock.clearTimeout(current.idleLimit);
    clock.clearTimeout(current.hardLimit);
    log.event('operator-signed-off', { operator: current.operator.id, reason });
    current = null;
    for (const listener of listeners) listener();
  };

  const idleLimit = (): unknown => clock.setTimeout(() => end('idle'), signOnLimits.idle);

  const begin = ({ id, displayName }: Account, key: KeyObject): SignedOnOperator => {
    end('replaced');
    const operator = { id, displayName };
    const hardLimit = clock.setTimeout(() => end('hard-limit'), signOnLimits.hard);
    current = { operator, key, hardLimit, idleLimit: idleLimit() };
    log.event('operator-signed-on', { operator: id });
    return operator;
  };

  const active = (): void => {
    if (current === null) return;
    clock.clearTimeout(current.idleLimit);
    current.idleLimit = idleLimit();
  };

  const refuse = (operator: string, error: SignOnError): Result<never, SignOnError> => {
    log.event('operator-refused', { operator, reason: error.kind });
    return err(error);
  };

  /** The key if the PIN is right. Each try is counted before it is made: a process that dies in between gives no free guess. */
  const tryPin = async (account: Account, pin: Secret): Promise<Result<KeyObject, SignOnError>> => {
    const counted = lockStore.countFailure(account.id, new Date(clock.now()));
    if (!counted.ok) return err({ kind: 'unavailable', detail: describeRecordsError(counted.error) });
    const key = await openAccount(account, pin);
    if (key !== null) {
      const cleared = lockStore.clearFailures(account.id);
      return cleared.ok ? ok(key) : err({ kind: 'unavailable', detail: describeRecordsError(cleared.error) });
    }
    const until = lockedUntil(lockStore, account.id, clock.now());
    return err(until === null ? { kind: 'wrong-pin', triesLeft: freeTries - counted.value.failures } : { kind: 'locked', until });
  };

  return ok({
    async signOn(operatorId, pin, signal) {
      try {
        const account = accounts.value.find(({ id }) => id === operatorId);
        if (account === undefined) return refuse('', { kind: 'unknown-operator' });
        if (signal.aborted) return refuse(account.id, { kind: 'aborted' });
        const until = lockedUntil(lockStore, account.id, clock.now());
        if (until !== null) return refuse(account.id, { kind: 'locked', until });
        const tried = await withDeadline(signOnLimits.unwrap, signal, () => tryPin(account, pin));
        if (!tried.ok)
          return refuse(
            account.id,
            tried.error.kind === 'aborted' ? tried.error : { kind: 'unavailable', detail: 'the key took too long to open' },
          );
        return tried.value.ok ? ok(begin(account, tried.value.value)) : refuse(account.id, tried.value.error);
      } finally {
        pin.wipe();
      }
    },
    signOff: () => end('signed-off'),
    signedOn: () => current?.operator ?? null,
    async sign(decision: OperatorDecision) {
      if (current === null) return err({ kind: 'not-signed-on' });
      const { operator, key } = current;
      active();
      return ok(
        await new SignJWT({ ...decision, device: deviceId, jti: randomUUID() })
          .setProtectedHeader({ alg: assertionAlgorithm, typ: assertionType, kid: operator.id })
          .setIssuedAt(Math.floor(clock.now() / 1000))
          .sign(key),
      );
    },
    active,
    onSignedOff(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => end('closed'),
  });
}

/** The instant until which no PIN of this operator is tried, `null` if one may be. */
function lockedUntil(store: SignOnFailureStore, operatorId: string, now: number): string | null {
  const counted = store.failures(operatorId);
  if (counted === null) return null;
  const since = Date.parse(counted.lastAt);
  const until = since + lockMs(counted.failures);
  // A clock that was set back must not lock for years: the next try counts from the new time.
  return since <= now && now < until ? new Date(until).toISOString() : null;
}
