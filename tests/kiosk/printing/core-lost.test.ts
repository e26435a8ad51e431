import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPrinter } from '../../../devices/printer/esc-pos.ts';
import { type VirtualPrinter, startVirtualPrinter } from '../../../devices/printer/virtual/virtual-printer.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { readPaperPart } from '../../../kiosk/printing/paper-part.ts';
import { composeSlip } from '../../../kiosk/printing/slip.ts';
import { Secret } from '../../../devices/secret.ts';
import { CANARY, FOOTER, isAlive, part, slip, until } from './desk.ts';

let printer: VirtualPrinter;
let core: ChildProcess;
let said = '';

beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'printing-'));
  printer = await startVirtualPrinter({ link: join(folder, 'printer'), out: join(folder, 'slips'), msPerLine: 60 });
});
afterEach(async () => {
  core.kill('SIGKILL');
  await printer.close();
});

function startCore(released: string): void {
  said = '';
  core = spawn(process.execPath, [processEntry('tests/processes/printing-core.ts'), printer.address, released], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [core.stdout, core.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
}

/** The core's only child: its print worker. */
function workerOfCore(): number {
  return Number(readFileSync(`/proc/${core.pid}/task/${core.pid}/children`, 'utf8').trim());
}

/** Nothing was left in the printer: what is printed next begins and ends with itself. */
async function expectNothingHeldBack(): Promise<void> {
  const opened = await openPrinter(printer.address);
  if (!opened.ok) throw new Error('the port was not given back');
  const codes = readPaperPart(new Secret(part('11', '2222')));
  if (!codes.ok) throw new Error(codes.error.detail);
  const next = composeSlip({ ...slip, operationId: '0198c2a4-7a31-7c55-9d02-6f1c00000002' }, codes.value);
  expect(await opened.value.print(next, new AbortController().signal)).toMatchObject({ class: 'E2' });
  await opened.value.close();
  expect(printer.slips()).toHaveLength(1);
  expect(printer.slips()[0]?.text).toContain('00000002/1');
  expect(printer.slips()[0]?.text).not.toContain(FOOTER);
}

describe('a print worker whose core was killed', () => {
  it('prints nothing when nothing was printed, and goes', async () => {
    startCore('never');
    await until('key', () => said.includes('key'));
    const worker = workerOfCore();
    core.kill('SIGKILL');
    await until('worker gone', () => !isAlive(worker));
    expect(printer.hanging().trim()).toBe('');
    await expectNothingHeldBack();
  });

  it('prints nothing more in the middle of a slip: it clears the printer, and goes', async () => {
    startCore(part().toString('ascii'));
    await until('paper', () => printer.hanging().includes('PIN'));
    const worker = workerOfCore();
    core.kill('SIGKILL');
    await until('worker gone', () => !isAlive(worker));
    await expectNothingHeldBack();
    expect(said).not.toContain(CANARY.puk);
  });
});
