import type Database from 'better-sqlite3';
import { z } from 'zod';
import type { ServiceRequest } from '../../flows/ports/services.ts';
import { serviceRequest } from '../cms/services.ts';

/** A request for a signature certificate that was accepted; what came of it stands in the services. */
export interface SignatureRequest {
  readonly operationId: string;
  readonly kiosk: string;
  readonly cardId: string;
  readonly operator: string;
  readonly request: ServiceRequest;
  readonly expiresAt: number;
}

const requestRow = z.object({
  operationId: z.string(),
  kiosk: z.string(),
  cardId: z.string(),
  operator: z.string(),
  request: z.string().transform((text) => serviceRequest.parse(JSON.parse(text))),
  expiresAt: z.int(),
});
const certificateRow = z.object({
  serial: z.string(),
  relay: z.string(),
  certificate: z.instanceof(Buffer).transform((buffer) => Uint8Array.from(buffer)),
  state: z.enum(['issued', 'loaded', 'revoked']),
});
export type KeptCertificate = z.infer<typeof certificateRow>;
const revokedRow = z.object({ serial: z.string(), at: z.int() });
const idRow = z.object({ operationId: z.string() });

export type SignatureStore = ReturnType<typeof openSignatureStore>;

/** The reference CMS's rows of signature certificates. Instants are milliseconds since 1970. */
export function openSignatureStore(database: Database.Database) {
  const sql = (text: string): Database.Statement => database.prepare(text);
  const columns =
    'operation_id AS operationId, signature_requests.kiosk, signature_requests.card_id AS cardId, signature_requests.operator, signature_requests.request, expires_at AS expiresAt';
  const addRequest = sql(
    `INSERT INTO signature_requests (operation_id, kiosk, card_id, operator, request, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const findRequest = sql(`SELECT ${columns} FROM signature_requests WHERE operation_id = ?`);
  const open = 'operation_id NOT IN (SELECT operation_id FROM services)';
  const findOpenOf = sql(`SELECT ${columns} FROM signature_requests WHERE card_id = ? AND ${open}`);
  const findSilent = sql(`SELECT operation_id AS operationId FROM signature_requests WHERE expires_at <= ? AND ${open}`);
  const addCertificate = sql(
    `INSERT INTO signature_certificates (serial, operation_id, relay, certificate, changed_at) VALUES (?, ?, ?, ?, ?)`,
  );
  const findCertificate = sql('SELECT serial, relay, certificate, state FROM signature_certificates WHERE operation_id = ?');
  const setState = sql('UPDATE signature_certificates SET state = ?, changed_at = ? WHERE operation_id = ?');
  const findRevoked = sql(`SELECT serial, changed_at AS at FROM signature_certificates WHERE state = 'revoked' ORDER BY serial`);

  const one = <T>(schema: z.ZodType<T>, row: unknown): T | null => (row === undefined ? null : schema.parse(row));

  return {
    addRequest({ operationId, kiosk, cardId, operator, request, expiresAt }: SignatureRequest): void {
      addRequest.run(operationId, kiosk, cardId, operator, JSON.stringify(request), expiresAt);
    },
    request: (operationId: string): SignatureRequest | null => one(requestRow, findRequest.get(operationId)),
    /** Of a card, those of which nothing came yet. */
    openOf: (cardId: string): readonly SignatureRequest[] => findOpenOf.all(cardId).map((row) => requestRow.parse(row)),
    silent: (now: number): readonly string[] => findSilent.all(now).map((row) => idRow.parse(row).operationId),

    addCertificate(serial: string, operationId: string, relay: string, certificate: Uint8Array, at: number): void {
      addCertificate.run(serial, operationId, relay, certificate, at);
    },
    certificate: (operationId: string): KeptCertificate | null => one(certificateRow, findCertificate.get(operationId)),
    setState(operationId: string, state: 'loaded' | 'revoked', at: number): void {
      setState.run(state, at, operationId);
    },
    revoked: (): readonly z.infer<typeof revokedRow>[] => findRevoked.all().map((row) => revokedRow.parse(row)),
  };
}
