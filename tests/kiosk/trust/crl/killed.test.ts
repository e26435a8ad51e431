import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, it, vi } from 'vitest';
import { processEntry } from '../../../../kiosk/project.ts';
import { makeAuthority, makeCrl, manyEntries, serialOfEntry } from '../../../bench/crl-generator.ts';
import { ask, fileOf, importInto, newFolder } from './store.ts';

/** Yesterday's CRL lists entry 1 as revoked; today's lists 200,000 others beside it. */
const ca = makeAuthority('Specimen - CA Cittadini');
const now = new Date();
const hour = (count: number): Date => new Date(now.getTime() + count * 3_600_000);
const yesterday = makeCrl(ca, { encoded: manyEntries(2), number: 1, thisUpdate: hour(-24) });
const today = makeCrl(ca, { encoded: manyEntries(200_000), number: 2, thisUpdate: hour(-1) });
const listedToday = serialOfEntry(150_001).toString('hex');

const issuerFile = fileOf(ca.certificate);
const crlFile = fileOf(today);
const before = newFolder();
beforeAll(() => {
  expect(importInto(before, [ca], [yesterday], now).ok).toBe(true);
});

function importing(folder: string, ...more: readonly string[]): ChildProcess {
  const words = [processEntry('tests/processes/crl-importer.ts'), folder, issuerFile, crlFile, ...more];
  return spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Goes on reading afterwards: one who says more to a closed pipe would end by that. */
async function said(child: ChildProcess, word: string): Promise<void> {
  let text = '';
  child.stdout?.on('data', (piece) => (text += String(piece)));
  await vi.waitUntil(() => text.includes(`${word}\n`), { timeout: 20_000, interval: 2 });
}

function state(folder: string): { number: bigint | null | undefined; first: string; second: string } {
  const second = ask(folder, ca, listedToday, {}, now);
  return { number: second.crl?.number, first: ask(folder, ca, serialOfEntry(1).toString('hex'), {}, now).status, second: second.status };
}
const asYesterday = { number: 1n, first: 'revoked', second: 'good' };
const asToday = { number: 2n, first: 'revoked', second: 'revoked' };

it('killed with everything written and nothing committed, the store answers as before, and takes the CRL again', async () => {
  const folder = newFolder();
  cpSync(before, folder, { recursive: true });
  const child = importing(folder, 'hold');
  await said(child, 'written');
  expect(state(folder)).toEqual(asYesterday);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(state(folder)).toEqual(asYesterday);
  expect(importInto(folder, [], [today], now).ok).toBe(true);
  expect(state(folder)).toEqual(asToday);
});

it('killed at any moment, the store answers as before or as after, never otherwise', async () => {
  const seen = new Set<bigint | null | undefined>();
  for (let moment = 0; moment <= 12; moment += 1) {
    const folder = newFolder();
    cpSync(before, folder, { recursive: true });
    const child = importing(folder);
    const ended = once(child, 'exit');
    await said(child, 'open');
    // No waiting for something: the moment itself is what is tried.
    await setTimeout(moment * 25);
    if (moment === 12) await ended;
    child.kill('SIGKILL');
    await ended;
    const found = state(folder);
    expect([asYesterday, asToday]).toContainEqual(found);
    seen.add(found.number);
  }
  expect(seen).toEqual(new Set([1n, 2n]));
});
