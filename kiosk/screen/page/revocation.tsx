import type { ReactElement } from 'react';
import type { UncertainTable } from '../../../flows/procedures/uncertain-revocation.ts';
import type { Operation } from '../../../flows/procedures/vocabulary.ts';
import type { RevocationStatus } from '../../../flows/session/status.ts';
import { inHours, isoDateTime } from './dates.ts';
import type { Texts } from './texts/texts.ts';

/** Is what the desk knows enough to say of a card that it was not revoked? */
export function revocationIsKnown({ lists, clockFault }: RevocationStatus): boolean {
  return clockFault === null && lists.length > 0 && lists.every(({ stale }) => !stale);
}

export function revocationInShort(status: RevocationStatus, t: Texts): string {
  const { clock, missing, stale, fresh } = t.desk.revocation.inShort;
  if (status.clockFault !== null) return clock;
  if (status.lists.length === 0) return missing;
  return status.lists.some((list) => list.stale) ? stale : fresh;
}

/** How old the lists are, and what the site allows where they are too old: to be read before a card is put in. */
export function Revocation({ t, status }: { readonly t: Texts; readonly status: RevocationStatus }): ReactElement {
  const texts = t.desk.revocation;
  const known = revocationIsKnown(status);
  return (
    <section className="revocation" aria-labelledby="revocation-title">
      <h2 id="revocation-title">{texts.title}</h2>
      {status.clockFault !== null && <p className="wrong">{texts.clockFaults[status.clockFault]}</p>}
      {status.lists.length === 0 && <p className="wrong">{texts.none}</p>}
      <ul>
        {status.lists.map(({ issuer, thisUpdate, nextUpdate, stale }) => (
          <li key={`${issuer} ${thisUpdate} ${nextUpdate}`} className={stale ? 'wrong' : ''}>
            {issuer}: {texts.list(isoDateTime(thisUpdate), nextUpdate === null ? null : isoDateTime(nextUpdate), stale)}
          </li>
        ))}
      </ul>
      <details open={!known}>
        <summary>{texts.tableTitle}</summary>
        <dl>
          {groupsOf(status.table).map(({ operations, answer }) => (
            <div key={JSON.stringify(answer)}>
              <dt>
                {answer === 'refuse'
                  ? texts.refused
                  : answer === 'allow'
                    ? texts.allowed
                    : texts.allowedFor(inHours(answer.allowForSeconds))}
              </dt>
              <dd>{operations.map((operation) => texts.operations[operation]).join(', ')}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}

interface Group {
  readonly answer: UncertainTable[Operation];
  readonly operations: readonly Operation[];
}

/** The table by its answers, which are fewer than the operations. */
function groupsOf(table: UncertainTable): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const [operation, answer] of Object.entries(table) as readonly [Operation, Group['answer']][]) {
    const key = JSON.stringify(answer);
    groups.set(key, { answer, operations: [...(groups.get(key)?.operations ?? []), operation] });
  }
  return [...groups.values()];
}
