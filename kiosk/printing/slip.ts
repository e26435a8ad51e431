import ReceiptPrinterEncoder from '@point-of-sale/receipt-printer-encoder';
import type { Slip } from '../../flows/ports/printing.ts';
import { COLUMNS, feedAndCut, localTime } from './paper.ts';
import type { CodePart } from './paper-part.ts';
import { printable } from './printable.ts';

const LF = 0x0a;
const SPACE = 0x20;
const UNDERSCORE = 0x5f;
/** GS ! n: width and height of characters, times 1 to 8 (ESC/POS). */
const size = (width: number, height: number): readonly number[] => [0x1d, 0x21, ((width - 1) << 4) | (height - 1)];

interface Wording {
  readonly title: string;
  readonly subtitle: Readonly<Record<Slip['operation'], string>>;
  readonly reprint: (attempt: number) => string;
  readonly rest: (channel: Slip['secondPart']['channel']) => string;
  readonly apart: string;
  readonly help: (channel: Slip['secondPart']['channel']) => string;
}

const italian: Wording = {
  title: 'TESSERA SANITARIA',
  subtitle: {
    activation: 'Prima parte dei codici personali (TS-CNS)',
    renewal: 'Prima parte dei codici della tessera nuova',
    'interop-activation': 'Prima parte dei codici personali (TS-CNS)',
    'interop-duplicate': 'Prima parte dei nuovi codici personali',
    reissue: 'Prima parte dei nuovi codici personali',
  },
  reprint: (attempt) => `RISTAMPA ${attempt}: distruggi i fogli precedenti`,
  rest: (channel) => `Al posto dei trattini va la seconda parte: arriva ${channel === 'email' ? 'per e-mail' : 'per SMS'} a`,
  apart: 'Conserva questo foglio lontano dalla tessera e non mostrarlo a nessuno, nemmeno allo sportello.',
  help: (channel) => `La seconda parte non arriva? ${channel === 'email' ? 'Guarda nella posta indesiderata, poi chiama' : 'Chiama'}`,
};

const english: Wording = {
  title: 'HEALTH AND SERVICES CARD',
  subtitle: {
    activation: 'First part of your personal codes (TS-CNS)',
    renewal: 'First part of the codes of your new card',
    'interop-activation': 'First part of your personal codes (TS-CNS)',
    'interop-duplicate': 'First part of your new personal codes',
    reissue: 'First part of your new personal codes',
  },
  reprint: (attempt) => `REPRINT ${attempt}: destroy the earlier slips`,
  rest: (channel) => `The dashes stand for the second part: it comes ${channel === 'email' ? 'by e-mail' : 'by text message'} to`,
  apart: 'Keep this slip apart from the card and show it to nobody, not even at the desk.',
  help: (channel) => `The second part does not come? ${channel === 'email' ? 'Look in your junk mail, then call' : 'Call'}`,
};

/**
 * The bytes of a slip: Italian first, the applicant's language below. The encoder makes only what is no secret; the code lines are
 * composed as bytes, so that filling the returned buffer with zeros leaves none of them. It names no person and no card (reliability.md, 2).
 */
export function composeSlip(slip: Slip, codes: readonly CodePart[]): Buffer {
  const before = heading(slip);
  const after = guidance(slip);
  const lines = codes.map((code) => ({ code, label: labelLine(code) }));
  const length = lines.reduce(
    (sum, { code, label }) => sum + label.length + codeLineLength(code),
    before.length + after.length + feedAndCut.length,
  );
  // Buffer.alloc, not Buffer.concat or Buffer.from: a buffer of its own, outside Node's shared pool.
  const job = Buffer.alloc(length);
  let at = put(job, 0, before);
  for (const { code, label } of lines) {
    at = put(job, at, label);
    at = putCodeLine(job, at, code);
  }
  at = put(job, at, after);
  put(job, at, feedAndCut);
  return job;
}

function encoder(): ReceiptPrinterEncoder {
  return new ReceiptPrinterEncoder({ language: 'esc-pos', columns: COLUMNS, newline: '\n', feedBeforeCut: 0, codepageMapping: 'epson' });
}

const rule = '─'.repeat(COLUMNS);

/** ESC @ first: whatever an earlier job left (size, bold, code page) is gone. */
function heading(slip: Slip): Uint8Array {
  const page = encoder().initialize().codepage('cp858').align('center').bold(true).size(2, 2).line(italian.title).size(1, 1).bold(false);
  page.bold(true).line(italian.subtitle[slip.operation]).bold(false);
  if (slip.language !== 'it') page.line(english.subtitle[slip.operation]);
  page.line(rule);
  if (slip.attempt > 1) {
    page.bold(true).size(1, 2).line(italian.reprint(slip.attempt)).size(1, 1).bold(false);
    if (slip.language !== 'it') page.line(english.reprint(slip.attempt));
  }
  return page.newline().encode();
}

function labelLine({ label, characters, withheld }: CodePart): Uint8Array {
  return encoder()
    .codepage('cp858')
    .align('center')
    .bold(true)
    .line(`${label} - ${characters.length} di ${characters.length + withheld}`)
    .bold(false)
    .encode();
}

function guidance(slip: Slip): Uint8Array {
  const page = encoder().codepage('cp858').line(rule);
  const say = (wording: Wording): void => {
    page.line(wording.rest(slip.secondPart.channel)).bold(true).line(printable(slip.secondPart.masked)).bold(false).newline();
    page.line(wording.apart).newline();
    page.line(wording.help(slip.secondPart.channel)).bold(true).line(printable(slip.helpLine)).bold(false);
    page.line(rule);
  };
  say(italian);
  if (slip.language !== 'it') say(english);
  page.line(printable(slip.siteName));
  page.line(`${localTime(slip.printedAt)}  operazione ${shortOperation(slip.operationId)}/${slip.attempt}`);
  return page.encode();
}

/** The tail of a UUIDv7: its head is the time, which neighbours share. */
export function shortOperation(operationId: string): string {
  return operationId.replaceAll('-', '').slice(-8).toUpperCase();
}

/** Up to eight characters stand three times as large with a space between; longer codes close up at twice. */
function layout(code: CodePart): { readonly scale: 2 | 3; readonly gap: 0 | 1; readonly columns: number } {
  const total = code.characters.length + code.withheld;
  return total <= 8 ? { scale: 3, gap: 1, columns: total * 2 - 1 } : { scale: 2, gap: 0, columns: total };
}

const LARGE_AND_BACK = size(1, 1).length * 2 + 2;

function indent(code: CodePart): number {
  const { scale, columns } = layout(code);
  return Math.max(0, Math.floor((COLUMNS - columns * scale) / 2));
}

function codeLineLength(code: CodePart): number {
  return indent(code) + layout(code).columns + LARGE_AND_BACK;
}

function putCodeLine(job: Buffer, start: number, code: CodePart): number {
  const { scale, gap, columns } = layout(code);
  job.fill(SPACE, start, start + indent(code));
  let at = put(job, start + indent(code), size(scale, scale));
  job.fill(SPACE, at, at + columns);
  for (let place = 0; place < code.characters.length + code.withheld; place++) {
    job[at + place * (1 + gap)] = code.characters[place] ?? UNDERSCORE;
  }
  at = put(job, at + columns, size(1, 1));
  return put(job, at, [LF, LF]);
}

function put(job: Buffer, at: number, bytes: ArrayLike<number>): number {
  job.set(bytes, at);
  return at + bytes.length;
}
