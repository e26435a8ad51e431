import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import ReceiptPrinterEncoder from '@point-of-sale/receipt-printer-encoder';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { testPage } from '../../../devices/printer/test-page.ts';
import { parseCommand } from '../../../devices/printer/virtual/command-parser.ts';
import { Interpreter, type Step } from '../../../devices/printer/virtual/interpreter.ts';
import { type Mechanism, startMechanism } from '../../../devices/printer/virtual/mechanism.ts';
import { type PaperItem, paperText } from '../../../devices/printer/virtual/paper.ts';
import { startVirtualPrinter } from '../../../devices/printer/virtual/virtual-printer.ts';
import { slipOf, temporaryFolder, textOf, virtualPrinter } from './bench.ts';

function encoder(): ReceiptPrinterEncoder {
  return new ReceiptPrinterEncoder({ language: 'esc-pos', columns: 48, newline: '\n', feedBeforeCut: 2 });
}

function stepsOf(bytes: Uint8Array): Step[] {
  const interpreter = new Interpreter();
  interpreter.receive(bytes);
  const steps: Step[] = [];
  for (let step = interpreter.next(); step !== undefined; step = interpreter.next()) steps.push(step);
  return steps;
}

function itemsOf(bytes: Uint8Array): PaperItem[] {
  return stepsOf(bytes).flatMap((step) => (step.kind === 'print' ? [step.item] : []));
}

/** A mechanism without a line: what it says and cuts is kept. */
function mechanism(msPerLine = 0): { mechanism: Mechanism; said: () => string; cut: string[] } {
  const said: number[] = [];
  const cut: string[] = [];
  const started = startMechanism({ msPerLine, say: (bytes) => said.push(...bytes), cut: (slip) => cut.push(paperText(slip)) });
  onTestFinished(() => started.stop());
  return { mechanism: started, said: () => Buffer.from(said.splice(0)).toString('hex'), cut };
}

describe('what the encoder of the slips emits', () => {
  test('accents of code page 858, and the frames of 437', () => {
    const line = 'Perché? Così è: à è é ì ò ù À È É Ì Ò Ù €';
    expect(paperText(itemsOf(encoder().initialize().codepage('cp858').line(line).encode()))).toBe(`${line}\n`);
    expect(paperText(itemsOf(encoder().initialize().rule().encode()))).toBe(`${'─'.repeat(48)}\n`);
  });

  test('alignment, size and bold', () => {
    const bytes = encoder().initialize().codepage('cp858').align('center').bold(true).size(2, 3).line('PIN').encode();
    const [line] = itemsOf(bytes);
    const runs = line?.kind === 'line' ? line.runs : [];
    expect(runs.at(-1)).toMatchObject({ text: 'PIN', bold: true, widthTimes: 2, heightTimes: 3 });
    expect(
      runs
        .slice(0, -1)
        .map((run) => run.text)
        .join('').length,
    ).toBe(Math.floor((48 - 6) / 2));
    expect(paperText(itemsOf(encoder().codepage('cp858').align('right').line('fine').encode()))).toBe(`${' '.repeat(44)}fine\n`);
  });

  test('Code 128, QR and a partial cut', () => {
    const bytes = encoder()
      .codepage('cp858')
      .align('center')
      .barcode('ABC123', 'code128', { height: 60, width: 2, text: true })
      .qrcode('https://example.it', { size: 6 })
      .cut('partial')
      .encode();
    const steps = stepsOf(bytes);
    const items = itemsOf(bytes);
    expect(items).toContainEqual({ kind: 'barcode', align: 'centre', text: 'ABC123', heightDots: 60, moduleDots: 3, caption: true });
    expect(items).toContainEqual({ kind: 'qr', align: 'centre', text: 'https://example.it', moduleDots: 6, level: 'M' });
    expect(steps.filter((step) => step.kind === 'cut')).toHaveLength(1);
  });

  test('the test page becomes a picture of 80 mm paper, and a text', async () => {
    const printer = await virtualPrinter({ msPerLine: 0 });
    printer.feed(testPage(new Date('2026-01-02T03:04:05Z')));
    await vi.waitUntil(() => printer.slips().length === 1, { timeout: 5_000 });
    const [slip] = printer.slips();
    const png = readFileSync(slip?.png ?? '');
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
    expect(png.readUInt32BE(16)).toBe(640);
    expect(png.readUInt32BE(20)).toBeGreaterThan(600);
    const text = readFileSync(slip?.txt ?? '', 'utf8');
    for (const part of ['Sportello', '2026-01-02 03:04 UTC', 'À È É Ì Ò Ù €', '[Code 128] SPORTELLO', '[QR] SPORTELLO-PROVA'])
      expect(text).toContain(part);
  });
});

