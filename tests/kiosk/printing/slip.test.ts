import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type VirtualPrinter, startVirtualPrinter } from '../../../devices/printer/virtual/virtual-printer.ts';
import { Secret } from '../../../devices/secret.ts';
import type { Slip } from '../../../flows/ports/printing.ts';
import { readPaperPart } from '../../../kiosk/printing/paper-part.ts';
import { printable } from '../../../kiosk/printing/printable.ts';
import { composeSlip } from '../../../kiosk/printing/slip.ts';
import { slip, until } from './desk.ts';

let printer: VirtualPrinter;
beforeAll(async () => {
  printer = await startVirtualPrinter({ tcp: 0, out: mkdtempSync(join(tmpdir(), 'slips-')), msPerLine: 0 });
});
afterAll(() => printer.close());

function compose(changes: Partial<Slip>, text: string): Buffer {
  const codes = readPaperPart(Secret.fromText(text));
  if (!codes.ok) throw new Error(codes.error.detail);
  return composeSlip({ ...slip, ...changes }, codes.value);
}

async function onPaper(job: Uint8Array): Promise<string> {
  const before = printer.slips().length;
  printer.feed(job);
  await until('slip', () => printer.slips().length > before);
  return printer.slips().at(-1)?.text ?? '';
}

describe('a slip', () => {
  it('says in Italian what it is, the codes, where the rest comes, what to do, which operation', async () => {
    const text = await onPaper(compose({}, 'PIN 12 3\nPUK 3456 4\n'));
    expect(text).toContain('Prima parte dei codici personali (TS-CNS)');
    expect(text).toMatch(/PIN - 2 di 5\n\s*1 2 _ _ _\n/);
    expect(text).toMatch(/PUK - 4 di 8\n\s*3 4 5 6 _ _ _ _\n/);
    expect(text).toContain('m***i@example.it');
    expect(text).toContain('lontano dalla tessera');
    expect(text).toContain('800.033.033');
    expect(text).toContain('AUSL di Bologna - Sportello centrale');
    expect(text).toContain('15/06/26, 12:00  operazione 22AB90E1/1');
    expect(text).not.toMatch(/RISTAMPA|Keep this slip/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(48);
    // Drawn again with PICTURES=all or PICTURES=slip; then looked at by somebody.
    if (/^(all|slip)$/.test(process.env['PICTURES'] ?? '')) copyFileSync(printer.slips().at(-1)!.png, 'docs/pictures/slip.png');
  });

  it('repeats it in English for who speaks that', async () => {
    const text = await onPaper(compose({ language: 'en' }, 'PIN 12 3\n'));
    expect(text.indexOf('Conserva')).toBeGreaterThan(0);
    expect(text.indexOf('Keep this slip')).toBeGreaterThan(text.indexOf('Conserva'));
  });

  it('says of a second print that it is one', async () => {
    const text = await onPaper(compose({ attempt: 2, language: 'en' }, 'PIN 12 3\n'));
    expect(text).toContain('RISTAMPA 2');
    expect(text).toContain('REPRINT 2');
    expect(text).toContain('22AB90E1/2');
  });

  it('does not speak of junk mail to who gets a text message', async () => {
    const text = await onPaper(compose({ secondPart: { channel: 'sms', masked: '+39 *** *** 4567' } }, 'PIN 12 3\n'));
    expect(text).toContain('per SMS');
    expect(text).not.toMatch(/e-mail|posta/);
  });

  it('shows every character and every gap of any code that the CMS may split', async () => {
    const alphabet = fc.constantFrom(...'0123456789ABCXYZ');
    await fc.assert(
      fc.asyncProperty(fc.array(alphabet, { minLength: 1, maxLength: 10 }), fc.nat(6), async (characters, withheld) => {
        const text = await onPaper(compose({}, `CIP ${characters.join('')} ${withheld}\n`));
        const line = text.split('\n')[text.split('\n').findIndex((each) => each.includes('CIP - ')) + 1] ?? '';
        expect(line.replaceAll(' ', '')).toBe(characters.join('') + '_'.repeat(withheld));
      }),
      { numRuns: 40 },
    );
  });

  it('is one buffer of its own: filled with zeros, nothing of the codes is left', () => {
    const job = compose({}, 'PIN 73 3\n');
    expect(job.buffer.byteLength).toBe(job.length);
    job.fill(0);
    expect(job.every((byte) => byte === 0)).toBe(true);
  });

  it('ends with the cut', () => {
    expect([...compose({}, 'PIN 73 3\n').subarray(-3)]).toEqual([0x1d, 0x56, 0x01]);
  });

  it('lets no field command the printer', () => {
    const job = compose({ siteName: 'A\x1b@\x1dV\x00\x10\x14\x08B', helpLine: '\x10\x04\x01800' }, 'PIN 12 3\n').toString('latin1');
    const plain = compose({ siteName: 'A@VB', helpLine: '800' }, 'PIN 12 3\n').toString('latin1');
    expect(job).toBe(plain);
  });
});

describe('printable text', () => {
  it('keeps what code page 858 has, and finds a neighbour for the rest', () => {
    expect(printable('perché à è é ì ò ù À È É Ì Ò Ù €')).toBe('perché à è é ì ò ù À È É Ì Ò Ù €');
    expect(printable('“Sportello” – l’ora…')).toBe('"Sportello" - l\'ora...');
    expect(printable('Č ő ﬁ 中 😀')).toBe('C o fi ? ?');
    expect(printable('e\u0301')).toBe('é');
  });

  it('never holds a control character', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/\p{Cc}/u.test(printable(text))));
  });
});

describe('the paper part', () => {
  it('is read without copying it', () => {
    const part = Secret.fromText('PIN 12 3\nPUK 3456 4\n');
    const read = readPaperPart(part);
    if (!read.ok) throw new Error(read.error.detail);
    expect(read.value.map(({ label, characters, withheld }) => [label, Buffer.from(characters).toString(), withheld])).toEqual([
      ['PIN', '12', 3],
      ['PUK', '3456', 4],
    ]);
    part.wipe();
    for (const { characters } of read.value) expect(characters.every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    ['empty', ''],
    ['without an end of line', 'PIN 12 3'],
    ['without a number', 'PIN 12\n'],
    ['without characters', 'PIN  3\n'],
    ['without a label', ' 12 3\n'],
    ['with a word too many', 'PIN 1 2 3\n'],
    ['with a number that is none', 'PIN 12 x\n'],
    ['with a code too long', 'PIN 1234567890 7\n'],
    ['with a label in small letters', 'pin 12 3\n'],
    ['with control characters', 'PIN \x1b@ 3\n'],
    ['with an empty line', 'PIN 12 3\n\n'],
    ['with CRLF', 'PIN 12 3\r\n'],
    ['with too many lines', 'PIN 12 3\n'.repeat(7)],
    ['that is not ASCII', 'PIN ١٢ 3\n'],
  ])('is refused %s, without telling what stands there', (_, text) => {
    const read = readPaperPart(Secret.fromText(text));
    expect(read).toMatchObject({ ok: false, error: { kind: 'paper-part-unusable' } });
    expect(JSON.stringify(read)).not.toMatch(/12/);
  });

  it('never throws on whatever bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readPaperPart(new Secret(bytes))));
  });
});
