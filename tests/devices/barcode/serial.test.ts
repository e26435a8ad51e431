import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { BarcodeScanner, IgnoredScan, ScannerStatus } from '../../../devices/barcode/contract.ts';
import { openScanner } from '../../../devices/barcode/scanner.ts';
import { type VirtualScanner, startVirtualScanner } from '../../../devices/barcode/virtual/virtual-scanner.ts';

const never = new AbortController().signal;

interface Desk {
  readonly virtual: VirtualScanner;
  readonly scanner: BarcodeScanner;
  readonly ignored: IgnoredScan[];
  /** Settles at the next time that the scanner ignores something for this reason. */
  readonly ignores: (why: IgnoredScan) => Promise<void>;
  readonly becomes: (state: ScannerStatus['state']) => Promise<void>;
}

async function desk(): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'scanner-'));
  const virtual = await startVirtualScanner({ link: join(folder, 'scanner') });
  const opened = openScanner(virtual.address);
  if (!opened.ok) throw new Error(opened.error);
  const scanner = opened.value;
  onTestFinished(async () => {
    await scanner.close();
    await virtual.close();
    rmSync(folder, { recursive: true });
  });
  const ignored: IgnoredScan[] = [];
  scanner.onIgnored((why) => ignored.push(why));
  const desk: Desk = {
    virtual,
    scanner,
    ignored,
    ignores: (why) =>
      new Promise((resolve) => {
        const stop = scanner.onIgnored((each) => {
          if (each !== why) return;
          stop();
          resolve();
        });
      }),
    becomes: (state) =>
      new Promise((resolve) => {
        if (scanner.status().state === state) {
          resolve();
          return;
        }
        const stop = scanner.onStatus((status) => {
          if (status.state !== state) return;
          stop();
          resolve();
        });
      }),
  };
  await desk.becomes('ready');
  return desk;
}

test('what is scanned while somebody waits is the answer', async () => {
  const { scanner, virtual } = await desk();
  const scan = scanner.next(never);
  virtual.scan(']C0SAR0012345');
  expect(await scan).toEqual({ ok: true, value: { symbology: 'code-128', text: 'SAR0012345' } });
});

test('what was scanned before anybody waited is not kept', async () => {
  const { scanner, virtual, ignores } = await desk();
  const early = ignores('nobody-waits');
  virtual.scan('SAR0000001');
  await early;
  const scan = scanner.next(never);
  virtual.scan('SAR0000002');
  expect(await scan).toMatchObject({ ok: true, value: { text: 'SAR0000002' } });
});

test('half a code is dropped, and is no part of the next', async () => {
  const { scanner, virtual, ignores } = await desk();
  const scan = scanner.next(never);
  const half = ignores('cut-short');
  virtual.send(Buffer.from('SAR00'));
  await half;
  virtual.scan('SAR0000002');
  expect(await scan).toMatchObject({ ok: true, value: { text: 'SAR0000002' } });
});

test('a scanner unplugged while somebody waits ends the waiting, and is found again when it is plugged in', async () => {
  const { scanner, virtual, becomes } = await desk();
  const scan = scanner.next(never);
  virtual.send(Buffer.from('SAR00'));
  await virtual.unplug();
  expect(await scan).toMatchObject({ ok: false, error: { kind: 'disconnected' } });
  expect(await scanner.next(never)).toMatchObject({ ok: false, error: { kind: 'disconnected' } });
  await virtual.plug();
  await becomes('ready');
  const again = scanner.next(never);
  virtual.scan('SAR0000003');
  expect(await again).toMatchObject({ ok: true, value: { text: 'SAR0000003' } });
});

test('a flood is refused and shown, and over when it is quiet', async () => {
  const { scanner, virtual, becomes, ignored } = await desk();
  for (let n = 0; n < 200; n += 1) virtual.scan(`FLOOD${n}`);
  await becomes('flooding');
  await becomes('ready');
  expect(ignored).toContain('flood');
  const scan = scanner.next(never);
  virtual.scan('SAR0000004');
  expect(await scan).toMatchObject({ ok: true, value: { text: 'SAR0000004' } });
});

test('waiting ends when it is told to, and when the scanner is closed; two at a time is a bug', async () => {
  const { scanner } = await desk();
  const stop = new AbortController();
  const scan = scanner.next(stop.signal);
  await expect(scanner.next(never)).rejects.toThrow('one waits');
  stop.abort();
  expect(await scan).toEqual({ ok: false, error: { kind: 'aborted' } });
  const last = scanner.next(never);
  await scanner.close();
  expect(await last).toMatchObject({ ok: false });
});

test('a scanner that is not there is looked for', async () => {
  const opened = openScanner('serial:/dev/there-is-none');
  if (!opened.ok) throw new Error(opened.error);
  onTestFinished(() => opened.value.close());
  await new Promise<void>((resolve) => opened.value.onStatus((status) => status.state === 'disconnected' && resolve()));
  expect(await opened.value.next(never)).toMatchObject({ ok: false, error: { kind: 'disconnected' } });
});
