import type { EvidenceClass } from '../../devices/printer/contract.ts';
import { type Result, ok } from '../../devices/result.ts';
import type { EnvelopeEnd } from '../envelopes/rows.ts';
import type { Cms, OperationView } from '../ports/cms.ts';
import type { Concluded, Journal, JournalEntry, JournalError, JournalRow } from '../ports/journal.ts';
import type { Printing } from '../ports/printing.ts';
import { endsAsService } from './card-service.ts';
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
  /** The card alone was asked, and only it knows (a PIN by the PUK): nothing is left to do but to say so. */
  | { readonly need: 'close-pin'; readonly asked: boolean }
  /** A service: what the rows do not say the CMS is asked (card-service.ts), once nobody is served. */
  | { readonly need: 'service' }
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
  const [opening] = rows;
  if (endsAsService(entries)) return { need: 'service' };
  if (opening?.kind === 'OP_OPEN' && opening.operation === 'pin-unblock') return { need: 'close-pin', asked: last?.kind === 'PIN_INTENT' };
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
function envelopeOutcome(
  { step, pin }: { readonly step: 'drawn' | 'scanned' | 'bound'; readonly pin: EnvelopeProof['pin'] },
  number: string,
): Extract<Recovery, { need: 'outcome' }> {
  const { outcome, class: evidenceClass, to } = concludedEnvelope({ step, pin: pin === 'set' ? 'unknown' : pin, handedOver: false });
  const conclusion = { outcome, class: evidenceClass, exposed: false };
  return { need: 'outcome', attempt: 1, conclusion, raw: '', envelope: { number, to } };
}

/** A print of which the rows do not tell where its slip is. */
interface LostPrint {
  readonly operationId: string;
  readonly recovery: Extract<Recovery, { need: 'ask' | 'retract' }>;
}

/**
 * Boot: brings every operation found open to an outcome. It never prints and never guesses. What then waits for the CMS is the
 * outbox's, what is held an operator's. Answers how many operations were found open.
 */
export async function recover(parts: RecoveryParts, signal: AbortSignal): Promise<Result<number, JournalError>> {
  const { journal, cms, handOverEvidence } = parts;
  const open = journal.open().map(({ operationId, rows }) => ({ operationId, recovery: recoveryOf(rows, handOverEvidence) }));
  const told: Concluded[] = [];
  const prints: LostPrint[] = [];
  const chips: { readonly operationId: string; readonly number: string }[] = [];
  for (const { operationId, recovery } of open) {
    switch (recovery.need) {
      case 'close': {
        const closed = journal.append(operationId, { kind: 'CLOSED', state: recovery.state });
        if (!closed.ok) return closed;
        break;
      }
      case 'close-pin': {
        const closed = closePin(journal, operationId, recovery.asked);
        if (!closed.ok) return closed;
        break;
      }
      case 'outcome':
        told.push(concludedAs(operationId, recovery));
        break;
      case 'ask':
      case 'retract':
        prints.push({ operationId, recovery });
        break;
      case 'ask-chip':
        chips.push({ operationId, number: recovery.number });
        break;
      case 'receipt':
      case 'service':
      case 'operator':
        break;
    }
  }
  // What the rows tell waits neither for the CMS nor for the printer.
  const concluded = journal.appendOutcomes(told);
  if (!concluded.ok) return concluded;

  const unclear = [...prints.filter(({ recovery }) => recovery.need === 'ask'), ...chips].map(({ operationId }) => operationId);
  const views = unclear.length === 0 ? ok([]) : await cms.operations(unclear, signal);
  const viewOf = (operationId: string): OperationView | null =>
    views.ok ? (views.value.find((one) => one.operationId === operationId) ?? null) : null;
  const slips = await slipsOf(prints, viewOf, parts, signal);
  if (!slips.ok) return slips;
  const pins = pinsOf(chips, viewOf, journal);
  if (!pins.ok) return pins;
  const found = journal.appendOutcomes([...slips.value, ...pins.value]);
  return found.ok ? ok(open.length) : found;
}

