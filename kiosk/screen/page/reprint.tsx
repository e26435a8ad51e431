import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, useState } from 'react';
import { type FailedSlip, failedSlips } from '../../../flows/ports/operators.ts';
import type { OperatorCommand, OperatorStatus } from '../../../flows/session/status.ts';
import type { Texts } from './texts/texts.ts';

/** A print that failed: whether it is done once more, on the operator's signed word on what came out. */
export function Reprint({
  t,
  waiting,
  ready,
  send,
}: {
  readonly t: Texts;
  readonly waiting: Extract<OperatorStatus['waiting'], { task: 'reprint' }>;
  readonly ready: boolean;
  readonly send: (command: OperatorCommand) => void;
}): ReactElement {
  const { attempt, attempts, nothingSent, problem } = waiting;
  const [slip, setSlip] = useState<FailedSlip | null>(nothingSent ? 'nothing-out' : null);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (slip !== null) send({ type: 'reprint', slip });
  };
  return (
    <section className="hand-over" aria-labelledby="reprint-title">
      <h1 id="reprint-title">{t.desk.reprint.title}</h1>
      <p className="question">
        {t.desk.reprint.tried(attempt, attempts)} {nothingSent ? t.desk.reprint.nothingSent : t.desk.reprint.torn}
      </p>
      <form onSubmit={submit}>
        {!nothingSent &&
          failedSlips.map((one) => (
            <label key={one}>
              <input type="radio" name="slip" value={one} checked={slip === one} onChange={() => setSlip(one)} />{' '}
              {t.desk.reprint.slips[one]}
            </label>
          ))}
        <div role="alert">
          {problem !== null && <Alert color="danger">{t.desk.reprint.problems[problem]}</Alert>}
          {!ready && <Alert color="warning">{t.desk.reprint.ready}</Alert>}
        </div>
        <div className="decisions">
          <Button color="primary" type="submit" disabled={slip === null || !ready}>
            {t.desk.reprint.again}
          </Button>
          <Button color="danger" outline type="button" onClick={() => send({ type: 'no-reprint' })}>
            {t.desk.reprint.no}
          </Button>
        </div>
      </form>
      <p className="hint">{t.desk.reprint.noMeans}</p>
    </section>
  );
}
