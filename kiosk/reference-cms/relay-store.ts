import type Database from 'better-sqlite3';
import { z } from 'zod';
import type { relayEnds } from '../../flows/ports/relays.ts';

/** A copy of its own: a slice of a Buffer would be the Buffer's memory. */
const bytes = z.instanceof(Buffer).transform((buffer) => Uint8Array.from(buffer));
const relayRow = z.object({ relay: z.string(), operationId: z.string(), nonce: bytes, ended: z.string().nullable() });
const answerRow = z.object({ answer: bytes });
export type RelayOver = (typeof relayEnds)[number] | 'superseded';

export type RelayStore = ReturnType<typeof openRelayStore>;

/** The reference CMS's rows of relays. Instants are milliseconds since 1970. */
export function openRelayStore(database: Database.Database) {
  const sql = (text: string): Database.Statement => database.prepare(text);
  const addRelay = sql('INSERT INTO relays (relay, operation_id, nonce, begun_at) VALUES (?, ?, ?, ?)');
  const findRelay = sql('SELECT relay, operation_id AS operationId, nonce, ended FROM relays WHERE relay = ?');
  const endRelay = sql('UPDATE relays SET ended = ? WHERE relay = ? AND ended IS NULL');
  const endRelays = sql('UPDATE relays SET ended = ? WHERE operation_id = ? AND ended IS NULL');
  const addAnswer = sql('INSERT INTO relay_answers (relay, sequence, answer) VALUES (?, ?, ?)');
  const findAnswers = sql('SELECT answer FROM relay_answers WHERE relay = ? ORDER BY sequence');

  return {
    add(relay: string, operationId: string, nonce: Uint8Array, at: number): void {
      addRelay.run(relay, operationId, nonce, at);
    },
    find(relay: string): z.infer<typeof relayRow> | null {
      const row = findRelay.get(relay);
      return row === undefined ? null : relayRow.parse(row);
    },
    end(relay: string, ended: RelayOver): void {
      endRelay.run(ended, relay);
    },
    endAllOf(operationId: string, ended: RelayOver): void {
      endRelays.run(ended, operationId);
    },
    addAnswer(relay: string, sequence: number, answer: Uint8Array): void {
      addAnswer.run(relay, sequence, answer);
    },
    answers: (relay: string): readonly Uint8Array[] => findAnswers.all(relay).map((row) => answerRow.parse(row).answer),
  };
}
