import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, useState } from 'react';
import type { HeldOperation } from '../../../flows/operations/resolution.ts';
import type { Finding } from '../../../flows/ports/operators.ts';
import { post } from './connection.ts';
import { isoDateTime } from './dates.ts';
import type { Texts } from './texts/texts.ts';

/** What is held, oldest first: what is known of it, what the evidence was, and the decision that ends it. */
export function Held({ t, operations }: { readonly t: Texts; readonly operations: readonly HeldOperation[] }): ReactElement | null {
  const [chosen, setChosen] = useState<string | null>(null);
  if (operations.length === 0) return null;
  const shown = operations.find(({ operationId }) => operationId === chosen) ?? operations[0];
  return (
    <section className="held" aria-labelledby="held-title">
      <h2 id="held-title">{t.desk.held.title}</h2>
      <p className="hint">{t.desk.held.below}</p>
      <div className="side-by-side">
        <ul>
          {operations.map(({ operationId, heldAt, stage }) => (
            <li key={operationId}>
              <button type="button" aria-pressed={operationId === shown?.operationId} onClick={() => setChosen(operationId)}>
                <code>{shortNumber(operationId)}</code> {isoDateTime(heldAt)} <span>{t.desk.held.stages[stage]}</span>
              </button>
            </li>
          ))}
        </ul>
        {shown !== undefined && <HeldOne key={`${shown.operationId} ${shown.stage}`} t={t} held={shown} />}
      </div>
    </section>
  );
}

function HeldOne({ t, held }: { readonly t: Texts; readonly held: HeldOperation }): ReactElement {
  const [finding, setFinding] = useState<Finding | null>(null);
  const [refused, setRefused] = useState(false);
  const [busy, setBusy] = useState(false);
  const { operationId, openedAt, heldAt, operator, attempt, reason, evidence, stage, choices } = held;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (finding === null) return;
    setBusy(true);
    void post<{ readonly accepted: boolean }>('/operator/resolve', { operationId, finding }).then((answer) => {
      setBusy(false);
      setRefused(answer?.accepted !== true);
    });
  };
  return (
    <div>
      <dl className="data">
        <dt>{t.desk.held.operation}</dt>
        <dd className="mono">
          {shortNumber(operationId)}/{attempt}
        </dd>
        <dt>{t.desk.held.opened}</dt>
        <dd>
          {isoDateTime(openedAt)} · {operator}
        </dd>
        <dt>{t.desk.held.held}</dt>
        <dd>
          {isoDateTime(heldAt)} · {t.desk.held.reasons[reason] ?? reason}
        </dd>
        <dt>{t.desk.held.evidence}</dt>
        <dd>
          {t.desk.held.classes[evidence?.class ?? 'E0']}
          {evidence !== null && `; ${t.desk.held.buffers[evidence.buffer]}`}
        </dd>
        <dt>{t.desk.held.raw}</dt>
        <dd className="mono">{evidence === null || evidence.raw === '' ? t.desk.held.nothing : evidence.raw}</dd>
      </dl>
      {stage === 'reporting' && <p role="status">{t.desk.held.reporting}</p>}
      {stage === 'decided' && <p role="status">{t.desk.held.decided(t.desk.held.findings[held.finding ?? 'destroyed'])}</p>}
      {stage === 'held' && (
        <form onSubmit={submit}>
          <fieldset>
            <legend>{t.desk.held.question}</legend>
            {choices.map((one) => (
              <label key={one}>
                <input type="radio" name="finding" value={one} checked={finding === one} onChange={() => setFinding(one)} />{' '}
                {t.desk.held.findings[one]}
              </label>
            ))}
          </fieldset>
          <p className="hint">{finding === null ? t.desk.held.doubt : t.desk.held.means[finding]}</p>
          <div role="alert">{refused && <Alert color="warning">{t.desk.notAccepted}</Alert>}</div>
          <Button color="primary" type="submit" disabled={finding === null || busy}>
            {t.desk.held.sign}
          </Button>
        </form>
      )}
    </div>
  );
}

/** As it stands on the slip. */
export function shortNumber(operationId: string): string {
  return operationId.replaceAll('-', '').slice(-8).toUpperCase();
}
