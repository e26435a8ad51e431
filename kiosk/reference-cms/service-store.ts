import type Database from 'better-sqlite3';
import { z } from 'zod';
import type { RemoteIssue } from '../../flows/ports/remote-issue.ts';
import type { CardOfHolder, CardStatus, ServiceReceipt, ServiceRequest } from '../../flows/ports/services.ts';
import { cardStatuses } from '../../flows/procedures/vocabulary.ts';
import type { RegisteredCard } from './service-specimens.ts';

export type Register = RegisteredCard['register'];

const cardRow = z.object({
  cardId: z.string(),
  register: z.enum(['regional', 'national']),
  certificateDigest: z.string(),
  fiscalCode: z.string(),
  surname: z.string(),
  name: z.string(),
  birthDate: z.string(),
  expiresOn: z.string(),
  status: z.enum(['active', 'suspended', 'revoked']),
  activated: z.int().transform((flag) => flag === 1),
  household: z.instanceof(Buffer).nullable(),
  cardNumber: z.string().nullable(),
});
export type CardRow = z.infer<typeof cardRow>;

const serviceRow = z.object({
  operationId: z.string(),
  kiosk: z.string(),
  state: z.enum(['DONE', 'VOIDED']),
  cardStatus: z.enum(cardStatuses).nullable(),
  sequence: z.int(),
  at: z.int(),
  jws: z.string(),
});
const listedRow = z.object({
  serial: z.string(),
  status: z.enum(['suspended', 'revoked']),
  reason: z.string().nullable(),
  changedAt: z.int(),
});

/** Whether codes of the card were confirmed here, or it came activated. */
const activated = `(activated OR EXISTS (SELECT 1 FROM operations JOIN reservations USING (operation_id)
    WHERE state = 'CONFIRMED' AND reservations.card_id = registered_cards.card_id)
  OR EXISTS (SELECT 1 FROM operations JOIN envelope_reservations USING (operation_id)
    WHERE state = 'CONFIRMED' AND envelope_reservations.card_id = registered_cards.card_id)
  OR EXISTS (SELECT 1 FROM services WHERE operation IN ('activation', 'reissue') AND services.card_id = registered_cards.card_id)) AS activated`;

export type ServiceStore = ReturnType<typeof openServiceStore>;

