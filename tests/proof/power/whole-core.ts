import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';
import { z } from 'zod';
import { processes } from '../../harness/processes.ts';
import { scan, toEnvelope } from '../../harness/envelope-desk.ts';
import { Sportello, type WorldOptions } from '../../harness/sportello.ts';
import type { Session } from '../../harness/power-loss.ts';
import { type FileOperation, operationsIn, straceInto } from '../../harness/system-calls.ts';

const row = z.object({ row: z.string(), operationId: z.string(), sequence: z.int() });

/** People at one desk, one after the other. */
export interface Day {
  readonly world: WorldOptions;
  readonly sessions: (world: Sportello) => Promise<void>;
}

/** A citizen who gets both parts of the codes, and one to whom nothing is handed over. */
export const ofSplitCodes: Day = {
  world: { reader: 'in-process' },
  async sessions(world) {
    await world.toCollect();
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.client.on('done');
    await world.closed('CONFIRMED');
    await world.takeCard();
    await world.issue();
    await world.client.on('collect');
    await world.client.operatorDoes({ type: 'hand-over', handedOver: false });
    await world.client.on('stopped');
    await world.closed('VOIDED');
  },
};

/** A shift begins and is counted; between, a citizen gets an envelope, and one takes the card away while its PIN is being set. */
export const ofEnvelopes: Day = {
  world: { reader: 'in-process', envelopes: true },
  async sessions(world) {
    scan(world, await toEnvelope(world));
    await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.client.on('envelope-done');
    await world.closed('CONFIRMED');
    await world.takeCard();
    const number = await toEnvelope(world);
    await world.card('pull 2');
    scan(world, number);
    await world.client.on('stopped');
    await world.closed('VOIDED');
  },
};

/** Records what the whole core, and what it starts, asks of the system for its records: from its first start through a day to its stop. */
export async function recordCore({ world: options, sessions }: Day): Promise<Session> {
  const notes = mkdtempSync(join(tmpdir(), 'power-core-'));
  const trace = join(notes, 'trace');
  // The tracer lives apart, so that a signal to the core is one to the core.
  const under = [...straceInto(trace), '-D', '--seccomp-bpf'];
  const world = await Sportello.start({ ...options, under });
  try {
    await sessions(world);
    await world.stopKiosk();
    const traced = (): boolean => processes().some(({ words }) => words.includes(trace));
    await vi.waitUntil(() => !traced(), { timeout: 15_000, interval: 20 });
    const operations = operationsIn(readFileSync(trace, 'latin1'), resolve(world.folder, 'state/records'));
    return { before: new Map(), operations: operations.map(acknowledged) };
  } finally {
    await world.close();
    rmSync(notes, { recursive: true });
  }
}

/** What it told of its rows, as the journal's writer says it. */
function acknowledged(operation: FileOperation): FileOperation {
  if (operation.kind !== 'said') return operation;
  const lines = operation.text.split('\n').flatMap((line) => {
    const told = row.safeParse(line.startsWith('{') ? JSON.parse(line) : null);
    return told.success ? [`${told.data.sequence} ${told.data.operationId} ${told.data.row}\n`] : [];
  });
  return { kind: 'said', text: lines.join('') };
}
