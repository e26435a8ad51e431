import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import type { ProofPart } from '../part.ts';
import { readDeviceKey } from '../../../kiosk/device-key.ts';
import { type ChainedRow, genesis, rowHash } from '../../../kiosk/records/chain.ts';
import { openStored } from '../../../kiosk/records/audit/stored.ts';
import {
  type FaultKind,
  type StoredCheckpoint,
  type Verdict,
  type Witness,
  startVerification,
} from '../../../kiosk/records/audit/verification.ts';
import { beforeOutcome, receipt, recordsIn, report, temporaryFolder } from '../../kiosk/records/specimen.ts';

type Row = ChainedRow & { readonly hash: string };

/** A journal as it stands on the disk, in memory. */
interface Copy {
  rows: Row[];
  checkpoints: StoredCheckpoint[];
  witnesses: Witness[];
}

const operations = 5;
const operationId = (number: number): string => `01890a5d-ac96-774b-bcce-${number.toString(16).padStart(12, '0')}`;

/** Five whole operations as production writes them, each with its checkpoint at its close; a sixth is open. */
export function specimen(): Copy & { readonly verify: (copy: Copy) => Verdict } {
  const folder = temporaryFolder();
  const records = recordsIn(folder);
  for (let number = 1; number <= operations + 1; number += 1) {
    for (const row of beforeOutcome) records.append(operationId(number), row);
    if (number > operations) break;
    records.appendOutcome(report(operationId(number)));
    records.appendReceipt(operationId(number), receipt);
    records.append(operationId(number), { kind: 'CLOSED', state: 'CONFIRMED' });
  }
  records.close();
  const key = readDeviceKey(join(folder, 'device-key.jwk'));
  const stored = openStored(folder);
  if (!key.ok || !stored.ok) throw new Error('no records');
  const copy: Copy = { rows: [], checkpoints: [], witnesses: [] };
  stored.value.give({
    row: (row) => copy.rows.push(row as Row),
    checkpoint: (checkpoint) => copy.checkpoints.push(checkpoint as StoredCheckpoint),
  });
  stored.value.close();
  const deviceKey = createPublicKey(key.value);
  return {
    ...copy,
    verify({ rows, checkpoints, witnesses }) {
      const verification = startVerification({ deviceKey, witnesses });
      const waiting = [...checkpoints];
      for (const row of rows) {
        verification.row(row);
        while (waiting[0] !== undefined && waiting[0].sequence <= row.sequence) verification.checkpoint(waiting.shift()!);
      }
      for (const checkpoint of waiting) verification.checkpoint(checkpoint);
      return verification.finish();
    },
  };
}

/** mulberry32: a small seeded generator, so that any case can be run again. */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const flipHex = (hex: string, at: number): string => hex.slice(0, at) + (hex[at] === 'f' ? '0' : 'f') + hex.slice(at + 1);
const renumbered = (rows: readonly Row[]): Row[] => rows.map((row, index) => ({ ...row, sequence: index + 1 }));

/** The rows from `from` on with hashes that fit: what somebody makes who knows how, and has not the device's key. */
function rehashed(rows: readonly Row[], from: number): Row[] {
  let previous = genesis;
  return rows.map((row, index) => {
    const { hash, ...content } = row;
    previous = index < from ? hash : rowHash(content, previous);
    return { ...content, hash: previous };
  });
}

interface Tampering {
  readonly name: string;
  /** What it must be called: all its faults are of these kinds, and one is of the first. Who invents rows may set back their clock. */
  readonly kinds: readonly FaultKind[];
  readonly tamper: (copy: Copy, pick: (below: number) => number) => { readonly copy: Copy; readonly seq?: number };
}

const changeField = (row: Row, pick: (below: number) => number): Row => {
  const text = ['at', 'operationId', 'kind', 'fields', 'boot', 'monotonicNs'] as const;
  const field = text[pick(text.length)]!;
  const at = pick(row[field].length);
  const code = row[field].charCodeAt(at);
  return { ...row, [field]: row[field].slice(0, at) + String.fromCharCode(code ^ (1 << pick(5))) + row[field].slice(at + 1) };
};

