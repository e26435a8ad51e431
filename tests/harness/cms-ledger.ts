import Database from 'better-sqlite3';
import type { CmsState } from '../../flows/ports/cms.ts';
import type { ServiceOperation } from '../../flows/ports/services.ts';
import { openStore } from '../../kiosk/reference-cms/store.ts';

/** A code as the CMS holds it, and how much of it went on paper. */
export interface HeldCode {
  readonly label: string;
  readonly value: string;
  readonly paperCharacters: number;
}

/** What the reference CMS has in its books: the other side of every promise, looked at from outside. */
export class CmsLedger {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  state(operationId: string): CmsState {
    return this.#store((store) => store.operation(operationId)?.state ?? 'NONE');
  }

  /** How often the paper part was released. */
  releases(operationId: string): number {
    return this.#store((store) => store.operation(operationId)?.releases.length ?? 0);
  }

  codes(operationId: string): readonly HeldCode[] {
    return this.#store((store) => store.codesOf(operationId));
  }

  /** For whom, and by whom, an operation was reserved. */
  reservation(operationId: string): { readonly case: string; readonly fiscalCode: string; readonly representative: unknown } {
    const database = new Database(this.#file, { readonly: true });
    try {
      const row = database
        .prepare('select holder_case, fiscal_code, representative from reservations where operation_id = ?')
        .get(operationId) as { holder_case: string; fiscal_code: string; representative: string | null };
      const representative: unknown = row.representative === null ? null : JSON.parse(row.representative);
      return { case: row.holder_case, fiscalCode: row.fiscal_code, representative };
    } finally {
      database.close();
    }
  }

  /** How a registered card stands; `null`: it is in no register. */
  cardStatus(cardId: string): string | null {
    return this.#store((store) => store.services.statusOf(cardId));
  }

  /** What became of a service; `null`: nothing was asked. */
  service(operationId: string): 'DONE' | 'VOIDED' | null {
    return this.#store((store) => store.services.service(operationId)?.state ?? null);
  }

  /** The codes that were released at a distance. */
  remoteCodes(operationId: string): readonly HeldCode[] {
    return this.#store((store) => store.remoteIssues.codesOf(operationId));
  }

  /** Whether a card was given codes at a distance. */
  activated(cardId: string): boolean {
    return this.#store((store) => store.remoteIssues.hasHadCodes(cardId));
  }

  /** How often a service was done for a card. */
  services(cardId: string, operation: ServiceOperation): number {
    return this.#store((store) => store.services.count(cardId, operation));
  }

  /** How each signature certificate stands that was ever made, oldest first. */
  signatures(): readonly string[] {
    const database = new Database(this.#file, { readonly: true });
    try {
      return database.prepare('select state from signature_certificates order by changed_at').pluck().all() as string[];
    } finally {
      database.close();
    }
  }

  /** The envelope that is bound to an operation, as the CMS has it; `null`: none. */
  envelope(operationId: string): { readonly number: string; readonly state: string; readonly pin: string } | null {
    return this.#store(({ envelopes }) => {
      const standing = envelopes.standing(operationId);
      return standing === null ? null : { ...standing, state: envelopes.envelope(standing.number)?.state ?? 'none' };
    });
  }

  /** How many operations the CMS has ever heard of. */
  operations(): number {
    return this.#count('operations');
  }

  /** Second parts that were ever queued for sending. */
  queuedSecondParts(): number {
    return this.#count('second_parts');
  }

  /** As if the CMS had been away for longer than its time limit: the reservation's end lies in the past. */
  outlastReservation(): void {
    const database = new Database(this.#file);
    database.prepare('update operations set expires_at = 1').run();
    database.close();
  }

  #count(table: string): number {
    const database = new Database(this.#file, { readonly: true });
    try {
      return database.prepare(`select count(*) from ${table}`).pluck().get() as number;
    } finally {
      database.close();
    }
  }

  #store<T>(look: (store: ReturnType<typeof openStore>) => T): T {
    const store = openStore(this.#file);
    try {
      return look(store);
    } finally {
      store.close();
    }
  }
}
