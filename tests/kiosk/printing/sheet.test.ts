import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Sheet } from '../../../flows/ports/printing.ts';
import { composeSheet } from '../../../kiosk/printing/sheet.ts';
import { type Desk, openDesk, releasing, slip, until, untilStatus } from './desk.ts';

let desk: Desk;
afterEach(async () => {
  await desk.close();
  vi.restoreAllMocks();
});

const sheet: Sheet = {
  title: 'Cosa serve per l’attivazione della tessera (minore)',
  lines: [
    { kind: 'heading', text: 'Documenti' },
    { kind: 'item', text: 'un documento valido di chi si presenta (carta d’identità, passaporto, patente di guida)' },
    { kind: 'text', text: 'Si fa allo sportello dell’azienda sanitaria.' },
    { kind: 'signature', who: 'Il genitore' },
  ],
  siteName: 'Casa della Salute - prova',
  helpLine: '800.033.033',
  printedAt: '2026-06-15T10:00:00Z',
  language: 'it',
};
const signal = new AbortController().signal;

describe('a sheet', () => {
  test('comes out whole, its words in lines no wider than the paper, with a place to sign', async () => {
    desk = await openDesk();
    await untilStatus(desk.printing, 'ready');
    expect(await desk.printing.printSheet(sheet, signal)).toMatchObject({ class: 'E2', buffer: 'printed' });
    const text = desk.printer.slips().at(-1)?.text ?? '';
    expect(text).toMatch(/^Cosa serve per l'attivazione della tessera\n\(minore\)\n─+\n/);
    expect(text).toContain("■ un documento valido di chi si presenta (carta\n  d'identità, passaporto, patente di guida)\n");
    expect(text).toMatch(/_{48}\nIl genitore\n/);
    expect(text).toContain('Per informazioni: 800.033.033\nCasa della Salute - prova\n15/06/26, 12:00');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(48);
    // It holds no code: no worker was needed, and no code's worker was kept from its work.
    expect(desk.heard.workers).toEqual([]);
    expect((await desk.printing.print(slip, releasing(), signal)).evidence.class).toBe('E2');
  });

  test('whatever its lines hold, they command nothing: one cut, no line wider than the paper', async () => {
    desk = await openDesk({ msPerLine: 0 });
    await untilStatus(desk.printing, 'ready');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 5 }), async (texts) => {
        const before = desk.printer.slips().length;
        desk.printer.feed(composeSheet({ ...sheet, lines: texts.map((text) => ({ kind: 'item', text })) }));
        await until('the sheet', () => desk.printer.slips().length > before);
        expect(desk.printer.slips()).toHaveLength(before + 1);
        const lines = (desk.printer.slips().at(-1)?.text ?? '').split('\n');
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(48);
      }),
      { numRuns: 50 },
    );
  });

  test('the paper ends in the middle of it: less than full evidence, and its piece is cut off before a code is printed', async () => {
    desk = await openDesk({ msPerLine: 30 });
    await untilStatus(desk.printing, 'ready');
    const printed = desk.printing.printSheet(sheet, signal);
    await until('its first line', () => desk.printer.hanging().includes('Cosa serve'));
    await desk.printer.control('paper-out');
    expect((await printed).class).toBe('E1');
    await desk.printer.control('paper-ok');
    await untilStatus(desk.printing, 'ready');
    expect((await desk.printing.print(slip, releasing(), signal)).evidence.class).toBe('E2');
    expect(desk.printer.slips().at(-1)?.text).not.toContain('Cosa serve');
  });

  test('a sheet that is left in the presenter is told at once, and does not keep the printer for ever', async () => {
    desk = await openDesk({ presenter: true });
    await untilStatus(desk.printing, 'ready');
    expect((await desk.printing.printSheet(sheet, signal)).class).toBe('E2');
    expect(desk.printing.status().state).toBe('slip-in-output');
    await desk.printer.control('take');
    await untilStatus(desk.printing, 'ready');
  });
});
