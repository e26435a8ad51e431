import { type Result, err, ok } from '../result.ts';
import type { Scan, Symbology } from './contract.ts';

/** The code characters of AIM symbology identifiers (ISO/IEC 15424) that envelopes and cards use. */
const bySymbol: Readonly<Record<string, Symbology>> = { A: 'code-39', C: 'code-128', I: 'itf' };

/** What a symbol of each kind can hold, as printable ASCII. Code 39 in its full set spells lower case by pairs, so a decoded text may hold any. */
const holds: Readonly<Record<Symbology, RegExp>> = {
  'code-39': /^[\x20-\x7e]+$/,
  'code-128': /^[\x20-\x7e]+$/,
  // Pairs of digits (ISO/IEC 16390, 4.1): an odd number means that the edge was not seen.
  itf: /^(?:\d\d)+$/,
  other: /^[\x20-\x7e]+$/,
  unknown: /^[\x20-\x7e]+$/,
};

/** An AIM identifier: `]`, the code character, the modifier. */
const aimIdentifier = /^\]([A-Za-z])([0-9A-Za-z])/;

/** What the bytes of one whole code say; `identifier` is what the scanner tells of the symbol apart from them (HID), `''` where it does not. */
export function readSymbol(bytes: Uint8Array, identifier = ''): Result<Scan, 'unreadable'> {
  const sent = Buffer.from(bytes).toString('latin1');
  const prefix = identifier === '' ? aimIdentifier.exec(sent) : null;
  const [, character] = aimIdentifier.exec(identifier) ?? prefix ?? [];
  const text = sent.slice(prefix?.[0].length ?? 0);
  const symbology = character === undefined ? 'unknown' : (bySymbol[character] ?? 'other');
  return holds[symbology].test(text) ? ok({ symbology, text }) : err('unreadable');
}
