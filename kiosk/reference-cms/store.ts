import type Database from 'better-sqlite3';
import { z } from 'zod';
import type { ContactChannel, OutcomeReport, Receipt, RenewalReserve, Reserve } from '../../flows/ports/cms.ts';
import { mostReleasesCounted } from '../cms/contract.ts';
import { type PublicJwk, publicJwk } from '../jws.ts';
import type { KnownCheckpoint } from './checkpoints.ts';
import type { Code } from './codes.ts';
import { openDatabase } from './database.ts';
import { openEnvelopeStore } from './envelope-store.ts';
import type { Operation } from './ratchet.ts';
import { openRelayStore } from './relay-store.ts';
import { openRemoteIssueStore } from './remote-issue-store.ts';
import { openServiceStore } from './service-store.ts';
import { openSignatureStore } from './signature-store.ts';

export interface StoredAnswer {
  readonly digest: Buffer;
  readonly status: number;
  readonly mediaType: string;
  readonly body: Buffer;
}

export interface Contact {
  readonly channel: ContactChannel;
  readonly contactId: string;
  readonly operationId: string;
  readonly kiosk: string;
  readonly value: string;
  readonly send: number;
  readonly codeHash: Buffer;
  readonly triesLeft: number;
  readonly sentAt: number;
  readonly expiresAt: number;
  readonly provedAt: number | null;
}

export interface DueSecondPart {
  readonly channel: ContactChannel;
  readonly operationId: string;
  readonly to: string;
  readonly queuedAt: number;
  readonly tries: number;
}

const answerRow = z.object({ digest: z.instanceof(Buffer), status: z.int(), mediaType: z.string(), body: z.instanceof(Buffer) });
const operationRow = z.object({
  kiosk: z.string(),
  state: z.enum(['RESERVED', 'CONFIRMED', 'VOIDED', 'HELD']),
  expiresAt: z.int().nullable(),
});
const attemptRow = z.object({ attempt: z.int() });
const releaseRow = z.object({ operationId: z.string(), attempt: z.int(), at: z.int() });
const idRow = z.object({ operationId: z.string() });
const codeRow = z.object({ label: z.string(), value: z.string(), paperCharacters: z.int() });
const receiptRow = z.object({
  operationId: z.string(),
  state: z.enum(['CONFIRMED', 'VOIDED', 'HELD']),
  sequence: z.int(),
  at: z.int(),
  jws: z.string(),
});
const duePartRow = z.object({
  channel: z.enum(['email', 'sms']),
  operationId: z.string(),
  to: z.string(),
  queuedAt: z.int(),
  tries: z.int(),
});
const partRow = z.object({ sentAt: z.int().nullable(), tries: z.int() });
const contactRow = z.object({
  channel: z.enum(['email', 'sms']),
  contactId: z.string(),
  operationId: z.string(),
  kiosk: z.string(),
  value: z.string(),
  send: z.int(),
  codeHash: z.instanceof(Buffer),
  triesLeft: z.int(),
  sentAt: z.int(),
  expiresAt: z.int(),
  provedAt: z.int().nullable(),
});
const checkpointRow = z.object({ sequence: z.int(), digest: z.string(), countersignature: z.string() });
const contactColumns = `contact_id AS contactId, operation_id AS operationId, kiosk, channel, value, send, code_hash AS codeHash, tries_left AS triesLeft,
  sent_at AS sentAt, expires_at AS expiresAt, proved_at AS provedAt`;

export type Store = ReturnType<typeof openStore>;