const tamperings: readonly Tampering[] = [
  {
    name: 'a bit of a row flipped',
    kinds: ['content'],
    tamper({ rows, ...rest }, pick) {
      const at = pick(rows.length);
      return { copy: { rows: rows.with(at, changeField(rows[at]!, pick)), ...rest }, seq: at + 1 };
    },
  },
  {
    name: 'a hash flipped',
    kinds: ['content'],
    tamper({ rows, ...rest }, pick) {
      const at = pick(rows.length);
      return { copy: { rows: rows.with(at, { ...rows[at]!, hash: flipHex(rows[at]!.hash, pick(64)) }), ...rest }, seq: at + 1 };
    },
  },
  {
    name: 'a row changed with a hash that fits',
    kinds: ['content', 'fork', 'clock'],
    tamper({ rows, ...rest }, pick) {
      const at = pick(rows.length - 1);
      const changed = rehashed(rows.with(at, changeField(rows[at]!, pick)), at)[at]!;
      return { copy: { rows: rows.with(at, changed), ...rest } };
    },
  },
  {
    name: 'rows deleted',
    kinds: ['gap'],
    tamper({ rows, ...rest }, pick) {
      const at = pick(rows.length - 2);
      const count = 1 + pick(Math.min(4, rows.length - 1 - at));
      return { copy: { rows: rows.toSpliced(at, count), ...rest }, seq: at + 1 };
    },
  },
  {
    name: 'a row deleted and the rest renumbered',
    kinds: ['gap', 'truncation', 'fork'],
    tamper({ rows, ...rest }, pick) {
      return { copy: { rows: renumbered(rows.toSpliced(pick(rows.length - 3), 1)), ...rest } };
    },
  },
  {
    name: 'a row inserted and the rest renumbered',
    kinds: ['order', 'content', 'fork'],
    tamper({ rows, ...rest }, pick) {
      const at = pick(rows.length - 3);
      return { copy: { rows: renumbered(rows.toSpliced(at, 0, changeField(rows[pick(rows.length)]!, pick))), ...rest } };
    },
  },
  {
    name: 'a row put in twice',
    kinds: ['order'],
    tamper({ rows, ...rest }, pick) {
      const at = pick(rows.length);
      return { copy: { rows: rows.toSpliced(at, 0, rows[at]!), ...rest }, seq: at + 1 };
    },
  },
  {
    name: 'two rows in each other’s place',
    kinds: ['order', 'fork'],
    tamper({ rows, ...rest }, pick) {
      const [one, other] = [pick(rows.length - 1), pick(rows.length - 1)].toSorted((a, b) => a - b) as [number, number];
      const second = one === other ? other + 1 : other;
      const swapped = rows.with(one, { ...rows[second]!, sequence: one + 1 }).with(second, { ...rows[one]!, sequence: second + 1 });
      return { copy: { rows: swapped, ...rest } };
    },
  },
  {
    name: 'the contents of two rows in each other’s place',
    kinds: ['order'],
    tamper({ rows, ...rest }, pick) {
      const one = pick(rows.length - 1);
      const second = one + 1 + pick(rows.length - 1 - one);
      const [first, last] = [rows[one]!, rows[second]!];
      const swapped = rows
        .with(one, { ...last, sequence: first.sequence, hash: first.hash })
        .with(second, { ...first, sequence: last.sequence, hash: last.hash });
      return { copy: { rows: swapped, ...rest } };
    },
  },
  {
    name: 'the end cut off past a checkpoint',
    kinds: ['truncation'],
    tamper({ rows, checkpoints, witnesses }, pick) {
      const last = checkpoints.at(-1)!;
      return { copy: { rows: rows.slice(0, pick(last.sequence)), checkpoints, witnesses } };
    },
  },
  {
    name: 'the whole file put back',
    kinds: ['rollback'],
    tamper({ rows, checkpoints }, pick) {
      const kept = pick(checkpoints.length);
      const until = kept === 0 ? pick(5) : checkpoints[kept - 1]!.sequence + pick(5);
      return {
        copy: { rows: rows.slice(0, until), checkpoints: checkpoints.slice(0, kept), witnesses: [witnessOf(rows, checkpoints.at(-1)!)] },
      };
    },
  },
  {
    name: 'another history, under the checkpoints of this one',
    kinds: ['fork', 'clock'],
    tamper({ rows, checkpoints, witnesses }, pick) {
      const at = pick(checkpoints.at(-1)!.sequence);
      return { copy: { rows: rehashed(rows.with(at, changeField(rows[at]!, pick)), at), checkpoints, witnesses } };
    },
  },
  {
    name: 'another history since an old file, seen by a witness of this one',
    kinds: ['fork', 'clock'],
    tamper({ rows, checkpoints }, pick) {
      const kept = pick(checkpoints.length);
      const from = kept === 0 ? 0 : checkpoints[kept - 1]!.sequence;
      const witnesses = [witnessOf(rows, checkpoints[kept + pick(checkpoints.length - kept)]!)];
      return {
        copy: { rows: rehashed(rows.with(from, changeField(rows[from]!, pick)), from), checkpoints: checkpoints.slice(0, kept), witnesses },
      };
    },
  },
  {
    name: 'a checkpoint changed',
    kinds: ['signature'],
    tamper({ rows, checkpoints, witnesses }, pick) {
      const at = pick(checkpoints.length);
      const { jws } = checkpoints[at]!;
      const character = pick(jws.length);
      const other = jws[character] === 'A' ? 'B' : 'A';
      const changed = { ...checkpoints[at]!, jws: jws.slice(0, character) + other + jws.slice(character + 1) };
      return { copy: { rows, checkpoints: checkpoints.with(at, changed), witnesses }, seq: changed.sequence };
    },
  },
  {
    name: 'a checkpoint taken out',
    kinds: ['gap'],
    tamper({ rows, checkpoints, witnesses }, pick) {
      return { copy: { rows, checkpoints: checkpoints.toSpliced(pick(checkpoints.length - 1), 1), witnesses } };
    },
  },
];

