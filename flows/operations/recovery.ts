import type { EvidenceClass } from '../../devices/printer/contract.ts';
import { type Result, ok } from '../../devices/result.ts';
import type { EnvelopeEnd } from '../envelopes/rows.ts';
import type { Cms, OperationView } from '../ports/cms.ts';
import type { Journal, JournalEntry, JournalError, JournalRow } from '../ports/journal.ts';
import type { Printing } from '../ports/printing.ts';
import { type EnvelopeProof, concludedEnvelope } from './envelope-conclusion.ts';
import { type Conclusion, concluded, destroyed, retracted, unconfirmed } from './evidence.ts';

/** What an operation found open at boot still needs. Nothing here prints. */
export type Recovery =
  /** It stopped before any outcome: conclude it from what the rows say. */
  | {
      readonly need: 'outcome';
      readonly attempt: number;
      readonly conclusion: Conclusion;
      readonly raw: string;
      /** What becomes of the envelope in its hands. */
      readonly envelope?: EnvelopeEnd;
    }
  /** An envelope was bound to the card, and nothing is known of its PIN: ask the CMS, and hold what it does not know either. */
  | { readonly need: 'ask-chip'; readonly number: string }
  /** A print was announced and nothing is known of it: ask the printer and the CMS, and hold what they do not know. */
  | { readonly need: 'ask'; readonly attempt: number }
  /** A slip is out, or may be, and nobody is known to have it: it is taken back if it is still there; `conclusion` if it is not. */
  | { readonly need: 'retract'; readonly attempt: number; readonly conclusion: Conclusion; readonly raw: string }
  /** What was decided stands; the outbox brings it to the CMS. */
  | { readonly need: 'receipt' }
  /** Held: it waits for an operator's decision. */
  | { readonly need: 'operator' }
  /** The CMS's receipt is there; only the closing row is missing. */
  | { readonly need: 'close'; readonly state: Extract<JournalRow, { kind: 'RECEIPT' }>['state'] };

/** Where recovery asks what the rows do not say, and the evidence that the site wants for a hand-over. */
export interface RecoveryParts {
  readonly journal: Journal;
  readonly printing: Pick<Printing, 'clear' | 'retract'>;
  readonly cms: Pick<Cms, 'operations'>;
  readonly handOverEvidence: EvidenceClass;
}

/** Reads from an operation's rows, and from nothing else, what is still to be done for it. */
export function recoveryOf(entries: readonly JournalEntry[], wanted: EvidenceClass): Recovery {
  const rows = entries.map(({ row }) => row);
  const attempt = rows.findLast((row) => row.kind === 'PRINT_INTENT')?.attempt ?? 1;
  const last = rows.at(-1);
  const drawn = rows.findLast((row) => row.kind === 'ENVELOPE_DRAWN')?.number ?? '';
  switch (last?.kind) {
    case 'RECEIPT':
      return last.state === 'HELD' ? { need: 'operator' } : { need: 'close', state: last.state };
    case 'OUTCOME':
    case 'RESOLUTION':
      return { need: 'receipt' };
    case 'PRINT_INTENT':
      return { need: 'ask', attempt };
    case 'EVIDENCE': {
      const conclusion =
        last.output === 'retracted' ? retracted : concluded({ printer: last.class, citizen: false, operator: false }, wanted);
      return { need: conclusion.exposed ? 'retract' : 'outcome', attempt, conclusion, raw: last.raw };
    }
    case 'ENVELOPE_DRAWN':
      return envelopeOutcome({ step: 'drawn', pin: null }, drawn);
    case 'ENVELOPE_SCANNED':
      return envelopeOutcome({ step: 'scanned', pin: null }, drawn);
    case 'ENVELOPE_BOUND':
      return { need: 'ask-chip', number: drawn };
    case 'CHIP_EVIDENCE':
      return envelopeOutcome({ step: 'bound', pin: last.pin }, drawn);
    default:
      // Before any print, or after an operator's word on the slip of the one before.
      return { need: 'outcome', attempt, conclusion: destroyed, raw: '' };
  }
}

