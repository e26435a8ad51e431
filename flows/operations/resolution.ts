import { type Result, err, ok } from '../../devices/result.ts';
import type { EnvelopeState } from '../envelopes/envelope.ts';
import type { EnvelopeEnd } from '../envelopes/rows.ts';
import type { EnvelopeStanding, Outcome } from '../ports/cms.ts';
import type { Journal, JournalEntry, JournalError, JournalRow } from '../ports/journal.ts';
import { type Finding, findings, type Operators } from '../ports/operators.ts';

/** An operation whose end is not known, as an operator sees it: what was done, what the evidence was, what may be decided. */
export interface HeldOperation {
  readonly operationId: string;
  /** ISO instants: when it began, and when it was held. */
  readonly openedAt: string;
  readonly heldAt: string;
  /** Who had identified the holder. */
  readonly operator: string;
  /** How many prints were attempted; the decision is on the last one's slip. */
  readonly attempt: number;
  readonly reason: string;
  readonly evidence: Pick<Extract<JournalRow, { kind: 'EVIDENCE' }>, 'class' | 'raw' | 'buffer'> | null;
  /** The envelope that is put apart for it, and the card's PIN as far as it is known; `null`: it has none. */
  readonly envelope: { readonly number: string; readonly pin: EnvelopeStanding['pin'] } | null;
  /** `reporting`: the CMS does not know yet that it is held; `held`: it waits for a decision; `decided`: the CMS does not know of that yet. */
  readonly stage: 'reporting' | 'held' | 'decided';
  readonly finding: Finding | null;
  /** What may be decided now: not again what the CMS has refused. */
  readonly choices: readonly Finding[];
}

export type ResolutionError = { readonly kind: 'not-held' } | { readonly kind: 'not-signed-on' } | JournalError;

/** What becomes of an envelope that was put apart: where it was not handed over it is here, and used. */
const envelopeAfter = {
  'handed-over': 'handed',
  'not-handed-over': 'unclaimed',
  destroyed: 'spoiled',
} as const satisfies Record<Finding, EnvelopeState>;

const outcomeOf = {
  'handed-over': 'handed-over',
  'not-handed-over': 'not-handed-over',
  destroyed: 'not-handed-over',
} as const satisfies Record<Finding, Outcome>;

/** What an operator sees of an operation whose end is not known; `null`: its end is known, or it has none yet. */
export function heldOperation(operationId: string, rows: readonly JournalEntry[]): HeldOperation | null {
  const [opening] = rows;
  if (rows.at(-1)?.row.kind === 'CLOSED') return null;
  const outcome = rows.find(({ row }) => row.kind === 'OUTCOME');
  if (opening?.row.kind !== 'OP_OPEN' || outcome?.row.kind !== 'OUTCOME' || outcome.row.outcome !== 'unknown') return null;
  const kinds = rows.map(({ row }) => row);
  const attempt = kinds.findLast((row) => row.kind === 'PRINT_INTENT')?.attempt ?? 1;
  const evidence = kinds.findLast((row) => row.kind === 'EVIDENCE');
  const tried = kinds.flatMap((row) => (row.kind === 'RESOLUTION' ? [row.finding] : []));
  const last = kinds.at(-1);
  const stage = stageOf(last);
  const envelope = envelopeIn(kinds);
  return {
    operationId,
    openedAt: opening.at,
    heldAt: outcome.at,
    operator: opening.row.operator ?? '',
    attempt,
    reason: outcome.row.reason,
    evidence: evidence === undefined ? null : evidenceOf(evidence),
    envelope,
    stage,
    finding: last?.kind === 'RESOLUTION' ? last.finding : null,
    choices:
      stage === 'held'
        ? findings.filter((finding) => !tried.some((one) => outcomeOf[one] === outcomeOf[finding]) && mayBe(finding, envelope))
        : [],
  };
}

function envelopeIn(rows: readonly JournalRow[]): HeldOperation['envelope'] {
  const outcome = rows.find((row) => row.kind === 'OUTCOME');
  if (outcome?.envelope === undefined) return null;
  return { number: outcome.envelope.number, pin: rows.findLast((row) => row.kind === 'CHIP_EVIDENCE')?.pin ?? 'unknown' };
}

/** An envelope is of use only to who has a card with its PIN. */
function mayBe(finding: Finding, envelope: HeldOperation['envelope']): boolean {
  return finding !== 'handed-over' || envelope === null || envelope.pin === 'set';
}

function stageOf(last: JournalRow | undefined): HeldOperation['stage'] {
  if (last?.kind === 'RECEIPT') return 'held';
  return last?.kind === 'RESOLUTION' ? 'decided' : 'reporting';
}

function evidenceOf({ class: evidenceClass, raw, buffer }: Extract<JournalRow, { kind: 'EVIDENCE' }>): HeldOperation['evidence'] {
  return { class: evidenceClass, raw, buffer };
}

/**
 * An operator's decision on a held operation: signed, and durable together with what the outbox will tell the CMS. The operation is
 * closed by the CMS's receipt, now or when the link is back.
 */
export async function resolve(
  { journal, operators }: { readonly journal: Journal; readonly operators: Operators },
  operationId: string,
  finding: Finding,
): Promise<Result<void, ResolutionError>> {
  const find = (): HeldOperation | null => {
    const held = heldOperation(operationId, journal.rowsOf(operationId));
    return held?.choices.includes(finding) === true ? held : null;
  };
  const operator = operators.signedOn();
  const held = find();
  if (operator === null) return err({ kind: 'not-signed-on' });
  if (held === null) return err({ kind: 'not-held' });
  const signed = await operators.sign({ decision: 'resolve', operationId, attempt: held.attempt, finding });
  if (!signed.ok) return signed;
  // While it was signed, another page may have decided.
  if (find() === null) return err({ kind: 'not-held' });
  const recorded = journal.appendResolution(
    { kind: 'RESOLUTION', finding, operator: operator.id, assertion: signed.value, ...envelopeEnd(held, finding) },
    {
      operationId,
      attempt: held.attempt,
      outcome: outcomeOf[finding],
      evidence: { class: held.evidence?.class ?? 'E0', raw: held.evidence?.raw ?? '' },
      exposed: finding === 'not-handed-over' && held.envelope === null,
      reason: `resolved-${finding}`,
      operatorAssertion: signed.value,
    },
  );
  return recorded.ok ? ok() : recorded;
}

function envelopeEnd({ envelope }: HeldOperation, finding: Finding): { readonly envelope?: EnvelopeEnd } {
  return envelope === null ? {} : { envelope: { number: envelope.number, to: envelopeAfter[finding] } };
}