/** `asked`: the card's answer never came. Its holder tries the new PIN, or begins anew. */
function closePin(journal: Journal, operationId: string, asked: boolean): Result<unknown, JournalError> {
  if (asked) {
    const seen = journal.append(operationId, { kind: 'PIN_EVIDENCE', pin: 'unknown', answer: 'interrupted', triesLeft: null });
    if (!seen.ok) return seen;
  }
  return journal.append(operationId, { kind: 'CLOSED', state: 'NONE' });
}

/** Asks the printer, once for all, what became of these prints, oldest first. `viewOf`: what the CMS has; `null` where it did not say. */
async function slipsOf(
  prints: readonly LostPrint[],
  viewOf: (operationId: string) => OperationView | null,
  { journal, printing }: RecoveryParts,
  signal: AbortSignal,
): Promise<Result<readonly Concluded[], JournalError>> {
  const last = prints.at(-1);
  if (last === undefined) return ok([]);
  const needsClearing = prints.some(({ recovery }) => recovery.need === 'ask');
  const buffer = needsClearing ? await clearedBy(printing, signal) : 'printed';
  const { slip, raw } = await printing.retract(signal);

  const ends: Concluded[] = [];
  for (const { operationId, recovery } of prints) {
    const { attempt } = recovery;
    // No print begins before the output is empty: the slip in it is the last one's.
    const isBack = operationId === last.operationId && slip === 'retracted';
    if (recovery.need === 'retract' && !isBack) {
      ends.push(concludedAs(operationId, recovery));
      continue;
    }
    // A part that the CMS never released cannot have been printed.
    const conclusion = isBack ? retracted : unconfirmed(viewOf(operationId)?.releases === 0 ? 'E0' : 'E1');
    const output = isBack ? { output: 'retracted' as const } : {};
    const evidence = journal.append(operationId, { kind: 'EVIDENCE', attempt, class: conclusion.class, raw, buffer, ...output });
    if (!evidence.ok) return evidence;
    ends.push(concludedAs(operationId, { attempt, conclusion, raw }));
  }
  return ok(ends);
}

async function clearedBy(printing: RecoveryParts['printing'], signal: AbortSignal): Promise<'cleared' | 'locked'> {
  return (await printing.clear(signal)) ? 'cleared' : 'locked';
}

/** What became of cards to which an envelope was bound. `viewOf`: what the CMS has; `null` where it did not say. */
function pinsOf(
  chips: readonly { readonly operationId: string; readonly number: string }[],
  viewOf: (operationId: string) => OperationView | null,
  journal: Journal,
): Result<readonly Concluded[], JournalError> {
  const ends: Concluded[] = [];
  for (const { operationId, number } of chips) {
    const view = viewOf(operationId);
    const standing = view?.envelope?.number === number ? view.envelope : null;
    // A relay that the CMS never heard of sent nothing to the card.
    const unheard = view !== null && view.envelope === undefined ? 'not-set' : 'unknown';
    const pin = standing?.pin ?? unheard;
    const evidence = standing?.evidence ?? 'none';
    const seen = journal.append(operationId, {
      kind: 'CHIP_EVIDENCE',
      pin,
      evidence,
      secured: null,
      end: 'interrupted',
      sent: 0,
      answered: 0,
    });
    if (!seen.ok) return seen;
    ends.push(concludedAs(operationId, envelopeOutcome({ step: 'bound', pin }, number)));
  }
  return ok(ends);
}

function concludedAs(
  operationId: string,
  { attempt, conclusion, raw, envelope }: Omit<Extract<Recovery, { need: 'outcome' }>, 'need'>,
): Concluded {
  const { outcome, class: evidenceClass, exposed } = conclusion;
  const report = { operationId, attempt, outcome, evidence: { class: evidenceClass, raw }, exposed, reason: 'interrupted' };
  return { report, ...(envelope === undefined ? {} : { envelope }) };
}
