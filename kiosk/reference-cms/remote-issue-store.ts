import type Database from 'better-sqlite3';
import { z } from 'zod';
import type { RemoteContacts } from '../../flows/ports/remote-issue.ts';
import type { Code } from './codes.ts';

export type RemotePart = 'first-part' | 'second-part';

/** A part that waits to be sent. */
export interface DueRemotePart {
  readonly operationId: string;
  readonly part: RemotePart;
  readonly channel: 'email' | 'sms';
  readonly to: string;
  readonly queuedAt: number;
  readonly tries: number;
}
type OnePart = Pick<DueRemotePart, 'operationId' | 'part'>;

const codeRow = z.object({ label: z.string(), value: z.string(), paperCharacters: z.int() });
const dueRow = z.object({
  operationId: z.string(),
  part: z.enum(['first-part', 'second-part']),
  channel: z.enum(['email', 'sms']),
  to: z.string(),
  queuedAt: z.int(),
  tries: z.int(),
});

/** The reference CMS's rows of codes that are released at a distance. Instants are milliseconds since 1970. */
export function openRemoteIssueStore(database: Database.Database) {
  const sql = (text: string): Database.Statement => database.prepare(text);
  const addCode = sql('INSERT INTO remote_codes (operation_id, position, label, value, first_part_characters) VALUES (?, ?, ?, ?, ?)');
  const findCodes = sql(
    'SELECT label, value, first_part_characters AS paperCharacters FROM remote_codes WHERE operation_id = ? ORDER BY position',
  );
  const addPart = sql('INSERT INTO remote_parts (operation_id, part, channel, contact, queued_at, due_at) VALUES (?, ?, ?, ?, ?, ?)');
  const findDue = sql(`SELECT operation_id AS operationId, part, channel, contact AS "to", queued_at AS queuedAt, tries FROM remote_parts
    WHERE sent_at IS NULL AND given_up_at IS NULL AND due_at <= ? ORDER BY due_at, part LIMIT 1`);
  const begin = sql('UPDATE remote_parts SET begun_at = ?, tries = tries + 1 WHERE operation_id = ? AND part = ?');
  const sent = sql('UPDATE remote_parts SET sent_at = ? WHERE operation_id = ? AND part = ?');
  const delay = sql('UPDATE remote_parts SET begun_at = NULL, due_at = ? WHERE operation_id = ? AND part = ?');
  const giveUp = sql('UPDATE remote_parts SET given_up_at = ? WHERE operation_id = ? AND part = ?');
  const countOf = sql(`SELECT count(*) FROM services WHERE card_id = ? AND operation IN ('activation', 'reissue')`).pluck();

  return {
    /** Codes, and both parts on their way (COD-17): the service of this id is there, and done. */
    add(operationId: string, codes: readonly Code[], { email, mobile }: RemoteContacts, at: number): void {
      codes.forEach(({ label, value, paperCharacters }, position) => addCode.run(operationId, position, label, value, paperCharacters));
      addPart.run(operationId, 'first-part', 'email', email, at, at);
      addPart.run(operationId, 'second-part', 'sms', mobile, at, at);
    },
    /** The codes that the CMS holds, whole. */
    codesOf: (operationId: string): readonly Code[] => findCodes.all(operationId).map((row) => codeRow.parse(row)),
    /** Whether a card was given codes in this way. */
    hasHadCodes: (cardId: string): boolean => z.int().parse(countOf.get(cardId)) > 0,

    due(now: number): DueRemotePart | null {
      const row = findDue.get(now);
      return row === undefined ? null : dueRow.parse(row);
    },
    begin({ operationId, part }: OnePart, at: number): void {
      begin.run(at, operationId, part);
    },
    sent({ operationId, part }: OnePart, at: number): void {
      sent.run(at, operationId, part);
    },
    delay({ operationId, part }: OnePart, until: number): void {
      delay.run(until, operationId, part);
    },
    giveUp({ operationId, part }: OnePart, at: number): void {
      giveUp.run(at, operationId, part);
    },
  };
}
