import { type Result, err, ok } from '../result.ts';
import { type Transmit, exchange, status } from './apdu.ts';
import type { CardError } from './contract.ts';
import type { Series } from './series.ts';

/** An elementary file: its name in the CNS file system and its path in hexadecimal, without the MF (card.md, 1.3). */
export interface ElementaryFile {
  readonly name: string;
  readonly path: string;
}

/** Where in a file its content lies, as its first bytes say; the rest is padding. */
export interface Extent {
  readonly from: number;
  readonly length: number;
}

/** READ BINARY answers at most this much to a short APDU, and reaches offsets below the other limit (ISO 7816-4, 11.3.3). */
const shortRead = 256;
const maxFile = 0x8000;
/** A card that hands out a file in crumbs is not read to its end: its reading would take minutes. */
const maxReads = 64;
const wrongLength = 0x6700;

/** The elementary files of one card, each selected by its path and read once, by as few commands as the card's series allows. */
export class CardFiles {
  readonly #transmit: Transmit<CardError>;
  readonly #from: Series['paths'];
  readonly #application: string | undefined;
  #mostARead: number;

  constructor(
    transmit: Transmit<CardError>,
    { paths, application, extendedLength }: Pick<Series, 'paths' | 'application' | 'extendedLength'>,
  ) {
    this.#transmit = transmit;
    this.#from = paths;
    this.#application = application?.aid;
    this.#mostARead = extendedLength ? maxFile : shortRead;
  }

  /**
   * The status word, as the card gives it: whether a file is there is for the caller to judge. Paths from an application start, on some cards,
   * from the folder of the file last selected (ISO 7816-4, 11.2.2): there the application is selected once more.
   */
  async select(file: ElementaryFile): Promise<Result<number, CardError>> {
    const selected = await this.#selectPath(file);
    if (this.#from === 'from-mf' || this.#application === undefined || !selected.ok || selected.value !== status.fileNotFound)
      return selected;
    const application = await selectApplication(this.#transmit, this.#application);
    return application.ok && application.value === status.done ? await this.#selectPath(file) : application;
  }

  async #selectPath({ path }: ElementaryFile): Promise<Result<number, CardError>> {
    const data = new Uint8Array(Buffer.from(path, 'hex'));
    const command = { cla: 0x00, ins: 0xa4, p1: this.#from === 'from-mf' ? 0x08 : 0x09, p2: 0x0c, data };
    let answer = await exchange(this.#transmit, command);
    // Some masks cannot leave the FCI out.
    if (answer.ok && answer.value.status === status.wrongParameters)
      answer = await exchange(this.#transmit, { ...command, p2: 0x00, le: 256 });
    return answer.ok ? ok(answer.value.status) : answer;
  }

  /**
   * Reads the selected file to the end of its content, and no byte of padding after it. Cards differ at the end of a file: fewer bytes with
   * `9000`, or with `6282`, or `6Cxx`, or `6B00` past it; a file that ends before its content does is unreadable.
   * `undefined`: its first bytes are not the beginning of what it should hold.
   */
  async read(
    file: ElementaryFile,
    firstBite: number,
    extentOf: (start: Uint8Array) => Extent | undefined,
  ): Promise<Result<Uint8Array | undefined, CardError>> {
    const start = await this.#readBinary(file, 0, firstBite);
    if (!start.ok) return start;
    const extent = extentOf(start.value);
    if (extent === undefined) return ok(undefined);
    const { from, length } = extent;
    const end = from + length;
    if (end > maxFile) return unreadable(file, `declares ${end} bytes`);
    const parts = [start.value];
    for (let have = start.value.length; have < end;) {
      if (parts.length === maxReads) return unreadable(file, `gives ${have} of ${end} bytes in ${maxReads} answers`);
      const part = await this.#readBinary(file, have, end - have);
      if (!part.ok) return part;
      if (part.value.length === 0) return unreadable(file, `ends after ${have} of ${end} bytes`);
      parts.push(part.value);
      have += part.value.length;
    }
    return ok(new Uint8Array(Buffer.concat(parts).subarray(from, end)));
  }

  /** No bytes: the file ends here. */
  async #readBinary(file: ElementaryFile, offset: number, wanted: number): Promise<Result<Uint8Array, CardError>> {
    const le = Math.min(wanted, this.#mostARead);
    const answer = await exchange(this.#transmit, { cla: 0x00, ins: 0xb0, p1: offset >> 8, p2: offset & 0xff, le });
    if (le > shortRead && saysTooLong(answer)) {
      this.#mostARead = shortRead;
      return await this.#readBinary(file, offset, wanted);
    }
    if (!answer.ok) return answer;
    const { data, status: sw } = answer.value;
    if (sw === status.done || sw === status.endOfFile) {
      return data.length <= le ? ok(data) : unreadable(file, `READ BINARY answers ${data.length} bytes where ${le} were asked for`);
    }
    if (sw === status.wrongOffset && offset > 0) return ok(new Uint8Array());
    return unreadable(file, `READ BINARY answers ${word(sw)}`);
  }
}

/** The status word of SELECT by application id. */
export async function selectApplication(transmit: Transmit<CardError>, aid: string): Promise<Result<number, CardError>> {
  const data = new Uint8Array(Buffer.from(aid, 'hex'));
  const answer = await exchange(transmit, { cla: 0x00, ins: 0xa4, p1: 0x04, p2: 0x00, data, le: 256 });
  return answer.ok ? ok(answer.value.status) : answer;
}

/** An extended APDU can be refused by the card, or by a reader that knows short ones only. */
function saysTooLong(answer: Result<{ readonly status: number }, CardError>): boolean {
  return answer.ok ? answer.value.status === wrongLength : answer.error.kind === 'unreadable';
}

export function unreadable(file: Pick<ElementaryFile, 'name'>, detail: string): Result<never, CardError> {
  return err({ kind: 'unreadable', what: file.name, detail });
}

export function word(sw: number): string {
  return sw.toString(16).toUpperCase().padStart(4, '0');
}