function witnessOf(rows: readonly Row[], { sequence }: StoredCheckpoint): Witness {
  return { sequence, hash: rows[sequence - 1]!.hash };
}

/** The journal that is tampered with, and the production verification of it. */
export type Specimen = ReturnType<typeof specimen>;

/** Tampers so many times, each as its seed says. Answers what was not found, or not named. */
export function tamper({ verify, ...whole }: Specimen, from: number, times: number): readonly string[] {
  const wrong: string[] = [];
  for (let seed = from; seed < from + times; seed += 1) {
    const pick = seeded(seed);
    const { name, kinds, tamper: change } = tamperings[seed % tamperings.length]!;
    const { copy, seq } = change(whole, pick);
    const { ok, faults } = verify(copy);
    const found = new Set(faults.map(({ kind }) => kind));
    const named =
      found.has(kinds[0]!) &&
      [...found].every((kind) => kinds.includes(kind)) &&
      (seq === undefined || faults.some((each) => each.seq === seq));
    if (ok || !named) wrong.push(`I6 tampering of seed ${seed}: ${name}: ${JSON.stringify(faults)}`);
  }
  return wrong;
}

const AT_ONCE = 500;

export const auditPart: ProofPart = {
  name: 'tampering',
  share: 0.05,
  run({ deadline, seed, progress }) {
    const whole = specimen();
    const violations: string[] = [];
    let tamperings = 0;
    for (; Date.now() < deadline; tamperings += AT_ONCE) violations.push(...tamper(whole, seed + tamperings, AT_ONCE));
    progress(`tampering: ${tamperings}`);
    return Promise.resolve({ counts: { tamperings }, violations });
  },
};
