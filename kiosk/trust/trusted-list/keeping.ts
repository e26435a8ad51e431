import { mkdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Keeping, RefreshSettings } from '../crl/refresh-messages.ts';
import type { TrustedList } from './list.ts';
import { refreshList } from './refresh.ts';
import { readPins } from './signers.ts';
import { heldVersion, readHeld } from './store.ts';

/** Milliseconds between two looks at what changed and what is due. */
const ROUND_MS = 5_000;
const HOUR_MS = 3_600_000;
const LEAST_BACKOFF_MS = 30_000;

/** The last time that the list's server was asked, in milliseconds of a clock that only goes on; `failures` since it answered. */
export interface Asked {
  readonly at: number;
  readonly failures: number;
}

/** Once a day, and once an hour from the day before the held list's end; after failures ever more seldom, up to once an hour. */
export function isListDue(asked: Asked | null, now: number, held: Pick<TrustedList, 'nextUpdate'> | null, today: Date): boolean {
  if (asked === null) return true;
  const { at, failures } = asked;
  if (failures > 0) return now - at >= Math.min(HOUR_MS, LEAST_BACKOFF_MS * 2 ** failures);
  const end = held?.nextUpdate == null ? Infinity : Date.parse(held.nextUpdate);
  return now - at >= (today.getTime() > end - 24 * HOUR_MS ? HOUR_MS : 24 * HOUR_MS);
}

/** Keeps the national trusted list: asks for it at boot and whenever it is due, and tells of every change, whoever made it. */
export async function keepList({ list }: RefreshSettings, { tell, firstRoundDone, signal }: Keeping): Promise<void> {
  if (list === null) {
    firstRoundDone();
    return;
  }
  const { folder, url, signers } = list;
  mkdirSync(folder, { recursive: true });
  let asked: Asked | null = null;
  let failures = 0;
  let asking: Promise<void> | null = null;
  let version: string | null = null;
  let held: TrustedList | null = null;
  let said = '';

  async function ask(): Promise<void> {
    const answered = await refreshed();
    if (answered) said = '';
    failures = answered ? 0 : failures + 1;
    asked = { at: performance.now(), failures };
  }

  async function refreshed(): Promise<boolean> {
    const pins = readPins(signers);
    if (!pins.ok) return problem(pins.error);
    const options = { folder, pins: pins.value, now: () => new Date(), ms: 120_000, tries: 4, pause, signal };
    const { result, problems } = await refreshList(url, options);
    if (result === 'imported' || result === 'unchanged') return true;
    return problem(`${url}: ${problems.at(-1) ?? result}`);
  }

  /** What goes on being wrong is said once, until it changes. */
  function problem(text: string): false {
    if (said !== text) tell({ type: 'list-problem', problem: text });
    said = text;
    return false;
  }

  for (;;) {
    if (asking === null && isListDue(asked, performance.now(), held, new Date())) asking = ask().finally(() => (asking = null));
    const found = heldVersion(folder);
    if (found !== version) {
      version = found;
      const read = readHeld(folder);
      held = read.ok ? (read.value?.list ?? null) : null;
      tell({ type: 'list', version });
    }
    if (asking === null) firstRoundDone();
    // A server that does not answer keeps nobody from seeing the list that a technician put there.
    await Promise.race([setTimeout(ROUND_MS), ...(asking === null ? [] : [asking])]);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal });
}
