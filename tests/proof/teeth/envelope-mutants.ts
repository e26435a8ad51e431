import type { Mutant } from './mutants.ts';

const delivery = 'flows/operations/envelope-delivery.ts';
const ledger = 'kiosk/records/envelopes.ts';
const recovery = 'flows/operations/recovery.ts';

/** Faults on the way of a blind envelope, by the invariants of the simulation's own (envelope-invariants.ts). */
export const envelopeMutants: readonly Mutant[] = [
  {
    name: 'the lot falls, and no row says so',
    file: ledger,
    from: "insert(operationId, { kind: 'ENVELOPE_DRAWN', shift: open.shift, draw, pile, remaining, position, number }),",
    to: "({ sequence: 0, operationId, at: '', row: { kind: 'ENVELOPE_DRAWN', shift: open.shift, draw, pile, remaining, position, number } }),",
    breaks: 'B1',
  },
  {
    name: 'the card is in the CMS’s hands before its envelope is bound',
    file: delivery,
    from: "return Promise.resolve(scanned.ok ? journal.append(id, { kind: 'ENVELOPE_BOUND', number }) : scanned);",
    to: 'return Promise.resolve(scanned);',
    breaks: 'B2',
  },
  {
    name: 'an envelope is handed over although the CMS does not say that its PIN was set',
    file: delivery,
    from: "guard: ({ event }) => event.report.ok && event.report.value.pin === 'set',",
    to: "guard: ({ event }) => event.report.ok && event.report.value.pin !== 'not-set',",
    breaks: 'B4',
  },
  {
    name: 'a number that was read before is taken again',
    file: 'flows/envelopes/refusal.ts',
    from: "      return err('used');",
    to: '      return ok(envelope);',
    breaks: 'B3',
  },
  {
    name: 'the lot does not come from the seed that was announced',
    file: ledger,
    from: 'lot(open.seed, operationId, draw, remaining);',
    to: 'remaining;',
    breaks: 'B5',
  },
  {
    name: 'any envelope of the pile is taken, whatever the lot fell on',
    file: 'flows/envelopes/refusal.ts',
    from: "      return err(envelope.pile === pile ? 'not-the-drawn-one' : 'of-another');",
    to: "      return envelope.pile === pile ? ok(envelope) : err('of-another');",
    breaks: 'B3',
  },
  {
    name: 'at boot a PIN of which nothing is known counts as not set',
    file: recovery,
    from: "const unheard = view !== null && view.envelope === undefined ? 'not-set' : 'unknown';",
    to: "const unheard = 'not-set';",
    breaks: 'B4',
  },
  {
    name: 'an envelope whose PIN may be on the card is not put apart',
    file: 'flows/operations/envelope-conclusion.ts',
    from: "if (pin !== 'set') return { outcome: 'unknown', class: 'E1', to: 'quarantined' };",
    to: "if (pin !== 'set') return { outcome: 'not-handed-over', class: 'E0', to: 'aborted' };",
    breaks: 'B4',
  },
];
