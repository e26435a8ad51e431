import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { v7 as uuidv7 } from 'uuid';
import { openHistory } from '../../../kiosk/records/history.ts';
import { openRecords } from '../../../kiosk/records/records.ts';
import { Sportello } from '../../harness/sportello.ts';
import { beforeOutcome } from '../../kiosk/records/specimen.ts';
import { chainFaults } from './chain.ts';

const many = 100;
/** From the kiosk's readiness to the last one closed. */
const LIMIT_MS = 3_000;

let world: Sportello;
afterEach(() => world.close());

test(
  'a start with a hundred open operations brings them all to their end at the CMS within three seconds',
  { timeout: 60_000 },
  async () => {
    world = await Sportello.start({ reader: 'in-process', msPerLine: 0 });
    await world.stopKiosk();
    const state = join(world.folder, 'state');
    const records = openRecords({ folder: join(state, 'records'), deviceKey: join(state, 'device-key.jwk') });
    if (!records.ok) throw new Error(records.error.kind);
    // Each stands at another row, from OP_OPEN to PRINT_INTENT: none of them was ever heard of by the CMS.
    const rows = beforeOutcome.filter(({ kind }) => kind !== 'EVIDENCE');
    const ids = Array.from({ length: many }, () => uuidv7());
    for (const [index, id] of ids.entries()) {
      for (const row of rows.slice(0, 1 + (index % rows.length))) expect(records.value.append(id, row).ok).toBe(true);
    }
    const written = ids.flatMap((id) => records.value.rowsOf(id)).length;
    records.value.close();

    await world.startKiosk();
    const ready = performance.now();
    const history = openHistory(join(state, 'records'));
    if (!history.ok) throw new Error(history.error.kind);
    await vi.waitUntil(() => history.value.open().length === 0, { timeout: LIMIT_MS, interval: 10 });
    const sinceReadyMs = performance.now() - ready;
    const recovered = ids.flatMap((id) => history.value.rowsOf(id)).filter(({ sequence }) => sequence > written);
    history.value.close();
    const instants = recovered.map(({ at }) => Date.parse(at));
    const tookMs = Math.max(...instants) - Math.min(...instants);
    process.stderr.write(
      `${many} open operations: recovery took ${tookMs} ms, ${Math.round(sinceReadyMs)} ms of it after the kiosk was ready\n`,
    );
    expect(sinceReadyMs).toBeLessThan(LIMIT_MS);

    for (const id of ids) expect(world.ledger.state(id)).toBe('VOIDED');
    expect(world.secondParts()).toEqual([]);
    expect(world.wholeSlips()).toEqual([]);
    expect(chainFaults(world)).toEqual([]);
  },
);