/** A card that has the envelope's PIN says nothing of who has the envelope: the operator may have handed it over just then. */
function envelopeOutcome({ step, pin }: Omit<EnvelopeProof, 'handedOver'>, number: string): Extract<Recovery, { need: 'outcome' }> {
  const { outcome, class: evidenceClass, to } = concludedEnvelope({ step, pin: pin === 'set' ? 'unknown' : pin, handedOver: false });
  const conclusion = { outcome, class: evidenceClass, exposed: false };
  return { need: 'outcome', attempt: 1, conclusion, raw: '', ...(to === null ? {} : { envelope: { number, to } }) };
}

/**
 * Boot: brings every operation found open to an outcome. It never prints and never guesses. What then waits for the CMS is the
 * outbox's, what is held an operator's. Answers how many operations were found open.
 */
export async function recover(parts: RecoveryParts, signal: AbortSignal): Promise<Result<number, JournalError>> {
  const open = parts.journal.open().map(({ operationId, rows }) => ({ operationId, recovery: recoveryOf(rows, parts.handOverEvidence) }));
  const unclear = open
    .filter(({ recovery }) => recovery.need === 'ask' || recovery.need === 'ask-chip')
    .map(({ operationId }) => operationId);
  const views = unclear.length === 0 ? ok([]) : await parts.cms.operations(unclear, signal);
  for (const { operationId, recovery } of open) {
    const view = views.ok ? views.value.find((one) => one.operationId === operationId) : undefined;
    const recovered = await recoverOne(operationId, recovery, view ?? null, parts, signal);
    if (!recovered.ok) return recovered;
  }
  return ok(open.length);
}

/** `view`: what the CMS has of the operation; `null` where it did not say. */
async function recoverOne(
  operationId: string,
  recovery: Recovery,
  view: OperationView | null,
  { journal, printing }: RecoveryParts,
  signal: AbortSignal,
): Promise<Result<unknown, JournalError>> {
  const conclude = (
    attempt: number,
    { outcome, class: evidenceClass, exposed }: Conclusion,
    raw: string,
    envelope?: EnvelopeEnd,
  ): Result<unknown, JournalError> =>
    journal.appendOutcome(
      { operationId, attempt, outcome, evidence: { class: evidenceClass, raw }, exposed, reason: 'interrupted' },
      envelope,
    );

  switch (recovery.need) {
    case 'close':
      return journal.append(operationId, { kind: 'CLOSED', state: recovery.state });
    case 'receipt':
    case 'operator':
      return ok();
    case 'outcome':
      return conclude(recovery.attempt, recovery.conclusion, recovery.raw, recovery.envelope);
    case 'ask-chip': {
      const { number } = recovery;
      const standing = view?.envelope?.number === number ? view.envelope : null;
      // A relay that the CMS never heard of sent nothing to the card.
      const unheard = view !== null && view.envelope === undefined ? 'not-set' : 'unknown';
      const pin = standing?.pin ?? unheard;
      const evidence = standing?.evidence ?? 'none';
      const seen = journal.append(operationId, { kind: 'CHIP_EVIDENCE', pin, evidence, end: 'interrupted', sent: 0, answered: 0 });
      if (!seen.ok) return seen;
      const { attempt, conclusion, raw, envelope } = envelopeOutcome({ step: 'bound', pin }, number);
      return conclude(attempt, conclusion, raw, envelope);
    }
    case 'retract': {
      const { attempt } = recovery;
      const { slip, raw } = await printing.retract(signal);
      if (slip !== 'retracted') return conclude(attempt, recovery.conclusion, recovery.raw);
      const evidence = journal.append(operationId, { kind: 'EVIDENCE', attempt, class: 'E3', raw, buffer: 'printed', output: 'retracted' });
      return evidence.ok ? conclude(attempt, retracted, raw) : evidence;
    }
    case 'ask': {
      const { attempt } = recovery;
      const buffer = (await printing.clear(signal)) ? 'cleared' : 'locked';
      const { slip, raw } = await printing.retract(signal);
      // A part that the CMS never released cannot have been printed.
      const known = slip === 'retracted' ? retracted : unconfirmed(view?.releases === 0 ? 'E0' : 'E1');
      const output = slip === 'retracted' ? { output: slip } : {};
      const evidence = journal.append(operationId, { kind: 'EVIDENCE', attempt, class: known.class, raw, buffer, ...output });
      return evidence.ok ? conclude(attempt, known, raw) : evidence;
    }
  }
}
