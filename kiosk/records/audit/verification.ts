import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type ChainedRow, chainedRow, genesis, rowHash } from '../chain.ts';
import {
  type Checkpoint,
  digestOf,
  readCheckpoint,
  readCountersignature,
  verifyCheckpoint,
  verifyCountersignature,
} from '../checkpoint.ts';
import { type Suspect, diagnose, mostSuspects } from './diagnosis.ts';

/**
 * What is wrong with a journal. `content`: a row is not what its hash says. `gap`: rows, or a checkpoint, are missing in between. `order`: a
 * row stands where another stood. `truncation`: a checkpoint of the database covers rows that it no longer has. `rollback`: a witness outside
 * knows of rows that the database never heard of. `fork`: the chain is whole, and is not the one that was signed. `signature`: a checkpoint or
 * countersignature does not hold. `clock`: within one boot the clock was set back.
 */
export type FaultKind = 'content' | 'gap' | 'order' | 'truncation' | 'rollback' | 'fork' | 'signature' | 'clock';

export interface Fault {
  readonly kind: FaultKind;
  /** The row, or the row that a checkpoint covers up to. */
  readonly seq: number;
  readonly detail: string;
}

export interface Verdict {
  readonly ok: boolean;
  readonly records: number;
  /** The last one that holds. */
  readonly checkpoint: {
    readonly sequence: number;
    readonly hash: string;
    readonly at: string;
    readonly countersigned: boolean;
    readonly jws: string;
  } | null;
  readonly faults: readonly Fault[];
  /** Faults that are not listed. */
  readonly more: number;
}

/** A checkpoint as it stands in the records. */
const storedCheckpoint = z.object({ sequence: z.int(), jws: z.string(), countersignature: z.string().nullable() });
export type StoredCheckpoint = Readonly<z.infer<typeof storedCheckpoint>>;

/** Where a row or a checkpoint says that it stands, even if nothing else of it can be read. */
export function sequenceOf(stored: unknown): number | null {
  return numbered.safeParse(stored).data?.sequence ?? null;
}

const numbered = z.object({ sequence: z.int() });

/** Somebody outside saw this row with this hash. */
export interface Witness {
  readonly sequence: number;
  readonly hash: string;
}

export interface VerificationOptions {
  /** The device's public key. */
  readonly deviceKey: KeyObject;
  /** The CMS's; without it a countersignature must fit its checkpoint, and its signature is not looked at. */
  readonly cmsKey?: KeyObject;
  readonly witnesses?: readonly Witness[];
}

/** Milliseconds by which the clock may be set back between two rows of one boot. */
export const clockToleranceMs = 60_000;

const mostFaults = 100;

export interface Verification {
  /** A row with its hash, in the order of sequence numbers; `seq` where it cannot be read. */
  row(stored: unknown): void;
  /** A checkpoint, once the rows that it covers were given. */
  checkpoint(stored: unknown): void;
  /** A fault that the source itself shows. */
  fault(kind: FaultKind, seq: number, detail: string): void;
  finish(): Verdict;
}

interface SeenCheckpoint extends StoredCheckpoint {
  readonly claims: Checkpoint;
  readonly digest: string;
  /** Whether its signature was looked at: one whose digest the next one signs need not be. */
  doubted: boolean;
}

const linked = chainedRow.extend({ hash: chainedRow.shape.operationId });

/**
 * Verifies a journal row by row, in memory that does not grow with it. Each row is checked against the stored hash before it, so that one
 * change is one fault. Only the last checkpoint's signature is checked where all is well: it covers the one before by its digest, and so on.
 */
