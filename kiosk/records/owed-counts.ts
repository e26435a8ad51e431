import type Database from 'better-sqlite3';
import { z } from 'zod';
import { ledgerOf } from '../../flows/envelopes/ledger.ts';
import type { EnvelopeCount } from '../../flows/ports/envelopes.ts';
import type { JournalEntry } from '../../flows/ports/journal.ts';
import { operationId } from './rows.ts';

/** What a shift counted of one batch, as it stood then. */
export type OwedCount = Omit<EnvelopeCount, 'attempt' | 'desk'>;

const owedRow = z.object({ shift: operationId, sequence: z.int().positive(), seed: z.string(), batch: z.string() });

/** Which counts the CMS has not answered: each shift that was counted, times each batch that had come by then, less the answers kept. */
export function owedCounts(database: Database.Database, rows: () => readonly JournalEntry[]) {
  const unanswered = database.prepare(
    `select counted.operation_id as shift, counted.sequence, json_extract(counted.fields, '$.seed') as seed,
       json_extract(received.fields, '$.batch') as batch
     from journal as counted join journal as received on received.kind = 'BATCH_RECEIVED' and received.sequence < counted.sequence
     where counted.kind = 'SHIFT_COUNTED' and not exists (
       select 1 from answered_counts where shift_id = counted.operation_id and batch = json_extract(received.fields, '$.batch'))
     order by counted.sequence, received.sequence`,
  );
  const keep = database.prepare('insert into answered_counts (shift_id, batch, at, jws) values (?, ?, ?, ?) on conflict do nothing');
  return {
    /** Oldest first. Envelopes are told as they stood at the count, whatever became of them since: asked again, a question is the same. */
    owed(): readonly OwedCount[] {
      const found = unanswered.all().map((row) => owedRow.parse(row));
      if (found.length === 0) return [];
      const journal = rows();
      return found.map(({ shift, sequence, seed, batch }) => {
        const then = [...ledgerOf(journal.filter((entry) => entry.sequence <= sequence)).values()];
        const envelopes = then.filter((envelope) => envelope.batch === batch).map(({ number, state }) => ({ number, state }));
        return { shift, batch, seed, envelopes };
      });
    },
    /** Inside a transaction. */
    answered({ shift, batch }: Pick<OwedCount, 'shift' | 'batch'>, jws: string, at: string): void {
      keep.run(shift, batch, at, jws);
    },
  };
}
