import type { JournalEntry } from '../../../flows/ports/journal.ts';
import { ledgerOf } from '../../../flows/envelopes/ledger.ts';
import { drawnAgain } from '../../../kiosk/records/draw.ts';
import type { Kiosk, World } from './kiosk.ts';

/**
 * What must hold of a blind envelope, once the faults have stopped. B1: ledger, journal and CMS agree on it. B2: nothing goes to a card before the row
 * that binds the envelope to it. B3: it is handed over once at most, and never drawn again after its number was read. B4: a card that has its
 * PIN means that it was handed over, lies here unclaimed, or is put apart and its operation held. B5: every lot can be drawn again.
 */
export function brokenOfEnvelopes({ records }: Kiosk, ids: readonly string[], { cms, chips }: Pick<World, 'cms' | 'chips'>): string[] {
  const violations: string[] = [];
  for (const operationId of ids) {
    const rows = records.rowsOf(operationId);
    const number = rows.findLast(({ row }) => row.kind === 'ENVELOPE_SCANNED')?.row;
    const envelope = number?.kind === 'ENVELOPE_SCANNED' ? records.envelopes.find(number.number) : undefined;
    const standing = cms.envelopes.standing(operationId);
    const told = `${operationId}: ${rows.map(({ row }) => row.kind).join(' ')}; envelope ${envelope?.state ?? 'none'}, CMS ${standing?.pin ?? 'none'}`;
    const violate = (what: string): void => void violations.push(`${what} (${told})`);
    const state = cms.look(operationId)?.state ?? 'NONE';

    if (envelope === undefined) {
      if (standing !== undefined) violate('B1: the CMS bound an envelope that the journal never read');
      if (chips.set.has(operationId)) violate('B4: a card has the PIN of an envelope that nobody read');
      continue;
    }
    if (['drawn', 'scanned', 'bound'].includes(envelope.state)) violate('B1: an envelope is still under way');
    if (standing !== undefined && standing.number !== envelope.number) violate('B1: the CMS bound another envelope');
    const atCms = cms.envelopes.states.get(envelope.number);
    if (atCms === 'handed' && envelope.state !== 'handed') violate('B1: handed by the CMS, not here');
    if (envelope.state === 'handed' && state !== 'CONFIRMED' && state !== 'VOIDED') violate('B1: handed here, and not by the CMS');
    const hasPin = chips.set.has(operationId);
    if ((hasPin || standing?.pin === 'set') && ['aborted', 'assigned', 'received'].includes(envelope.state))
      violate('B4: a card has the PIN of an envelope that was put away unused');
    if (envelope.state === 'quarantined' && state !== 'HELD' && state !== 'VOIDED') violate('B4: put apart, and not held');
    if (standing?.pin === 'set' && !hasPin) violate('B4: the CMS says set, and the card has it not');
  }
  return violations;
}

/** Of all that the journal holds: its ledger is the table's, no envelope came back, and every lot whose seed is revealed falls where it fell. */
export function brokenInLedger(entries: readonly JournalEntry[], table: Kiosk['records']['envelopes']): string[] {
  const violations = drawnAfterRead(entries).map((number) => `B3: ${number} was drawn again after its number was read`);
  if (JSON.stringify([...ledgerOf(entries).values()]) !== JSON.stringify(table.all())) violations.push('B1: ledger and journal disagree');
  return [...violations, ...drawnAgain(entries).faults.map(({ sequence, detail }) => `B5: row ${sequence}: ${detail}`)];
}

function drawnAfterRead(entries: readonly JournalEntry[]): string[] {
  const read = new Set<string>();
  return entries.flatMap(({ row }) => {
    if (row.kind === 'ENVELOPE_SCANNED') read.add(row.number);
    return row.kind === 'ENVELOPE_DRAWN' && read.has(row.number) ? [row.number] : [];
  });
}