export function startVerification({ deviceKey, cmsKey, witnesses = [] }: VerificationOptions): Verification {
  const faults: Fault[] = [];
  let more = 0;
  const fault = (kind: FaultKind, seq: number, detail: string): void => {
    if (faults.length < mostFaults) faults.push({ kind, seq, detail });
    else more += 1;
  };

  const witnessed = new Map(witnesses.map(({ sequence }) => [sequence, null as string | null]));
  const suspects: Suspect[] = [];
  let records = 0;
  let sequence = 0;
  /** The last row's hash as stored and as its content asks for; `null`: nothing can be said of the next row's link. */
  let before: { stored: string; computed: string } | null = { stored: genesis, computed: genesis };
  let suspected = 0;
  let clock: { boot: string; at: number; monotonicMs: number } | null = null;
  let lastSeen: SeenCheckpoint | null = null;
  /** Whether the checkpoint before could be read, so that the next one must follow it. */
  let followed = true;
  let truncated: number | null = null;
  let forked = false;

  const link = (row: ChainedRow, hash: string): boolean => {
    if (before === null) return true;
    const computed = rowHash(row, before.stored);
    const follows = computed === hash || (before.computed !== before.stored && rowHash(row, before.computed) === hash);
    if (!follows) {
      suspected = row.sequence;
      if (suspects.length < mostSuspects) suspects.push({ row, stored: hash, computed, previous: before.stored });
      else more += 1;
    }
    before = { stored: hash, computed: follows ? hash : computed };
    return follows;
  };

  const tick = ({ boot, at, monotonicNs, sequence: seq }: ChainedRow): void => {
    const now = { boot, at: Date.parse(at), monotonicMs: Number(monotonicNs) / 1e6 };
    if (clock?.boot === boot) {
      const [wall, passed] = [now.at - clock.at, now.monotonicMs - clock.monotonicMs];
      if (passed < 0) fault('clock', seq, 'it was written before the row that it follows');
      else if (wall - passed < -clockToleranceMs) fault('clock', seq, `the clock was set back by ${Math.round((passed - wall) / 1000)} s`);
    }
    clock = now;
  };

  const fork = (seq: number, who: string): void => {
    if (forked || suspected === seq) return;
    forked = true;
    fault('fork', seq, `${who} has row ${seq} with another hash: this is not the history that was signed`);
  };

  /** Whether the device signed it. Asked once. */
  const holds = (seen: SeenCheckpoint): boolean => {
    if (seen.doubted) return false;
    if (verifyCheckpoint(seen.jws, deviceKey) !== null) return true;
    seen.doubted = true;
    fault('signature', seen.sequence, 'the device did not sign this checkpoint');
    return false;
  };

  const checkWitness = ({ claims, countersignature, digest }: SeenCheckpoint): void => {
    if (countersignature === null) return;
    const said = cmsKey === undefined ? readCountersignature(countersignature) : verifyCountersignature(countersignature, cmsKey);
    if (said?.sequence !== claims.sequence || said.hash !== claims.hash || said.checkpoint !== digest)
      fault('signature', claims.sequence, 'the countersignature is not of this checkpoint');
  };

  return {
    fault,
    row(stored) {
      const read = linked.safeParse(stored);
      records += 1;
      if (!read.success) {
        sequence += 1;
        fault('content', sequence, 'a row that cannot be read');
        before = null;
        return;
      }
      const { hash, ...row } = read.data;
      if (row.sequence <= sequence) {
        fault('order', row.sequence, 'a sequence number that was there before');
        return;
      }
      if (row.sequence > sequence + 1) {
        fault(
          'gap',
          sequence + 1,
          row.sequence === sequence + 2 ? 'the row is missing' : `rows ${sequence + 1} to ${row.sequence - 1} are missing`,
        );
        before = null;
      }
      sequence = row.sequence;
      if (link(row, hash)) tick(row);
      before ??= { stored: hash, computed: hash };
      if (witnessed.has(sequence)) witnessed.set(sequence, hash);
    },
    checkpoint(stored) {
      const read = storedCheckpoint.safeParse(stored);
      const claims = read.success ? readCheckpoint(read.data.jws) : null;
      if (!read.success || claims?.sequence !== read.data.sequence) {
        fault('signature', sequenceOf(stored) ?? sequence, 'this is no checkpoint of this row');
        // What the next one would have vouched for.
        if (lastSeen !== null) holds(lastSeen);
        lastSeen = null;
        followed = false;
        return;
      }
      const seen: SeenCheckpoint = { ...read.data, claims, digest: digestOf(read.data.jws), doubted: false };
      if (followed && claims.previous !== (lastSeen?.digest ?? null) && (lastSeen === null || holds(lastSeen)) && holds(seen))
        fault('gap', claims.sequence, 'a checkpoint before this one is missing');
      followed = true;
      lastSeen = seen;
      checkWitness(seen);
      if (sequence < claims.sequence) {
        if (holds(seen)) truncated = claims.sequence;
      } else if (sequence === claims.sequence && before !== null && before.stored !== claims.hash && !forked && suspected !== sequence) {
        if (holds(seen)) fork(claims.sequence, 'a checkpoint');
      }
    },
    finish() {
      for (const found of diagnose(suspects)) fault(found.kind, found.seq, found.detail);
      const checkpoint = lastSeen !== null && holds(lastSeen) ? lastSeen : null;
      if (truncated !== null)
        fault('truncation', sequence + 1, `the journal ends with row ${sequence}, and a checkpoint covers ${truncated} rows`);
      for (const witness of witnesses) {
        const hash = witnessed.get(witness.sequence) ?? null;
        if (witness.sequence > Math.max(sequence, truncated ?? 0))
          fault('rollback', sequence + 1, `the journal ends with row ${sequence}, and a witness saw row ${witness.sequence}`);
        else if (hash !== null && hash !== witness.hash) fork(witness.sequence, 'a witness');
      }
      faults.sort((one, other) => one.seq - other.seq);
      return {
        ok: faults.length === 0,
        records,
        checkpoint:
          checkpoint === null
            ? null
            : {
                sequence: checkpoint.claims.sequence,
                hash: checkpoint.claims.hash,
                at: checkpoint.claims.at,
                countersigned: checkpoint.countersignature !== null,
                jws: checkpoint.jws,
              },
        faults,
        more,
      };
    },
  };
}
