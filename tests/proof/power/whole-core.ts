import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { vi } from 'vitest';
import { z } from 'zod';
import { processes } from '../../harness/processes.ts';
import { Sportello } from '../../harness/sportello.ts';
import type { Session } from '../../harness/power-loss.ts';
import { type FileOperation, operationsIn, straceInto } from '../../harness/system-calls.ts';

const row = z.object({ row: z.string(), operationId: z.string(), sequence: z.int() });

/**
 * Records what the whole core, and what it starts, asks of the system for its records: from its first start through a citizen who gets both parts, one who
 * pulls the card, to its stop. Card, printer, CMS and mailer are there as for any session.
 */
export async function recordCore(): Promise<Session> {
  const notes = mkdtempSync(join(tmpdir(), 'power-core-'));
  const trace = join(notes, 'trace');
  // The tracer lives apart, so that a signal to the core is one to the core.
  const under = [...straceInto(trace), '-D', '--seccomp-bpf'];
  const world = await Sportello.start({ reader: 'in-process', under });
  try {
    await world.toCollect();
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.client.on('done');
    await world.closed('CONFIRMED');
    await world.card('remove');
    await world.client.on('welcome');
    await world.issue();
    await world.client.on('collect');
    await world.client.operatorDoes({ type: 'hand-over', handedOver: false });
    await world.client.on('stopped');
    await world.closed('VOIDED');
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
