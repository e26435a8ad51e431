import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EnvelopeState } from '../../../flows/envelopes/envelope.ts';
import type { Outcome } from '../../../flows/ports/cms.ts';
import { type JournalRow, type JournalRowKind, journalRowKinds } from '../../../flows/ports/journal.ts';
import { mayFollow } from '../../../kiosk/records/order.ts';

const open: JournalRow = {
  kind: 'OP_OPEN',
  operation: 'activation',
  case: 'adult',
  profile: 'p',
  profileVersion: '1',
  holder: '0'.repeat(64),
  card: '0'.repeat(64),
  operator: 'o',
};
const asked: JournalRow = { kind: 'RESERVE_INTENT' };
const reserved: JournalRow = { kind: 'RESERVED', expiresAt: '2026-11-22T10:15:00.000Z' };
const ready: JournalRow = { kind: 'PRINTER_READY' };
const print = (attempt: number): JournalRow => ({ kind: 'PRINT_INTENT', attempt });
const evidence = (attempt: number): JournalRow => ({ kind: 'EVIDENCE', attempt, class: 'E1', raw: '', buffer: 'cleared' });
const reprint = (attempt: number): JournalRow => ({
  kind: 'REPRINT_AUTHORISED',
  attempt,
  slip: 'destroyed',
  operator: 'o',
  assertion: 'a.b.c',
});
const outcome: JournalRow = { kind: 'OUTCOME', outcome: 'unknown', class: 'E1', exposed: true, reason: 'interrupted' };
const receipt = (state: 'CONFIRMED' | 'VOIDED' | 'HELD'): JournalRow => ({ kind: 'RECEIPT', state, cmsSequence: 1, jws: 'a.b.c' });
const resolution: JournalRow = { kind: 'RESOLUTION', finding: 'destroyed', operator: 'o', assertion: 'a.b.c' };
const closed: JournalRow = { kind: 'CLOSED', state: 'VOIDED' };

const byThePuk: JournalRow = { ...open, operation: 'pin-unblock' };
const toThePin: JournalRow = { kind: 'PIN_INTENT' };
const suspension: JournalRow = { ...open, operation: 'suspension' };
const toTheCms: JournalRow = { kind: 'SERVICE_INTENT', reason: 'loss' };
const renewal: JournalRow = { ...open, operation: 'renewal' };
const signature: JournalRow = { ...open, operation: 'signature-certificate' };
const toTheCard: JournalRow = { kind: 'SIGNATURE_INTENT' };
const loaded: JournalRow = { kind: 'SIGNATURE_EVIDENCE', certificate: 'loaded', end: 'done', sent: 40, answered: 40 };
const served: JournalRow = { kind: 'SERVICE_RECEIPT', state: 'DONE', cmsSequence: 1, jws: 'r.e.c' };
const pinSet: JournalRow = { kind: 'PIN_EVIDENCE', pin: 'set', answer: 'set', triesLeft: null };

const number = 'A1';
const drawn = (draw: number): JournalRow => ({
  kind: 'ENVELOPE_DRAWN',
  shift: 's',
  draw,
  pile: 'magazine:armadio',
  remaining: 9,
  position: 3,
  number,
});
const scanned: JournalRow = { kind: 'ENVELOPE_SCANNED', number, by: 'scanner' };
const bound: JournalRow = { kind: 'ENVELOPE_BOUND', number };
const chip: JournalRow = { kind: 'CHIP_EVIDENCE', pin: 'set', evidence: 'verified', secured: true, end: 'end', sent: 9, answered: 9 };
const missing: JournalRow = { kind: 'ENVELOPE_MOVED', number, to: 'quarantined', why: 'not-found' };
const shift: JournalRow = { kind: 'SHIFT_OPENED', operator: 'o', commitment: '0'.repeat(64) };
const batch: JournalRow = { kind: 'BATCH_RECEIVED', batch: 'b', digest: '0'.repeat(64), numbers: [number] };
const assigned: JournalRow = { kind: 'ENVELOPES_ASSIGNED', pile: 'magazine:armadio', numbers: [number] };
const counted: JournalRow = { kind: 'SHIFT_COUNTED', operator: 'o', seed: '0'.repeat(64), counted: 1, expected: 1 };
const ending = (to: EnvelopeState, how: Outcome): JournalRow => ({
  kind: 'OUTCOME',
  outcome: how,
  class: 'E4',
  exposed: false,
  reason: 'r',
  envelope: { number, to },
});
const resolved = (to: EnvelopeState): JournalRow => ({
  kind: 'RESOLUTION',
  finding: 'destroyed',
  operator: 'o',
  assertion: 'a.b.c',
  envelope: { number, to },
});

const toDraw = [open, asked, reserved];
const toBound = [...toDraw, drawn(1), scanned, bound];
const toPrint = [open, asked, reserved, ready];
const printed = [...toPrint, print(1), evidence(1)];
const held = [...printed, outcome, receipt('HELD')];

