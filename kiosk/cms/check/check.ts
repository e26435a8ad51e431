import type { KeyObject } from 'node:crypto';
import { type Result, err, ok } from '../../../devices/result.ts';
import type { Bench } from './bench.ts';
import { contactChecks } from './contacts.ts';
import { Conversation, Fault, type Identity } from './conversation.ts';
import { readDescription } from './description.ts';
import { onceChecks } from './once.ts';
import { operationChecks } from './operations.ts';
import { envelopeChecks } from './envelopes.ts';
import { remoteIssueChecks } from './remote-issues.ts';
import { serviceChecks } from './services.ts';
import { signatureChecks } from './signatures.ts';
import { transportChecks } from './transport.ts';
import { witnessChecks } from './witness.ts';

export interface Check {
  /** Stable: scripts may ask for it. */
  readonly id: string;
  readonly title: string;
  /** What of the bench it cannot do without. */
  readonly needs?: readonly (keyof Bench)[];
  /** What was seen, in a few words; throws where the contract is not kept. */
  run(cms: Conversation): Promise<string>;
}

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface CheckReport {
  readonly ok: boolean;
  readonly checks: readonly CheckResult[];
  /** Checks that need more of the bench than was given, and did not run. */
  readonly left: readonly string[];
}

/** After everything else: each answer that any check got. */
const description = {
  id: 'as-described',
  title: 'Every answer and every refusal is as openapi.json describes it',
};

const all: readonly Check[] = [
  ...transportChecks,
  ...onceChecks,
  ...contactChecks,
  ...operationChecks,
  ...witnessChecks,
  ...envelopeChecks,
  ...serviceChecks,
  ...remoteIssueChecks,
  ...signatureChecks,
];
export const checkIds: readonly string[] = [...all.map(({ id }) => id), description.id];

export interface CheckOptions {
  readonly url: URL;
  readonly identity: Identity;
  readonly bench: Bench;
  readonly signingKey: KeyObject | null;
  /** The checks to run; left out: all. */
  readonly only?: readonly string[];
  readonly onResult?: (result: CheckResult) => void;
}

/** Runs the contract suite for connectors against any server. Refused only where the server cannot be reached at all. */
export async function checkCms({ url, identity, bench, signingKey, only, onResult }: CheckOptions): Promise<Result<CheckReport, string>> {
  const cms = new Conversation(url, identity, bench, signingKey, readDescription());
  const checks: CheckResult[] = [];
  const told = (result: CheckResult): void => {
    checks.push(result);
    onResult?.(result);
  };
  try {
    try {
      await cms.ask({ call: 'health', method: 'GET', path: 'health' });
    } catch (error) {
      return err(error instanceof Error ? error.message : String(error));
    }
    const wanted = all.filter(({ id }) => only?.includes(id) ?? true);
    const able = wanted.filter(({ needs = [] }) => needs.every((need) => bench[need] !== undefined));
    for (const check of able) told({ id: check.id, title: check.title, ...(await outcomeOf(check, cms)) });
    if (only?.includes(description.id) ?? true) {
      const misfits = [...cms.misfits];
      const detail = misfits.length === 0 ? `${cms.heard} answers` : misfits.join('; ');
      told({ ...description, ok: misfits.length === 0, detail });
    }
    return ok({
      ok: checks.every((check) => check.ok),
      checks,
      left: wanted.filter((check) => !able.includes(check)).map(({ id }) => id),
    });
  } finally {
    cms.close();
  }
}

async function outcomeOf(check: Check, cms: Conversation): Promise<Pick<CheckResult, 'ok' | 'detail'>> {
  try {
    return { ok: true, detail: await check.run(cms) };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, detail: error.message };
    // Whatever else a foreign server makes of a call is its fault too: no answer, cut off, not what any reader takes.
    return { ok: false, detail: `no usable answer: ${error instanceof Error ? error.message : String(error)}` };
  }
}
