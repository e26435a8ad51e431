import { type Result, err, ok } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';

/** One code's paper part. `characters` is a view of the secret bytes: wiping the secret empties it. */
export interface CodePart {
  readonly label: string;
  readonly characters: Uint8Array;
  readonly withheld: number;
}

export type PaperPartError = { readonly kind: 'paper-part-unusable'; readonly detail: string };

const LF = 0x0a;
const SPACE = 0x20;
/** What fits on one line of the slip at its smallest large size. */
const LONGEST_CODE = 16;
const MOST_CODES = 6;

/**
 * Reads the CMS's paper part (kiosk/cms): ASCII lines `<LABEL> <paper characters> <characters withheld>\n`. The characters are
 * never made a string; errors name line and field, never what stands there.
 */
export function readPaperPart(part: Secret): Result<readonly CodePart[], PaperPartError> {
  const bytes = part.expose();
  const unusable = (detail: string): Result<never, PaperPartError> => err({ kind: 'paper-part-unusable', detail });
  const codes: CodePart[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LF, start);
    const line = codes.length + 1;
    if (end < 0) return unusable(`line ${line} has no end`);
    if (line > MOST_CODES) return unusable(`more than ${MOST_CODES} lines`);
    const code = readLine(bytes.subarray(start, end));
    if (code === null) return unusable(`line ${line} is not label, characters, number`);
    codes.push(code);
    start = end + 1;
  }
  return codes.length === 0 ? unusable('empty') : ok(codes);
}

function readLine(line: Uint8Array): CodePart | null {
  const first = line.indexOf(SPACE);
  const last = line.lastIndexOf(SPACE);
  if (first < 1 || last <= first + 1) return null;
  const labelBytes = line.subarray(0, first);
  const characters = line.subarray(first + 1, last);
  const number = line.subarray(last + 1);
  if (labelBytes.length > 8 || !labelBytes.every(isUpperOrDigit)) return null;
  if (!characters.every(isLetterOrDigit)) return null;
  if (number.length < 1 || number.length > 2 || !number.every(isDigit)) return null;
  const withheld = number.reduce((sum, digit) => sum * 10 + digit - 0x30, 0);
  if (characters.length + withheld > LONGEST_CODE) return null;
  return { label: String.fromCharCode(...labelBytes), characters, withheld };
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isUpper = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a;
const isUpperOrDigit = (byte: number): boolean => isUpper(byte) || isDigit(byte);
const isLetterOrDigit = (byte: number): boolean => isUpperOrDigit(byte) || (byte >= 0x61 && byte <= 0x7a);
