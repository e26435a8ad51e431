import { DOMParser } from '@xmldom/xmldom';
import { type Result, err, ok } from '../../../devices/result.ts';

/** Italy's list has some 3 MB, fifteen levels and tens of thousands of elements. */
export const limits = { bytes: 16 * 1024 * 1024, depth: 64, tags: 400_000 } as const;

export interface Xml {
  readonly text: string;
  readonly document: Document;
}

/** Parses XML 1.0 in UTF-8: no document type, hence no entities, within limits. What a lenient parser would put right is refused. */
export function parseXml(bytes: Uint8Array): Result<Xml, string> {
  if (bytes.length > limits.bytes) return err(`larger than ${limits.bytes} bytes`);
  const text = textOf(bytes);
  if (text === null) return err('not UTF-8');
  const fault = faultOf(text);
  if (fault !== null) return err(fault);
  try {
    const document = new DOMParser({ errorHandler: (_: string, detail: unknown) => refuse(detail) }).parseFromString(text, 'text/xml');
    return ok({ text, document });
  } catch (error) {
    return err(`not XML: ${String(error instanceof Error ? error.message : error).split('\n')[0] ?? ''}`);
  }
}

function refuse(detail: unknown): never {
  throw new Error(String(detail));
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Looks the text over before a parser sees it: what is in it, how deep, how much. */
function faultOf(text: string): string | null {
  const declaration = /^<\?xml\s+version\s*=\s*["']([^"']*)["'](?:\s+encoding\s*=\s*["']([^"']*)["'])?/.exec(text);
  if (declaration !== null && (declaration[1] !== '1.0' || !/^utf-8$/i.test(declaration[2] ?? 'utf-8'))) return 'not XML 1.0 in UTF-8';
  let depth = 0;
  let tags = 0;
  let end = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', end)) {
    end = endOf(text, at);
    if (end < 0) return 'not XML: it is cut short';
    if (text.startsWith('<!', at) && !text.startsWith('<!--', at) && !text.startsWith('<![CDATA[', at)) return 'it has a document type';
    if (text.startsWith('<!', at) || text.startsWith('<?', at)) continue;
    if ((tags += 1) > limits.tags) return `more than ${limits.tags} tags`;
    if (text[at + 1] === '/') depth -= 1;
    else if (text[end - 2] !== '/') depth += 1;
    if (depth > limits.depth) return `deeper than ${limits.depth} elements`;
  }
  return depth === 0 ? null : 'not XML: it is cut short';
}

/** Behind what begins at `<`; -1 where it has no end. */
function endOf(text: string, at: number): number {
  for (const [begin, closing] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!text.startsWith(begin, at)) continue;
    const found = text.indexOf(closing, at + begin.length);
    return found < 0 ? -1 : found + closing.length;
  }
  let quote = '';
  for (let index = at; index < text.length; index += 1) {
    const character = text[index] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return index + 1;
  }
  return -1;
}
