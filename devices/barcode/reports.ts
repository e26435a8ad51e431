import { type Heard, LONGEST_CODE, PIECE_LIMIT_MS } from './line.ts';
import { readSymbol } from './symbols.ts';

/**
 * Where a scanner's HID POS input report (usage page 0x8C, usage 0x02: HID Point of Sale Usage Tables 1.02) keeps what; places count from the report
 * id. Its report descriptor names the parts, which node-hid does not read, and makers fill them differently: hence a table, by report id.
 */
interface ReportLayout {
  readonly length: number;
  /** The AIM identifier's three bytes, where there is one. */
  readonly identifier: number | null;
  readonly data: number;
  readonly mostData: number;
  /** Byte whose bit 0 says that the code goes on in the next report. */
  readonly continued: number | null;
}

const layouts: ReadonlyMap<number, ReportLayout> = new Map([
  // Honeywell, Access-IS, Metrologic and most others.
  [0x02, { length: 1, identifier: 2, data: 5, mostData: 56, continued: 63 }],
  // Microscan.
  [0x01, { length: 1, identifier: null, data: 2, mostData: 62, continued: null }],
]);

/** Makes codes of input reports, one or several to a code. */
export class Reports {
  #held: number[] = [];
  #begunAt = 0;
  #lastAt = 0;

  get open(): boolean {
    return this.#held.length > 0;
  }

  push(report: Uint8Array, at: number): readonly Heard[] {
    const heard: Heard[] = [...this.expire(at)];
    const layout = layouts.get(report[0] ?? 0);
    // Other reports (trigger, status) are no codes.
    if (layout === undefined) return heard;
    const { length, identifier, data, mostData, continued } = layout;
    const bytes = report[length] ?? 0;
    if (!this.open) this.#begunAt = at;
    this.#lastAt = at;
    if (bytes === 0 || bytes > mostData || report.length < data + bytes) return [...heard, this.#drop('unreadable')];
    if (this.#held.length + bytes > LONGEST_CODE) return [...heard, this.#drop('too-long')];
    this.#held.push(...report.subarray(data, data + bytes));
    if (continued !== null && ((report[continued] ?? 0) & 1) === 1) return heard;
    const aim = identifier === null ? '' : Buffer.from(report.subarray(identifier, identifier + 3)).toString('latin1');
    const read = readSymbol(Uint8Array.from(this.#held), aim.startsWith(']') ? aim : '');
    const begunAt = this.#begunAt;
    this.#held = [];
    return [...heard, read.ok ? { kind: 'scan', scan: read.value, begunAt } : { kind: 'ignored', why: read.error, begunAt }];
  }

  /** Drops a code whose next report did not come in time. */
  expire(at: number): readonly Heard[] {
    return this.open && at - this.#lastAt > PIECE_LIMIT_MS ? [this.#drop('cut-short')] : [];
  }

  #drop(why: Extract<Heard, { kind: 'ignored' }>['why']): Heard {
    this.#held = [];
    return { kind: 'ignored', why, begunAt: this.#begunAt };
  }
}