describe('the order of an operation', () => {
  test.each<[string, readonly JournalRow[]]>([
    ['a good one', [...printed, outcome, receipt('CONFIRMED'), closed]],
    ['stopped before the reservation', [open, closed]],
    ['codes by the card before', [renewal, asked, reserved]],
    ['the reservation failed', [open, asked, closed]],
    ['the reservation is not known to have failed', [open, asked, outcome, receipt('VOIDED'), closed]],
    ['stopped before the print', [open, asked, reserved, outcome, receipt('VOIDED'), closed]],
    ['power lost while printing', [...toPrint, print(1), outcome, receipt('VOIDED'), closed]],
    ['an outcome that the CMS refused', [open, asked, reserved, outcome, closed]],
    ['seen taken after it was printed', [...printed, evidence(1), outcome]],
    ['two reprints', [...printed, reprint(2), ready, print(2), evidence(2), reprint(3), ready, print(3), evidence(3), outcome]],
    ['a reprint given up', [...printed, reprint(2), outcome, receipt('VOIDED'), closed]],
    ['an envelope handed over', [...toBound, chip, ending('handed', 'handed-over'), receipt('CONFIRMED'), closed]],
    ['an envelope that was never read', [...toDraw, drawn(1), ending('assigned', 'not-handed-over'), receipt('VOIDED'), closed]],
    ['an envelope that was not found, and another', [...toDraw, drawn(1), missing, drawn(2), scanned, bound]],
    ['an envelope that is torn, and another', [...toDraw, drawn(1), { ...missing, to: 'spoiled', why: 'torn' }, drawn(2), scanned, bound]],
    ['an envelope that was not found, and no other', [...toDraw, drawn(1), missing, outcome]],
    ['an envelope put apart, and resolved', [...toBound, ending('quarantined', 'unknown'), receipt('HELD'), resolved('spoiled')]],
    ['a PIN set by the PUK', [byThePuk, toThePin, pinSet, closed]],
    ['a service that was done', [suspension, toTheCms, served, { kind: 'CLOSED', state: 'DONE' }]],
    ['a service that the CMS refused', [suspension, toTheCms, { kind: 'SERVICE_REFUSED', type: 'card-unknown' }, closed]],
    ['a certificate that was loaded', [signature, toTheCms, toTheCard, loaded, served, { kind: 'CLOSED', state: 'DONE' }]],
    ['a certificate of which the relay said nothing', [signature, toTheCms, toTheCard, served, { kind: 'CLOSED', state: 'DONE' }]],
    ['a service that was never asked for', [suspension, closed]],
    ['a PIN that was never asked of the card', [byThePuk, closed]],
    ['a shift', [shift, batch, assigned, missing, assigned, counted]],
    ['held and resolved', [...held, resolution, receipt('VOIDED'), closed]],
    ['a resolution that the CMS refused, and another', [...held, resolution, receipt('HELD'), resolution, receipt('VOIDED'), closed]],
  ])('takes %s', (_what, rows) => {
    for (const [at, row] of rows.entries()) expect({ row, taken: mayFollow(rows.slice(0, at), row) }).toEqual({ row, taken: true });
  });

  test.each<[string, readonly JournalRow[], JournalRow]>([
    ['an envelope bound that nobody read', [...toDraw, drawn(1)], bound],
    ['another envelope than the one that was drawn', [...toDraw, drawn(1)], { ...scanned, number: 'A2' }],
    ['an envelope put back in the pile before the end', [...toDraw, drawn(1)], { ...missing, to: 'assigned' }],
    ['a second draw with the first in hand', [...toDraw, drawn(1)], drawn(2)],
    ['a draw out of number', toDraw, drawn(2)],
    ['the end of an operation that has an envelope in its hands', toBound, closed],
    ['an outcome that says nothing of it', toBound, outcome],
    ['an outcome that says it of another', toBound, { ...outcome, envelope: { number: 'A2', to: 'quarantined' } }],
    ['handed over, and quarantined', toBound, ending('quarantined', 'handed-over')],
    ['unknown, and back in the pile', [...toDraw, drawn(1)], ending('assigned', 'unknown')],
    ['a resolution that says nothing of it', [...toBound, ending('quarantined', 'unknown'), receipt('HELD')], resolution],
    ['an envelope in a split operation', printed, ending('handed', 'handed-over')],
    ['a PIN without its intent', [byThePuk], pinSet],
    ['a receipt of what was not asked for', [suspension], served],
    ['a service that reserves', [suspension], { kind: 'RESERVE_INTENT' }],
    ['a service in an activation', [open], toTheCms],
    ['codes at a distance by the card before', [renewal], { kind: 'SERVICE_INTENT', identification: 'remote-video' }],
    ['a service that is given up without an answer', [suspension, toTheCms], { kind: 'CLOSED', state: 'NONE' }],
    ['a certificate loaded by another service', [suspension, toTheCms], toTheCard],
    ['a certificate loaded, and no receipt', [signature, toTheCms, toTheCard, loaded], { kind: 'CLOSED', state: 'DONE' }],
    ['a second question', [suspension, toTheCms], toTheCms],
    ['a PIN of which the card said nothing, left at that', [byThePuk, toThePin], closed],
    ['a PIN by the PUK in an activation', [open], toThePin],
    ['a reservation for a PIN by the PUK', [byThePuk], asked],
    ['an outcome for the CMS of a PIN by the PUK', [byThePuk], outcome],
    ['a print in a shift', [shift], asked],
    ['a lot in a shift', [shift, batch, assigned, missing], drawn(1)],
    ['the count of a shift in an operation', [...toDraw, drawn(1), missing], counted],
    ['a list in an operation', [open], batch],
    ['a list before its seed', [], batch],
    ['anything after the count', [shift, counted], batch],
    ['anything before OP_OPEN', [], asked],
    ['CLOSED of nothing', [], closed],
    ['a second OP_OPEN', [open], open],
    ['a reservation without its intent', [open], reserved],
    ['evidence of a print without its intent', toPrint, evidence(1)],
    ['evidence of another print', [...toPrint, print(1)], evidence(2)],
    ['a print that begins with the second', toPrint, print(2)],
    ['a reprint without authorisation', printed, print(2)],
    ['a reprint whose printer was not looked at', [...printed, reprint(2)], print(2)],
    ['an authorisation for the print that was', printed, reprint(1)],
    ['an authorisation while nothing is known of the print', [...toPrint, print(1)], reprint(2)],
    ['a reprint under the number of another', [...printed, reprint(2), ready], print(3)],
    ['a receipt for no outcome', [open, asked, reserved], receipt('VOIDED')],
    ['the intent after the effect', [open, asked, reserved], asked],
    ['a print after the outcome', [...printed, outcome], print(2)],
    ['a reprint of what is held', held, reprint(2)],
    ['a second outcome', [open, outcome], outcome],
    ['a second receipt', [open, outcome, receipt('VOIDED')], receipt('VOIDED')],
    ['the end of what is held', held, closed],
    ['the end before the CMS knows of the resolution', [...held, resolution], closed],
    ['a resolution of what is not held', [open, outcome, receipt('VOIDED')], resolution],
    ['a resolution that the CMS would meet before the outcome', [...printed, outcome], resolution],
  ])('refuses %s', (_what, rows, next) => {
    expect(mayFollow(rows, next)).toBe(false);
  });

  test('whatever is written in the order it allows: it opens first and once, ends with CLOSED, and numbers its prints without a gap', () => {
    const rowsOf: Record<JournalRowKind, (n: number) => JournalRow> = {
      OP_OPEN: () => open,
      RESERVE_INTENT: () => asked,
      RESERVED: () => reserved,
      PRINTER_READY: () => ready,
      PRINT_INTENT: print,
      EVIDENCE: evidence,
      REPRINT_AUTHORISED: reprint,
      OUTCOME: () => outcome,
      RECEIPT: (n) => receipt(n === 1 ? 'HELD' : 'VOIDED'),
      RESOLUTION: () => resolution,
      CLOSED: () => closed,
      ENVELOPE_DRAWN: drawn,
      ENVELOPE_SCANNED: () => scanned,
      ENVELOPE_BOUND: () => bound,
      CHIP_EVIDENCE: () => chip,
      ENVELOPE_MOVED: () => missing,
      SHIFT_OPENED: () => shift,
      BATCH_RECEIVED: () => batch,
      ENVELOPES_ASSIGNED: () => assigned,
      SHIFT_COUNTED: () => counted,
      PIN_INTENT: () => toThePin,
      PIN_EVIDENCE: () => pinSet,
      SERVICE_INTENT: () => toTheCms,
      SERVICE_RECEIPT: () => served,
      SERVICE_REFUSED: () => ({ kind: 'SERVICE_REFUSED', type: 'card-unknown' }),
      SIGNATURE_INTENT: () => toTheCard,
      SIGNATURE_EVIDENCE: () => loaded,
    };
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...journalRowKinds), fc.integer({ min: 1, max: 3 })), { maxLength: 400 }), (tries) => {
        const rows: JournalRow[] = [];
        for (const [kind, n] of tries) if (mayFollow(rows, rowsOf[kind](n))) rows.push(rowsOf[kind](n));
        const kinds = rows.map(({ kind }) => kind);
        expect(kinds.lastIndexOf('OP_OPEN')).toBeLessThanOrEqual(0);
        expect(kinds.filter((kind) => kind === 'OUTCOME').length).toBeLessThanOrEqual(1);
        if (kinds.includes('CLOSED')) expect(kinds.indexOf('CLOSED')).toBe(kinds.length - 1);
        const prints = rows.flatMap((row) => (row.kind === 'PRINT_INTENT' ? [row.attempt] : []));
        expect(prints).toEqual(prints.map((_, index) => index + 1));
        const authorised = rows.flatMap((row) => (row.kind === 'REPRINT_AUTHORISED' ? [row.attempt] : []));
        for (const attempt of prints.slice(1)) expect(authorised).toContain(attempt);
      }),
      { numRuns: 300 },
    );
  });
});