describe('the byte stream', () => {
  test('any bytes, cut anywhere, make the same steps and never stand still', () => {
    const ask = fc.constantFrom(
      [0x1b, 0x40],
      [0x1d, 0x21, 0x11],
      [0x1d, 0x6b, 0x49, 3, 0x41, 0x42, 0x43],
      [0x1d, 0x28, 0x6b, 3, 0, 0x31, 0x51, 0x30],
      [0x0a],
      [0x1d, 0x56, 0x42, 3],
      [0x1c, 0x2e],
    );
    const stream = fc
      .array(
        fc.oneof(
          ask,
          fc.uint8Array({ maxLength: 12 }).map((bytes) => [...bytes]),
        ),
        { maxLength: 40 },
      )
      .map((parts) => Uint8Array.from(parts.flat()));
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 7 }), (bytes, size) => {
        const interpreter = new Interpreter();
        const steps: Step[] = [];
        for (let from = 0; from < bytes.length; from += size) {
          interpreter.receive(bytes.subarray(from, from + size));
          for (let step = interpreter.next(); step !== undefined; step = interpreter.next()) steps.push(step);
        }
        expect(steps).toEqual(stepsOf(bytes));
        const head = parseCommand(bytes);
        expect(head === undefined || (head.length > 0 && head.length <= bytes.length)).toBe(true);
      }),
    );
  });

  test('a line that is full goes on in the next', () => {
    expect(paperText(itemsOf(Buffer.from(`${'m'.repeat(50)}\n`)))).toBe(`${'m'.repeat(48)}\nmm\n`);
  });
});

