import ReceiptPrinterEncoder from '@point-of-sale/receipt-printer-encoder';
import type { Sheet, SheetLine } from '../../flows/ports/printing.ts';
import { COLUMNS, feedAndCut, localTime } from './paper.ts';
import { printable } from './printable.ts';

const rule = '─'.repeat(COLUMNS);
const forInformation = { it: 'Per informazioni', en: 'Information' } as const satisfies Record<Sheet['language'], string>;
/** Room for a pen. */
const SIGNATURE_LINES = 3;

/** The bytes of a sheet, its cut with them. Whatever an earlier job left (size, bold, code page) is gone by ESC @. */
export function composeSheet({ title, lines, siteName, helpLine, printedAt, language }: Sheet): Uint8Array {
  const page = new ReceiptPrinterEncoder({
    language: 'esc-pos',
    columns: COLUMNS,
    newline: '\n',
    feedBeforeCut: 0,
    codepageMapping: 'epson',
  });
  page.initialize().codepage('cp858').bold(true);
  for (const text of wrapped(title)) page.line(text);
  page.bold(false).line(rule);
  for (const line of lines) compose(page, line);
  page.line(rule);
  if (helpLine !== '') page.line(`${forInformation[language]}: ${printable(helpLine)}`);
  page.line(printable(siteName)).line(localTime(printedAt));
  return Uint8Array.from([...page.encode(), ...feedAndCut]);
}

function compose(page: ReceiptPrinterEncoder, line: SheetLine): void {
  switch (line.kind) {
    case 'heading':
      page.newline().bold(true);
      for (const text of wrapped(line.text)) page.line(text);
      page.bold(false);
      break;
    case 'text':
      for (const text of wrapped(line.text)) page.line(text);
      break;
    case 'item':
      wrapped(line.text, 2).forEach((text, index) => page.line(`${index === 0 ? '■' : ' '} ${text}`));
      break;
    case 'signature':
      for (let blank = 0; blank < SIGNATURE_LINES; blank += 1) page.newline();
      page.line('_'.repeat(COLUMNS)).line(printable(line.who));
      break;
  }
}

/** The words in lines no longer than the paper; a word that is longer than a line is broken. */
function wrapped(text: string, indent = 0): readonly string[] {
  const width = COLUMNS - indent;
  const lines: string[] = [''];
  for (const word of printable(text)
    .split(' ')
    .flatMap((each) => broken(each, width))) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function broken(word: string, width: number): readonly string[] {
  return word.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
}
