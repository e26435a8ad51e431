import type { Align } from './command-parser.ts';

/** What is on the paper, from top to bottom; lengths in dots (8 a millimetre, the printable width of an 80 mm roll is 576). */
export type PaperItem =
  | { readonly kind: 'line'; readonly align: Align; readonly runs: readonly Run[] }
  | { readonly kind: 'gap'; readonly dots: number }
  | {
      readonly kind: 'barcode';
      readonly align: Align;
      readonly text: string;
      readonly heightDots: number;
      readonly moduleDots: number;
      readonly caption: boolean;
    }
  | {
      readonly kind: 'qr';
      readonly align: Align;
      readonly text: string;
      readonly moduleDots: number;
      readonly level: 'L' | 'M' | 'Q' | 'H';
    }
  | { readonly kind: 'raster'; readonly align: Align; readonly widthBytes: number; readonly rows: number; readonly data: Uint8Array };

/** Characters of one style. */
export interface Run {
  readonly text: string;
  readonly bold: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
  readonly smallFont: boolean;
  readonly widthTimes: number;
  readonly heightTimes: number;
}

export const PRINTABLE_DOTS = 576;
const COLUMNS = 48;

export function characterDots(run: Pick<Run, 'smallFont' | 'widthTimes'>): number {
  return (run.smallFont ? 9 : 12) * run.widthTimes;
}

export function characterHeight(run: Pick<Run, 'smallFont' | 'heightTimes'>): number {
  return (run.smallFont ? 17 : 24) * run.heightTimes;
}

/** The paper as plain text: one line a printed line, symbols as `[Code 128] …` and `[QR] …`. */
export function paperText(items: readonly PaperItem[]): string {
  return items
    .flatMap((item) => {
      switch (item.kind) {
        case 'line':
          return [aligned(item.runs.map((run) => run.text).join(''), item.align)];
        case 'barcode':
          return [aligned(`[Code 128] ${item.text}`, item.align)];
        case 'qr':
          return [aligned(`[QR] ${item.text}`, item.align)];
        case 'gap':
        case 'raster':
          return [];
      }
    })
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function aligned(text: string, align: Align): string {
  const room = Math.max(0, COLUMNS - text.length);
  if (align === 'left') return text;
  return ' '.repeat(align === 'right' ? room : Math.floor(room / 2)) + text;
}
