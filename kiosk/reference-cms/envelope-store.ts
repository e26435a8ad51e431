import type Database from 'better-sqlite3';
import { z } from 'zod';
import { schemes } from '../../devices/card/secure-messaging/schemes.ts';
import { type EnvelopeStanding, cardEvidence } from '../../flows/ports/cms.ts';
import type { CardAtCms, EnvelopeReserve } from '../../flows/ports/envelopes.ts';
import type { BatchPlan, SpecimenCard } from './envelope-specimens.ts';
import type { IssuedChip } from './pin-setting.ts';

export interface IssuedCard extends IssuedChip {
  readonly cardId: string;
  readonly issuer: string;
  readonly state: Exclude<CardAtCms['state'], 'unknown'>;
}

/** A copy of its own: a slice of a Buffer would be the Buffer's memory. */
const bytes = z.instanceof(Buffer).transform((buffer) => Uint8Array.from(buffer));
const schemeNames = Object.keys(schemes) as (keyof typeof schemes)[];
const cardRow = z.object({
  cardId: z.string(),
  certificateDigest: z.string(),
  issuer: z.string(),
  state: z.enum(['not-activated', 'activated', 'revoked']),
  puk: z.string(),
  scheme: z.enum(schemeNames as [keyof typeof schemes, ...(keyof typeof schemes)[]]).nullable(),
  encryptionKey: bytes.nullable(),
  macKey: bytes.nullable(),
  certificatePath: z.string(),
  pinReference: z.int(),
  askingTries: z.enum(['free', 'unknown']),
});
const batchRow = z.object({ batch: z.string(), desk: z.string(), issuedAt: z.int() });
const listedRow = z.object({ number: z.string(), holderKind: z.enum(['operator', 'magazine']), holderId: z.string() });
const envelopeRow = z.object({
  number: z.string(),
  desk: z.string(),
  holderKind: z.enum(['operator', 'magazine']),
  holderId: z.string(),
  pin: z.string(),
  userCode: z.string(),
  state: z.enum(['free', 'bound', 'handed', 'withdrawn']),
  operationId: z.string().nullable(),
});
export type Envelope = z.infer<typeof envelopeRow>;
const stateRow = z.object({ number: z.string(), state: envelopeRow.shape.state });
const reservationRow = z.object({
  operator: z.string(),
  desk: z.string(),
  cardId: z.string(),
  pin: z.enum(['not-set', 'unknown', 'set']),
  evidence: z.enum(cardEvidence),
  number: z.string().nullable(),
});

export type EnvelopeStore = ReturnType<typeof openEnvelopeStore>;