/** The reference CMS's rows of registered cards and of services. Instants are milliseconds since 1970. */
export function openServiceStore(database: Database.Database) {
  const sql = (text: string): Database.Statement => database.prepare(text);
  const register = sql(`INSERT INTO registered_cards (card_id, register, certificate_digest, certificate_serial, fiscal_code, surname, name,
    birth_date, expires_on, status, changed_at, activated, household, card_number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const findCards =
    sql(`SELECT card_id AS cardId, register, certificate_digest AS certificateDigest, fiscal_code AS fiscalCode, surname, name,
    birth_date AS birthDate, expires_on AS expiresOn, status, ${activated}, household, card_number AS cardNumber FROM registered_cards WHERE fiscal_code = ?
    ORDER BY status = 'revoked', expires_on DESC, card_id`);
  const setStatus = sql('UPDATE registered_cards SET status = ?, reason = ?, changed_at = ? WHERE card_id = ?');
  const revokeIssued = sql(`UPDATE cards SET state = 'revoked' WHERE card_id = ?`);
  const statusOf = sql('SELECT status FROM registered_cards WHERE card_id = ?').pluck();
  const findService = sql(`SELECT operation_id AS operationId, kiosk, state, card_status AS cardStatus, sequence, at, jws FROM services
    WHERE operation_id = ?`);
  const lastSequence = sql('SELECT coalesce(max(sequence), 0) FROM services').pluck();
  const addService =
    sql(`INSERT INTO services (sequence, operation_id, kiosk, state, card_id, operation, operator, request, card_status, at, jws)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const countServices = sql(`SELECT count(*) FROM services WHERE card_id = ? AND operation = ?`).pluck();
  const addReader = sql('INSERT INTO readers (household, operation_id) VALUES (?, ?)');
  const findReader = sql('SELECT operation_id FROM readers WHERE household = ?').pluck();
  const findListed = sql(`SELECT certificate_serial AS serial, status, reason, changed_at AS changedAt FROM registered_cards
    WHERE certificate_serial IS NOT NULL AND status <> 'active' ORDER BY card_id`);

  const one = <T>(schema: z.ZodType<T>, row: unknown): T | null => (row === undefined ? null : schema.parse(row));

  return {
    /** What is there stays as it is. */
    register(card: RegisteredCard, household: Buffer | null, at: number): void {
      const { cardId, certificateDigest, certificateSerial, fiscalCode, surname, name, birthDate, expiresOn, status } = card;
      register.run(
        ...[cardId, card.register, certificateDigest, certificateSerial ?? null, fiscalCode, surname, name, birthDate, expiresOn],
        ...[status, at, card.activated ? 1 : 0, household, card.cardNumber ?? null],
      );
    },
    /** The card that is shown, or the one of this holder that is spoken of: by its number, else the newest that is not revoked, else the newest. */
    card({ holder, card, cardNumber }: CardOfHolder): CardRow | null {
      const cards = findCards.all(holder.fiscalCode).map((row) => cardRow.parse(row));
      const found =
        card === undefined
          ? cards.find((one) => isOf(one, holder) && (cardNumber === undefined || one.cardNumber === cardNumber))
          : cards.find((one) => one.cardId === card.cardId && one.certificateDigest === card.certificateDigest);
      return found ?? null;
    },
    setStatus(cardId: string, status: CardStatus, reason: string | null, at: number): void {
      setStatus.run(status, reason, at, cardId);
      if (status === 'revoked') revokeIssued.run(cardId);
    },
    /** `null`: the card is in no register. */
    statusOf: (cardId: string): CardStatus | null => one(z.enum(cardStatuses), statusOf.get(cardId)),

    service(operationId: string): (Omit<ServiceReceipt, 'cardStatus'> & { kiosk: string; cardStatus?: CardStatus }) | null {
      const row = one(serviceRow, findService.get(operationId));
      if (row === null) return null;
      const { cardStatus, at, ...rest } = row;
      return { ...rest, at: new Date(at).toISOString(), ...(cardStatus === null ? {} : { cardStatus }) };
    },
    nextSequence: (): number => z.int().parse(lastSequence.get()) + 1,
    /** `done`: absent of what will never be. */
    addService(
      { operationId, state, sequence, at, jws, cardStatus }: ServiceReceipt,
      kiosk: string,
      done?: { readonly request: ServiceRequest | RemoteIssue; readonly cardId: string; readonly operator: string },
    ): void {
      const { request, cardId, operator } = done ?? {};
      addService.run(
        ...[sequence, operationId, kiosk, state, cardId ?? null, request?.operation ?? null, operator ?? null],
        ...[request === undefined ? null : JSON.stringify(request), cardStatus ?? null, Date.parse(at), jws],
      );
    },
    /** How often a service was done for a card. */
    count: (cardId: string, operation: ServiceRequest['operation']): number => z.int().parse(countServices.get(cardId, operation)),
    hasReader: (household: Buffer): boolean => findReader.get(household) !== undefined,
    addReader(household: Buffer, operationId: string): void {
      addReader.run(household, operationId);
    },
    /** Cards of our own authority that are suspended or revoked. */
    listed: (): readonly z.infer<typeof listedRow>[] => findListed.all().map((row) => listedRow.parse(row)),
  };
}

/** A document may write a name in small letters, or with more spaces. */
function isOf(card: CardRow, { surname, name, birthDate }: CardOfHolder['holder']): boolean {
  const written = (text: string): string => text.normalize('NFC').toUpperCase().replace(/\s+/g, ' ').trim();
  return card.birthDate === birthDate && written(card.surname) === written(surname) && written(card.name) === written(name);
}
