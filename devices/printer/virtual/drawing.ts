import { existsSync } from 'node:fs';
import { Resvg } from '@resvg/resvg-js';
import bwip from 'bwip-js/node';
import type { Align } from './command-parser.ts';
import { characterDots, characterHeight, type PaperItem, PRINTABLE_DOTS, type Run } from './paper.ts';

/** Blank paper at each side of the print: an 80 mm roll is 640 dots wide. */
const SIDE = 32;
const TOP = 40;
const BOTTOM = 48;
const LINE_SPACING = 30;
const INK = '#22252b';
const PAPER = '#fdfdfb';
const EDGE = '#d9d7d0';
/** Debian's fonts-dejavu-core. */
const FONT_FILES = ['DejaVuSansMono.ttf', 'DejaVuSansMono-Bold.ttf'].map((name) => `/usr/share/fonts/truetype/dejavu/${name}`);

interface Drawn {
  readonly svg: string;
  readonly height: number;
}

/** A slip as a picture (PNG), one dot a pixel. */
export function drawPaper(items: readonly PaperItem[]): Uint8Array {
  let y = TOP;
  const parts: string[] = [];
  for (const item of items) {
    const { svg, height } = draw(item);
    parts.push(`<g transform="translate(${SIDE} ${y})">${svg}</g>`);
    y += height;
  }
  const width = PRINTABLE_DOTS + 2 * SIDE;
  const height = y + BOTTOM;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans Mono" fill="${INK}">` +
    `<rect width="${width}" height="${height}" fill="${PAPER}"/><rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" fill="none" stroke="${EDGE}"/>` +
    `${parts.join('')}</svg>`;
  const fontFiles = FONT_FILES.filter((file) => existsSync(file));
  const font = fontFiles.length > 0 ? { fontFiles, loadSystemFonts: false } : { loadSystemFonts: true };
  return new Resvg(svg, { font: { ...font, defaultFontFamily: 'DejaVu Sans Mono' } }).render().asPng();
}

function draw(item: PaperItem): Drawn {
  switch (item.kind) {
    case 'line':
      return drawLine(item.runs, item.align);
    case 'gap':
      return { svg: '', height: item.dots };
    case 'barcode':
      return drawBarcode(item);
    case 'qr':
      return drawQr(item);
    case 'raster':
      return drawDots(bits(item.data), item.widthBytes * 8, 1, item.align);
  }
}

function start(width: number, align: Align): number {
  const room = Math.max(0, PRINTABLE_DOTS - width);
  if (align === 'left') return 0;
  return align === 'right' ? room : Math.floor(room / 2);
}

function drawLine(runs: readonly Run[], align: Align): Drawn {
  const tallest = Math.max(0, ...runs.map(characterHeight));
  const height = Math.max(LINE_SPACING, tallest + 6);
  let x = start(
    runs.reduce((sum, run) => sum + run.text.length * characterDots(run), 0),
    align,
  );
  const parts = runs.map((run) => {
    const at = x;
    x += run.text.length * characterDots(run);
    return drawRun(run, at, tallest);
  });
  return { svg: parts.join(''), height };
}

/** Characters on the printer's grid: each has its own place, and is stretched as the printer stretches its dots. */
function drawRun(run: Run, x: number, lineHeight: number): string {
  const cell = run.smallFont ? 9 : 12;
  const width = run.text.length * characterDots(run);
  const height = characterHeight(run);
  const places = Array.from(run.text, (_, index) => index * cell).join(' ');
  const size = cell / 0.602;
  const baseline = run.smallFont ? 13 : 19;
  const letters =
    run.text.trim() === ''
      ? ''
      : `<text transform="scale(${run.widthTimes} ${run.heightTimes})" xml:space="preserve" font-size="${size.toFixed(3)}" x="${places}" y="${baseline}"` +
        `${run.bold ? ' font-weight="bold"' : ''}${run.inverse ? ` fill="${PAPER}"` : ''}>${escaped(run.text)}</text>`;
  const ground = run.inverse ? `<rect width="${width}" height="${height}"/>` : '';
  const rule = run.underline ? `<rect y="${height - 2}" width="${width}" height="2"/>` : '';
  return `<g transform="translate(${x} ${lineHeight - height})">${ground}${letters}${rule}</g>`;
}

function drawBarcode(item: Extract<PaperItem, { kind: 'barcode' }>): Drawn {
  const widths = barWidths(item.text);
  if (widths === undefined) return { svg: '', height: 0 };
  const width = widths.reduce((sum, modules) => sum + modules * item.moduleDots, 0);
  const left = start(width, item.align);
  let x = left;
  const bars = widths.map((modules, index) => {
    const at = x;
    x += modules * item.moduleDots;
    return index % 2 === 0 ? `M${at} 0h${x - at}v${item.heightDots}h-${x - at}z` : '';
  });
  const caption = item.caption
    ? `<text x="${left + width / 2}" y="${item.heightDots + 22}" font-size="19.93" text-anchor="middle">${escaped(item.text)}</text>`
    : '';
  return { svg: `<path d="${bars.join('')}"/>${caption}`, height: item.heightDots + (item.caption ? 30 : 6) };
}

function drawQr(item: Extract<PaperItem, { kind: 'qr' }>): Drawn {
  const [symbol] = bwip.raw('qrcode', item.text, `eclevel=${item.level}`);
  if (symbol === undefined || !('pixs' in symbol)) return { svg: '', height: 0 };
  return drawDots(symbol.pixs, symbol.pixx, item.moduleDots, item.align);
}

/** Bars and spaces of Code 128 in turn, each in modules; nothing where the text cannot be one. */
function barWidths(text: string): readonly number[] | undefined {
  if (text === '') return undefined;
  const [symbol] = bwip.raw({ bcid: 'code128', text });
  return symbol !== undefined && 'sbs' in symbol ? symbol.sbs : undefined;
}

function drawDots(dots: readonly number[], perRow: number, dotSize: number, align: Align): Drawn {
  const rows = Math.ceil(dots.length / perRow);
  const left = start(perRow * dotSize, align);
  const squares = dots.map((dot, index) =>
    dot === 0 ? '' : `M${left + (index % perRow) * dotSize} ${Math.floor(index / perRow) * dotSize}h${dotSize}v${dotSize}h-${dotSize}z`,
  );
  return { svg: `<path shape-rendering="crispEdges" d="${squares.join('')}"/>`, height: rows * dotSize + 6 };
}

function bits(data: Uint8Array): number[] {
  return [...data].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