/** The reference CMS's rows of cards and envelopes. Instants are milliseconds since 1970. */
export function openEnvelopeStore(database: Database.Database) {
  const sql = (text: string): Database.Statement => database.prepare(text);
  const addCard =
    sql(`INSERT INTO cards (card_id, certificate_digest, issuer, state, puk, scheme, encryption_key, mac_key, certificate_path,
    pin_reference, asking_tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const findCard = sql(`SELECT card_id AS cardId, certificate_digest AS certificateDigest, issuer, state, puk, scheme,
    encryption_key AS encryptionKey, mac_key AS macKey, certificate_path AS certificatePath, pin_reference AS pinReference,
    asking_tries AS askingTries FROM cards WHERE card_id = ?`);
  const activateCard = sql(`UPDATE cards SET state = 'activated' WHERE card_id = ? AND state = 'not-activated'`);
  const addBatch = sql('INSERT INTO batches (batch, desk, issued_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const addEnvelope = sql(
    'INSERT INTO envelopes (number, batch, holder_kind, holder_id, pin, user_code) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const findBatches = sql('SELECT batch, desk, issued_at AS issuedAt FROM batches WHERE desk = ? ORDER BY issued_at DESC, batch LIMIT ?');
  const findBatch = sql('SELECT batch, desk, issued_at AS issuedAt FROM batches WHERE batch = ? AND desk = ?');
  const findListed = sql('SELECT number, holder_kind AS holderKind, holder_id AS holderId FROM envelopes WHERE batch = ? ORDER BY number');
  const findStates = sql('SELECT number, state FROM envelopes WHERE batch = ? ORDER BY number');
  const findEnvelope = sql(`SELECT number, desk, holder_kind AS holderKind, holder_id AS holderId, pin, user_code AS userCode, state,
    operation_id AS operationId FROM envelopes JOIN batches USING (batch) WHERE number = ?`);
  const bind = sql(`UPDATE envelopes SET state = 'bound', operation_id = ? WHERE number = ?`);
  const settle = sql(`UPDATE envelopes SET state = ? WHERE operation_id = ? AND state = 'bound'`);
  const withdraw = sql(`UPDATE envelopes SET state = 'withdrawn' WHERE number = ? AND state = 'free'`);
  const addReservation =
    sql(`INSERT INTO envelope_reservations (operation_id, operator, desk, profile, profile_version, card_id, fiscal_code,
    surname, name, birth_date, holder_case, representative, document, operator_assertion, operation)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const findReservation = sql(`SELECT operator, desk, card_id AS cardId, envelope_reservations.pin AS pin, evidence, number
    FROM envelope_reservations LEFT JOIN envelopes USING (operation_id) WHERE operation_id = ?`);
  const setPin = sql('UPDATE envelope_reservations SET pin = ?, evidence = ? WHERE operation_id = ?');
  const addCount = sql('INSERT INTO envelope_counts (shift, batch, attempt, kiosk, seed, counted, at) VALUES (?, ?, ?, ?, ?, ?, ?)');
  const findSeed = sql('SELECT seed FROM envelope_counts WHERE shift = ? LIMIT 1').pluck();
  const addPukReading = sql('INSERT INTO puk_readings (challenge, card_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');

  const one = <T>(schema: z.ZodType<T>, row: unknown): T | null => (row === undefined ? null : schema.parse(row));

  return {
    /** What is there stays as it is. */
    addCard({ cardId, certificateDigest, issuer, state, puk, messaging, certificatePath, pinReference, askingTries }: SpecimenCard): void {
      const keys = messaging === null ? [null, null, null] : [messaging.scheme, messaging.encryptionKey, messaging.macKey];
      addCard.run(cardId, certificateDigest, issuer, state, puk, ...keys, certificatePath, pinReference, askingTries);
    },
    card(cardId: string): IssuedCard | null {
      const row = one(cardRow, findCard.get(cardId));
      if (row === null) return null;
      const { scheme, encryptionKey, macKey, ...card } = row;
      if (scheme === null || encryptionKey === null || macKey === null) return { ...card, messaging: null };
      return { ...card, messaging: { scheme: schemes[scheme], keys: { encryption: encryptionKey, mac: macKey } } };
    },
    activateCard(cardId: string): void {
      activateCard.run(cardId);
    },

    /** What is there stays as it is: an envelope's codes never change. */
    addBatch({ batch, desk, envelopes }: BatchPlan, at: number, codes: () => { readonly pin: string; readonly userCode: string }): void {
      addBatch.run(batch, desk, at);
      for (const { number, holder, pin, userCode } of envelopes) {
        const made = codes();
        addEnvelope.run(number, batch, holder.kind, holder.id, pin ?? made.pin, userCode ?? made.userCode);
      }
    },
    batchesFor: (desk: string, most: number): readonly z.infer<typeof batchRow>[] =>
      findBatches.all(desk, most).map((row) => batchRow.parse(row)),
    batch: (batch: string, desk: string): z.infer<typeof batchRow> | null => one(batchRow, findBatch.get(batch, desk)),
    listed: (batch: string): readonly z.infer<typeof listedRow>[] => findListed.all(batch).map((row) => listedRow.parse(row)),
    statesOf: (batch: string): readonly z.infer<typeof stateRow>[] => findStates.all(batch).map((row) => stateRow.parse(row)),
    envelope: (number: string): Envelope | null => one(envelopeRow, findEnvelope.get(number)),
    bind(number: string, operationId: string): void {
      bind.run(operationId, number);
    },
    /** What became of the envelope that is bound to an operation. */
    settle(operationId: string, state: 'handed' | 'withdrawn'): void {
      settle.run(state, operationId);
    },
    withdraw(number: string): void {
      withdraw.run(number);
    },

    addReservation(request: EnvelopeReserve, operator: string): void {
      const { operationId, operation, desk, profile, card, case: holderCase, applicant, representative, document } = request;
      const { fiscalCode, surname, name, birthDate } = applicant;
      addReservation.run(
        ...[operationId, operator, desk, profile.id, profile.version, card.cardId, fiscalCode, surname, name, birthDate],
        ...[holderCase, representative === undefined ? null : JSON.stringify(representative), JSON.stringify(document)],
        ...[request.operatorAssertion, operation],
      );
    },
    reservation: (operationId: string): z.infer<typeof reservationRow> | null => one(reservationRow, findReservation.get(operationId)),
    /** `null`: no envelope is bound to it. */
    standing(operationId: string): EnvelopeStanding | null {
      const row = one(reservationRow, findReservation.get(operationId));
      return row === null || row.number === null ? null : { number: row.number, pin: row.pin, evidence: row.evidence };
    },
    setPin(operationId: string, { pin, evidence }: EnvelopeStanding): void {
      setPin.run(pin, evidence, operationId);
    },

    addCount(count: { shift: string; batch: string; attempt: number; seed: string }, kiosk: string, counted: string, at: number): void {
      addCount.run(count.shift, count.batch, count.attempt, kiosk, count.seed, counted, at);
    },
    /** The seed that a shift revealed before. */
    seedOf: (shift: string): string | null => one(z.string(), findSeed.get(shift)),

    /** `false`: this challenge has served before. */
    addPukReading: (challenge: string, cardId: string, at: number): boolean => addPukReading.run(challenge, cardId, at).changes === 1,
  };
}
