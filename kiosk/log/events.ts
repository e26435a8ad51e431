/**
 * The register of everything the kiosk may log: each event by name, with what it means and the scalar fields it may carry.
 * What is not here cannot be logged. The types of `Log` and `docs/events.md` are made from it. Fields never hold personal data
 * (a person or card stands as a keyed digest) nor any part of a code.
 */
type FieldType = 'string' | 'number' | 'boolean';
interface EventDefinition {
  readonly level: 'info' | 'warn' | 'error';
  readonly meaning: string;
  readonly fields: Readonly<Record<string, FieldType>>;
}

export const events = {
  'kiosk-ready': { level: 'info', meaning: 'The kiosk takes cards.', fields: { port: 'number', startMs: 'number' } },
  'kiosk-stopping': { level: 'info', meaning: 'The kiosk was told to stop.', fields: { signal: 'string' } },
  'card-host-restarted': {
    level: 'warn',
    meaning: 'The process that holds the card reader ended by itself, or was ended because it or a card hung in it; another is started.',
    fields: { reason: 'string' },
  },
  'card-status': { level: 'info', meaning: 'The card reader reports another status.', fields: { state: 'string' } },
  'card-series-unknown': {
    level: 'warn',
    meaning: 'A card says that it is a CNS, and the table of series does not know it or cannot read it: what it answered.',
    fields: { atr: 'string', seen: 'string' },
  },
  'printer-status': { level: 'info', meaning: 'The printer reports another status.', fields: { state: 'string' } },
  'scanner-status': { level: 'info', meaning: 'The barcode scanner reports another status.', fields: { state: 'string' } },
  'scan-ignored': {
    level: 'info',
    meaning: 'The barcode scanner sent something that became no scan, and why: nobody waited, the same again, half a code, too many.',
    fields: { why: 'string' },
  },
  'print-begun': { level: 'info', meaning: 'A print worker was started.', fields: { operation: 'string', attempt: 'number' } },
  'print-ended': {
    level: 'info',
    meaning: "A print ended: the class of its evidence, what became of the printer's buffers, and why there is less than full evidence.",
    fields: { operation: 'string', attempt: 'number', class: 'string', buffer: 'string', failure: 'string', detail: 'string' },
  },
  'sheet-printed': {
    level: 'info',
    meaning: 'A sheet with no code on it was printed (a list, a notice, a form): the class of its evidence.',
    fields: { class: 'string', buffer: 'string', state: 'string' },
  },
  'trusted-list-loaded': {
    level: 'info',
    meaning: 'Anchors came from the national trusted list that is held; `stale`: it is past its next update.',
    fields: { sequenceNumber: 'number', anchors: 'number', stale: 'boolean' },
  },
  'trusted-list-not-refreshed': {
    level: 'warn',
    meaning:
      'No newer national trusted list could be had: its server gives none, or what it gives was refused. The one that is held stays.',
    fields: { problem: 'string' },
  },
  'trusted-list-unusable': {
    level: 'warn',
    meaning: 'The national trusted list gives no anchors; those in the files of the configuration stay.',
    fields: { problem: 'string' },
  },
  'crl-imported': {
    level: 'info',
    meaning: 'A CRL was verified and put into the store; it answers from now on.',
    fields: { issuer: 'string', thisUpdate: 'string', nextUpdate: 'string', entries: 'number', ms: 'number' },
  },
  'crl-unusable': {
    level: 'warn',
    meaning: 'A CRL could not be fetched or cannot be used; the store answers as before.',
    fields: { problem: 'string' },
  },
  'crl-refresh-restarted': {
    level: 'warn',
    meaning: 'The process that fetches and imports CRLs ended by itself; another is started. The store answers as before.',
    fields: { reason: 'string' },
  },
  'crl-store-unreadable': {
    level: 'error',
    meaning: 'The store of CRLs, or a part of it, cannot be read: what it would have said is unknown.',
    fields: { problem: 'string' },
  },
  'clock-fault': {
    level: 'error',
    meaning: "This machine's clock cannot be believed, and with it no CRL's silence: it jumped, or a CRL is of a later time.",
    fields: { kind: 'string', seconds: 'number' },
  },
  'clock-well-again': { level: 'info', meaning: "Nothing is known against this machine's clock any more.", fields: {} },
  'session-screen': { level: 'info', meaning: 'The session shows another screen.', fields: { session: 'string', screen: 'string' } },
  'session-event': {
    level: 'info',
    meaning: 'A machine received an event; only its type is kept.',
    fields: { session: 'string', type: 'string' },
  },
  'session-unexpected-event': {
    level: 'warn',
    meaning: 'An event arrived that the state of the session does not expect.',
    fields: { session: 'string', type: 'string' },
  },
  'session-stopped': {
    level: 'warn',
    meaning: 'A session ended before its codes were handed over.',
    fields: { session: 'string', reason: 'string' },
  },
  'resolution-not-recorded': {
    level: 'warn',
    meaning: "An operator's decision about an operation that is held was not taken.",
    fields: { operation: 'string', reason: 'string' },
  },
  'outcome-came-too-late': {
    level: 'warn',
    meaning: 'The CMS had settled the operation otherwise before its outcome arrived; its receipt stands.',
    fields: { operation: 'string', outcome: 'string', state: 'string' },
  },
  'outbox-waits': {
    level: 'warn',
    meaning: 'An outcome could not be delivered to the CMS yet; it is tried again.',
    fields: { operation: 'string', problem: 'string' },
  },
  'outcome-needs-a-person': {
    level: 'error',
    meaning: 'An outcome was brought to the CMS six times in vain: a person must look. It is tried on, slowly.',
    fields: { operation: 'string', problem: 'string' },
  },
  'ledgers-compared': {
    level: 'info',
    meaning: 'The open operations of the journal were compared with what the CMS says of them.',
    fields: { open: 'number', differences: 'number' },
  },
  'ledgers-differ': {
    level: 'error',
    meaning: 'Journal and CMS tell different stories of an operation: a person must look. Nothing is repaired by itself.',
    fields: { kind: 'string', operation: 'string', attempt: 'number' },
  },
  'day-counted': {
    level: 'info',
    meaning: 'The three ledgers of a day that is over were counted: prints announced, slips reported, releases of the CMS.',
    fields: { day: 'string', intents: 'number', slips: 'number', releases: 'number', differences: 'number' },
  },
  'shift-count-answered': {
    level: 'info',
    meaning: "The CMS's answer to a shift's count of one batch of envelopes is kept, with how many of them stand otherwise there.",
    fields: { shift: 'string', batch: 'string', differences: 'number' },
  },
  'shift-count-refused': {
    level: 'warn',
    meaning: "The CMS refuses a shift's count of a batch of envelopes; it is asked again.",
    fields: { shift: 'string', batch: 'string', type: 'string' },
  },
  'operator-signed-on': { level: 'info', meaning: 'An operator signed on.', fields: { operator: 'string' } },
  'operator-signed-off': {
    level: 'info',
    meaning: 'An operator signed off, or was by a limit.',
    fields: { operator: 'string', reason: 'string' },
  },
  'operator-refused': { level: 'warn', meaning: 'A sign-on was refused.', fields: { operator: 'string', reason: 'string' } },
  'journal-row': {
    level: 'info',
    meaning: 'A row of the operations journal is durable.',
    fields: { operation: 'string', sequence: 'number', kind: 'string' },
  },
  'checkpoint-waits': {
    level: 'warn',
    meaning: 'The CMS did not countersign the checkpoint over this row of the journal, or it could not be written; it is tried again.',
    fields: { sequence: 'number', problem: 'string' },
  },
  'screen-request-refused': { level: 'warn', meaning: 'The screen turned a request away; the rule says why.', fields: { rule: 'string' } },
  'cms-call': {
    level: 'info',
    meaning: 'A call to the CMS ended: `ok`, the type of the refusal, `unreachable` or `aborted`.',
    fields: { call: 'string', result: 'string', tries: 'number', ms: 'number' },
  },
  'cms-key-contradicted': {
    level: 'error',
    meaning: 'The CMS had another request under the same idempotency key: this kiosk, or somebody in its name, contradicts itself.',
    fields: { call: 'string', key: 'string' },
  },
  'cms-clock-apart': {
    level: 'warn',
    meaning: "The CMS's clock and ours are more than a second apart: by how many milliseconds it is ahead, give or take.",
    fields: { aheadMs: 'number', uncertaintyMs: 'number' },
  },
  'cms-clock-agrees': {
    level: 'info',
    meaning: "The CMS's clock and ours agree again.",
    fields: { aheadMs: 'number', uncertaintyMs: 'number' },
  },
  'cms-ready': { level: 'info', meaning: 'The reference CMS takes calls.', fields: { port: 'number', startMs: 'number' } },
  'cms-operation': {
    level: 'info',
    meaning: 'An operation moved at the CMS, and by what.',
    fields: { operation: 'string', state: 'string', by: 'string' },
  },
  'cms-service': {
    level: 'info',
    meaning: 'A service, or an issue of codes at a distance, was done at the CMS, or never will be, and how the card stands afterwards.',
    fields: { operation: 'string', service: 'string', state: 'string', card: 'string' },
  },
  'cms-relay': {
    level: 'info',
    meaning:
      "The CMS ended a chip relay: how, what it knows of the card's PIN, and how far that goes; `secured: false` where the kiosk could read it.",
    fields: { operation: 'string', ended: 'string', standing: 'string', evidence: 'string', secured: 'boolean' },
  },
  'cms-signature': {
    level: 'info',
    meaning: 'The CMS ended the relay that loads a signature certificate: how, whether the card has it, and its serial number.',
    fields: { operation: 'string', ended: 'string', certificate: 'string', serial: 'string' },
  },
  'cms-puk-asked': {
    level: 'info',
    meaning: 'Somebody asked for the PUK of a card with a signature by it: given, or refused.',
    fields: { given: 'boolean' },
  },
  'cms-idempotency-mismatch': {
    level: 'error',
    meaning: 'An idempotency key came again with another request: somebody repeats what they did not do.',
    fields: { kiosk: 'string', key: 'string' },
  },
  'cms-checkpoint-alarm': {
    level: 'error',
    meaning: 'A kiosk brought a checkpoint that contradicts the ones it brought before: its records were put back, or changed.',
    fields: { kiosk: 'string', sequence: 'number', problem: 'string' },
  },
  'cms-mail': {
    level: 'info',
    meaning: 'The mail server, or the SMS gateway, took a message, or did not.',
    fields: { channel: 'string', kind: 'string', answer: 'string', tries: 'number' },
  },
  'cms-mail-given-up': {
    level: 'error',
    meaning: 'A part of codes could not be sent: its holder must be told.',
    fields: { operation: 'string' },
  },
  'cms-fault': {
    level: 'warn',
    meaning: 'The reference CMS was told to misbehave, or to stop it.',
    fields: { mode: 'string', call: 'string' },
  },
  'cms-bug': {
    level: 'error',
    meaning: 'The reference CMS failed where it must not; nothing was written.',
    fields: { call: 'string', error: 'string' },
  },
} as const satisfies Record<string, EventDefinition>;

export type EventName = keyof typeof events;

interface ScalarOf {
  string: string;
  number: number;
  boolean: boolean;
}

/** The fields that an event must carry, by its name. */
export type EventFields<Name extends EventName> = {
  readonly [Field in keyof (typeof events)[Name]['fields']]: (typeof events)[Name]['fields'][Field] extends FieldType
    ? ScalarOf[(typeof events)[Name]['fields'][Field]]
    : never;
};