/** The reference CMS's rows, in one SQLite file. Instants are milliseconds since 1970. */
export function openStore(file: string) {
  const database = openDatabase(file);
  const sql = (text: string): Database.Statement => database.prepare(text);
  const findAnswer = sql('SELECT digest, status, media_type AS mediaType, body FROM answers WHERE kiosk = ? AND key = ?');
  const addAnswer = sql('INSERT INTO answers (kiosk, key, digest, status, media_type, body, at) VALUES (?, ?, ?, ?, ?, ?, ?)');
  const dropAnswers = sql('DELETE FROM answers WHERE at < ?');
  const findOperation = sql('SELECT kiosk, state, expires_at AS expiresAt FROM operations WHERE operation_id = ?');
  const findReleases = sql('SELECT attempt FROM releases WHERE operation_id = ? ORDER BY attempt');
  const putOperation = sql(`INSERT INTO operations (operation_id, kiosk, state, expires_at, changed_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (operation_id) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at, changed_at = excluded.changed_at`);
  const findReleasesBetween = sql(`SELECT operation_id AS operationId, attempt, at FROM releases JOIN operations USING (operation_id)
    WHERE kiosk = ? AND at >= ? AND at < ? ORDER BY at, operation_id, attempt LIMIT ${mostReleasesCounted}`);
  const putRelease = sql('INSERT INTO releases (operation_id, attempt, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const findSilent = sql(`SELECT operation_id AS operationId FROM operations WHERE state = 'RESERVED' AND expires_at <= ?`);
  const addReservation =
    sql(`INSERT INTO reservations (operation_id, contact_id, operator, desk, profile, profile_version, card_id, certificate_digest,
    fiscal_code, surname, name, birth_date, holder_case, representative, document, operator_assertion, operation)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const findInPerson = sql(`SELECT fiscal_code FROM (
      SELECT operation_id, certificate_digest, fiscal_code, holder_case, operation FROM reservations WHERE card_id = ?
      UNION ALL SELECT operation_id, certificate_digest, fiscal_code, holder_case, operation
        FROM envelope_reservations JOIN cards USING (card_id) WHERE card_id = ?)
    JOIN operations USING (operation_id)
    WHERE certificate_digest = ? AND operations.state = 'CONFIRMED' AND operation = 'activation' AND holder_case = 'adult' LIMIT 1`).pluck();
  const findConfirmedOf = sql(`SELECT count(*) FROM reservations JOIN operations USING (operation_id)
    WHERE card_id = ? AND state = 'CONFIRMED'`).pluck();
  const addCode = sql('INSERT INTO codes (operation_id, position, label, value, paper_characters) VALUES (?, ?, ?, ?, ?)');
  const findCodes = sql('SELECT label, value, paper_characters AS paperCharacters FROM codes WHERE operation_id = ? ORDER BY position');
  const addOutcome = sql(`INSERT INTO outcomes (operation_id, attempt, outcome, evidence, raw, exposed, reason, operator_assertion, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const findReceipt = sql(
    'SELECT operation_id AS operationId, state, sequence, at, jws FROM receipts WHERE operation_id = ? AND state = ?',
  );
  const lastSequence = sql('SELECT coalesce(max(sequence), 0) FROM receipts').pluck();
  const addReceipt = sql('INSERT INTO receipts (sequence, operation_id, state, at, jws) VALUES (?, ?, ?, ?, ?)');
  const addContact =
    sql(`INSERT INTO contacts (contact_id, operation_id, kiosk, channel, value, send, code_hash, tries_left, sent_at, expires_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const findContact = sql(`SELECT ${contactColumns} FROM contacts WHERE contact_id = ?`);
  const findContacts = sql(`SELECT ${contactColumns} FROM contacts WHERE operation_id = ? ORDER BY send`);
  const countSends = sql('SELECT count(*) FROM contacts WHERE value = ? COLLATE NOCASE AND sent_at > ?').pluck();
  const setTries = sql('UPDATE contacts SET tries_left = ? WHERE contact_id = ?');
  const setProved = sql('UPDATE contacts SET proved_at = ? WHERE contact_id = ?');
  const addSecondPart = sql('INSERT INTO second_parts (operation_id, queued_at, due_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const dueSecondPart =
    sql(`SELECT second_parts.operation_id AS operationId, channel, value AS "to", queued_at AS queuedAt, tries FROM second_parts
    JOIN reservations USING (operation_id) JOIN contacts USING (contact_id)
    WHERE second_parts.sent_at IS NULL AND given_up_at IS NULL AND due_at <= ? ORDER BY due_at LIMIT 1`);
  const beginSecondPart = sql('UPDATE second_parts SET begun_at = ?, tries = tries + 1 WHERE operation_id = ?');
  const sentSecondPart = sql('UPDATE second_parts SET sent_at = ? WHERE operation_id = ?');
  const delaySecondPart = sql('UPDATE second_parts SET begun_at = NULL, due_at = ? WHERE operation_id = ?');
  const giveUpSecondPart = sql('UPDATE second_parts SET given_up_at = ? WHERE operation_id = ?');
  const findSecondPart = sql('SELECT sent_at AS sentAt, tries FROM second_parts WHERE operation_id = ?');

  const findDeviceKey = sql('SELECT jwk FROM device_keys WHERE kiosk = ?').pluck();
  const addDeviceKey = sql('INSERT INTO device_keys (kiosk, jwk) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const findCheckpoint = sql('SELECT sequence, digest, countersignature FROM checkpoints WHERE kiosk = ? AND sequence = ?');
  const findLastCheckpoint = sql(
    'SELECT sequence, digest, countersignature FROM checkpoints WHERE kiosk = ? ORDER BY sequence DESC LIMIT 1',
  );
  const addCheckpoint = sql('INSERT INTO checkpoints (kiosk, sequence, digest, countersignature) VALUES (?, ?, ?, ?)');

  const one = <T>(schema: z.ZodType<T>, row: unknown): T | null => (row === undefined ? null : schema.parse(row));

  return {
    /** All of `work` or nothing of it, durable when it returns. */
    transaction: <T>(work: () => T): T => database.transaction(work).immediate(),
    envelopes: openEnvelopeStore(database),
    services: openServiceStore(database),
    remoteIssues: openRemoteIssueStore(database),
    relays: openRelayStore(database),
    signatures: openSignatureStore(database),

    answer: (kiosk: string, key: string): StoredAnswer | null => one(answerRow, findAnswer.get(kiosk, key)),
    keepAnswer(kiosk: string, key: string, { digest, status, mediaType, body }: StoredAnswer, at: number): void {
      addAnswer.run(kiosk, key, digest, status, mediaType, body, at);
    },
    dropAnswersBefore: (at: number): number => dropAnswers.run(at).changes,

    operation(id: string): (Operation & { readonly kiosk: string }) | null {
      const row = one(operationRow, findOperation.get(id));
      return row === null ? null : { ...row, releases: findReleases.all(id).map((release) => attemptRow.parse(release).attempt) };
    },
    putOperation(id: string, kiosk: string, { state, expiresAt, releases }: Operation, at: number): void {
      putOperation.run(id, kiosk, state, expiresAt, at);
      for (const attempt of releases) putRelease.run(id, attempt, at);
    },
    /** What was released to a kiosk from one instant to, and without, another. */
    releasesBetween: (kiosk: string, from: number, to: number): readonly z.infer<typeof releaseRow>[] =>
      findReleasesBetween.all(kiosk, from, to).map((row) => releaseRow.parse(row)),
    /** Operations that silence voids at `now`. */
    silent: (now: number): readonly string[] => findSilent.all(now).map((row) => idRow.parse(row).operationId),

    /** `operator`: empty where the card before stands in their place, and its proof in that of the assertion. */
    addReservation(request: Reserve | RenewalReserve, contactId: string, operator: string, codes: readonly Code[]): void {
      const { operationId, operation, desk, profile, card, case: holderCase, applicant } = request;
      const { representative, document, word } =
        request.operation === 'renewal'
          ? { representative: undefined, document: null, word: request.proofOfPriorCard }
          : { ...request, representative: request.representative, word: request.operatorAssertion };
      const { fiscalCode, surname, name, birthDate } = applicant;
      addReservation.run(
        ...[operationId, contactId, operator, desk, profile.id, profile.version, card.cardId, card.certificateDigest],
        ...[fiscalCode, surname, name, birthDate, holderCase, representative === undefined ? null : JSON.stringify(representative)],
        ...[JSON.stringify(document), word, operation],
      );
      codes.forEach((code, position) => addCode.run(operationId, position, code.label, code.value, code.paperCharacters));
    },
    /** The fiscal code of the holder of a card with this certificate, where its first codes were given to an adult in person; `null`: they were not. */
    activatedInPersonBy: (cardId: string, certificateDigest: string): string | null =>
      one(z.string(), findInPerson.get(cardId, cardId, certificateDigest)),
    /** Whether a card was given codes in this way. */
    hasHadCodes: (cardId: string): boolean => z.int().parse(findConfirmedOf.get(cardId)) > 0,
    /** The codes that the CMS holds for an operation, whole. */
    codesOf: (id: string): readonly Code[] => findCodes.all(id).map((row) => codeRow.parse(row)),

    addOutcome({ operationId, attempt, outcome, evidence, exposed, reason, operatorAssertion }: OutcomeReport, at: number): void {
      addOutcome.run(operationId, attempt, outcome, evidence.class, evidence.raw, exposed ? 1 : 0, reason, operatorAssertion ?? null, at);
    },
    receipt(id: string, state: Receipt['state']): Receipt | null {
      const row = one(receiptRow, findReceipt.get(id, state));
      return row === null ? null : { ...row, at: new Date(row.at).toISOString() };
    },
    nextSequence: (): number => z.int().parse(lastSequence.get()) + 1,
    addReceipt({ sequence, operationId, state, at, jws }: Receipt): void {
      addReceipt.run(sequence, operationId, state, Date.parse(at), jws);
    },

    addContact({
      contactId,
      operationId,
      kiosk,
      channel,
      value,
      send,
      codeHash,
      triesLeft,
      sentAt,
      expiresAt,
    }: Omit<Contact, 'provedAt'>): void {
      addContact.run(contactId, operationId, kiosk, channel, value, send, codeHash, triesLeft, sentAt, expiresAt);
    },
    contact: (id: string): Contact | null => one(contactRow, findContact.get(id)),
    /** All sends for an operation, the newest last. */
    contactsOf: (operationId: string): readonly Contact[] => findContacts.all(operationId).map((row) => contactRow.parse(row)),
    /** One-time codes that went to a contact since then, for whatever operation. */
    codesSentTo: (value: string, since: number): number => z.int().parse(countSends.get(value, since)),
    setTriesLeft(contactId: string, tries: number): void {
      setTries.run(tries, contactId);
    },
    setProved(contactId: string, at: number): void {
      setProved.run(at, contactId);
    },

    queueSecondPart(id: string, at: number): void {
      addSecondPart.run(id, at, at);
    },
    dueSecondPart: (now: number): DueSecondPart | null => one(duePartRow, dueSecondPart.get(now)),
    beginSecondPart(id: string, at: number): void {
      beginSecondPart.run(at, id);
    },
    secondPartSent(id: string, at: number): void {
      sentSecondPart.run(at, id);
    },
    delaySecondPart(id: string, until: number): void {
      delaySecondPart.run(until, id);
    },
    giveUpSecondPart(id: string, at: number): void {
      giveUpSecondPart.run(at, id);
    },
    secondPart: (id: string): { readonly sentAt: number | null; readonly tries: number } | null => one(partRow, findSecondPart.get(id)),

    deviceKey(kiosk: string): PublicJwk | null {
      const jwk = one(z.string(), findDeviceKey.get(kiosk));
      return jwk === null ? null : publicJwk.parse(JSON.parse(jwk));
    },
    pinDeviceKey(kiosk: string, key: PublicJwk): void {
      addDeviceKey.run(kiosk, JSON.stringify(key));
    },
    checkpoint: (kiosk: string, sequence: number): KnownCheckpoint | null => one(checkpointRow, findCheckpoint.get(kiosk, sequence)),
    lastCheckpoint: (kiosk: string): KnownCheckpoint | null => one(checkpointRow, findLastCheckpoint.get(kiosk)),
    addCheckpoint(kiosk: string, { sequence, digest, countersignature }: KnownCheckpoint): void {
      addCheckpoint.run(kiosk, sequence, digest, countersignature);
    },

    close(): void {
      database.close();
    },
  };
}