describe('the mechanism', () => {
  test('answers real-time commands while it is stopped, cut in pieces or in the middle of data', () => {
    const printer = mechanism();
    printer.mechanism.incident('cover-open');
    for (const byte of [0x1d, 0x6b, 0x49, 5, 0x10, 0x04, 1, 0x10, 0x04, 2, 0x10, 0x04, 3, 0x10, 0x04, 4])
      printer.mechanism.receive(Uint8Array.of(byte));
    expect(printer.said()).toBe('1e161212');
    printer.mechanism.receive(Buffer.from('10140801031401060208', 'hex'));
    expect(printer.said()).toBe('372500');
  });

  test('reports changes by itself once it is asked to, in order', () => {
    const printer = mechanism();
    printer.mechanism.incident('paper-out');
    printer.mechanism.receive(Uint8Array.of(0x1d, 0x61, 0x0e));
    expect(printer.said()).toBe('');
    printer.mechanism.incident('paper-ok');
    expect(printer.said()).toBe('1400000f');
    printer.mechanism.incident('paper-near-end');
    printer.mechanism.incident('paper-near-end');
    printer.mechanism.incident('cover-open');
    expect(printer.said()).toBe('1400030f3c00030f');
    printer.mechanism.incident('power-cycle');
    printer.mechanism.incident('cover-close');
    expect(printer.said()).toBe('');
  });

  test('answers GS r, GS I and the process id only when what came before is printed', async () => {
    const printer = mechanism(1);
    printer.mechanism.receive(
      Buffer.concat([slipOf(3), Uint8Array.of(0x1d, 0x72, 1, 0x1d, 0x49, 0x42), Buffer.from('1d28480600303041424344', 'hex')]),
    );
    expect(printer.said()).toBe('');
    await vi.waitUntil(() => printer.cut.length === 1, { timeout: 5_000 });
    expect(printer.cut).toEqual([textOf(3)]);
    expect(printer.said()).toBe(`005f${Buffer.from('SPORTELLO').toString('hex')}0037224142434400`);
  });

  test('a cutter that fails is released by DLE ENQ 1, and the slip then cut', async () => {
    const printer = mechanism();
    printer.mechanism.incident('cutter-error');
    printer.mechanism.receive(slipOf(2));
    await vi.waitUntil(() => printer.mechanism.hanging().length === 2, { timeout: 5_000 });
    const cutterStuck = (): boolean => {
      printer.mechanism.receive(Uint8Array.of(0x10, 0x04, 3));
      return printer.said() === '1a';
    };
    await vi.waitUntil(cutterStuck, { timeout: 5_000 });
    expect(printer.cut).toEqual([]);
    printer.mechanism.receive(Uint8Array.of(0x10, 0x05, 1));
    expect(printer.cut).toEqual([textOf(2)]);
  });

  test('a power cut loses the buffer, not the paper', async () => {
    const printer = mechanism(2);
    printer.mechanism.receive(slipOf(30));
    await vi.waitUntil(() => printer.mechanism.hanging().length >= 3, { timeout: 5_000 });
    printer.mechanism.incident('power-cycle');
    const left = paperText(printer.mechanism.hanging());
    expect(textOf(30).startsWith(left)).toBe(true);
    printer.mechanism.receive(slipOf(1, 'nuovo'));
    await vi.waitUntil(() => printer.cut.length === 1, { timeout: 5_000 });
    expect(printer.cut).toEqual([`${left}nuovo 1.\n`]);
  });
});

describe('the virtual printer', () => {
  test('obeys its control socket line by line', async () => {
    const folder = temporaryFolder();
    const control = join(folder, 'control');
    await virtualPrinter({ control });
    const socket = connect(control);
    onTestFinished(() => void socket.destroy());
    let answers = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answers += text));
    const lines = [
      'paper-out',
      'paper-near-end',
      'paper-ok',
      'cover-open',
      'cover-close',
      'offline',
      'online',
      'jam-after 3',
      'power-cycle',
      'unplug',
      'plug',
      'jam-after',
      'jam-after -1',
      'paper-out now',
      'burn',
      '',
    ];
    socket.write(`${lines.join('\n')}\n`);
    await vi.waitUntil(() => answers.split('\n').length > lines.length, { timeout: 5_000 });
    const kinds = answers
      .trimEnd()
      .split('\n')
      .map((answer) => answer.split(' ')[0]);
    expect(kinds).toEqual([...Array<string>(11).fill('ok'), ...Array<string>(5).fill('error')]);
  });

  test('a line without end does not fill its memory', async () => {
    const control = join(temporaryFolder(), 'control');
    await virtualPrinter({ control });
    const socket = connect(control);
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.write('x'.repeat(100_000));
    await closed;
  });

  test('never overwrites an earlier slip', async () => {
    const out = temporaryFolder();
    writeFileSync(join(out, '0007.txt'), 'earlier');
    const printer = await virtualPrinter({ out, msPerLine: 0 });
    printer.feed(slipOf(1));
    await vi.waitUntil(() => printer.slips().length === 1, { timeout: 5_000 });
    expect(printer.slips()[0]?.number).toBe(8);
    expect(readFileSync(join(out, '0007.txt'), 'utf8')).toBe('earlier');
  });

  test('does not take a path that is something else', async () => {
    const folder = temporaryFolder();
    const link = join(folder, 'notes');
    writeFileSync(link, 'mine');
    await expect(startVirtualPrinter({ link, out: join(folder, 'slips') })).rejects.toThrow('not a link');
    expect(readFileSync(link, 'utf8')).toBe('mine');
  });
});
