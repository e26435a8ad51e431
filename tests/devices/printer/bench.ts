import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Printer } from '../../../devices/printer/contract.ts';
import { openPrinter } from '../../../devices/printer/esc-pos.ts';
import { startVirtualPrinter, type VirtualPrinter, type VirtualPrinterOptions } from '../../../devices/printer/virtual/virtual-printer.ts';

/** A folder of this test alone. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'printer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function virtualPrinter(options: Partial<VirtualPrinterOptions> = {}): Promise<VirtualPrinter> {
  const folder = temporaryFolder();
  const line = options.tcp === undefined ? { link: join(folder, 'printer') } : {};
  const printer = await startVirtualPrinter({ ...line, out: join(folder, 'slips'), msPerLine: 5, ...options });
  onTestFinished(() => printer.close());
  return printer;
}

export async function driverOf(address: string): Promise<Printer> {
  const opened = await openPrinter(address);
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  onTestFinished(() => opened.value.close());
  return opened.value;
}

/** A slip of `lines` lines, cut at its end. */
export function slipOf(lines: number, word = 'riga'): Uint8Array {
  const text = Array.from({ length: lines }, (_, index) => `${word} ${index + 1}.\n`).join('');
  return Buffer.concat([Buffer.from(text, 'latin1'), Uint8Array.of(0x1d, 0x56, 1)]);
}

export function textOf(lines: number, word = 'riga'): string {
  return Array.from({ length: lines }, (_, index) => `${word} ${index + 1}.\n`).join('');
}

export function never(): AbortSignal {
  return new AbortController().signal;
}

/** Waits until the slip in progress shows `text`. */
export async function printed(printer: VirtualPrinter, text: string): Promise<void> {
  await vi.waitUntil(() => printer.hanging().includes(text), { timeout: 5_000, interval: 2 });
}
