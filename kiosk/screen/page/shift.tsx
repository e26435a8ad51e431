import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, useState } from 'react';
import type { OperatorStatus, ShiftCommand } from '../../../flows/session/status.ts';
import { post } from './connection.ts';
import type { Texts } from './texts/texts.ts';

/** A list of many envelopes, and a count that the CMS compares, may take as long as the link does. */
const SHIFT_LIMIT_MS = 20_000;

/** The envelopes of this desk: the shift is opened with their list, and closed with a count by hand. */
export function Shift({ t, envelopes }: { readonly t: Texts; readonly envelopes: NonNullable<OperatorStatus['envelopes']> }): ReactElement {
  const words = t.desk.shift;
  const { shiftOpen, left, apart, scanner, lastCount } = envelopes;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const ask = (command: ShiftCommand): void => {
    setBusy(true);
    void post<{ readonly problem: string | null }>('/operator/shift', command, SHIFT_LIMIT_MS).then((answer) => {
      setBusy(false);
      setProblem(answer === null ? 'unreachable' : answer.problem);
    });
  };
  const count = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const counted = Number(new FormData(event.currentTarget).get('counted'));
    ask({ type: 'count', counted });
  };
  return (
    <section className="attention" aria-labelledby="shift-title">
      <h2 id="shift-title">{words.title}</h2>
      <p role="status">
        {shiftOpen ? words.open(left) : words.closed} {apart > 0 && words.apart(apart)}
      </p>
      {scanner !== 'ready' && <Alert color="warning">{words.scanner}</Alert>}
      <div role="alert">{problem !== null && <Alert color="danger">{words.problem(problem)}</Alert>}</div>
      {lastCount !== null && !shiftOpen && (
        <p>
          {words.counted(lastCount.counted, lastCount.expected)}{' '}
          {lastCount.agrees === null ? words.notAsked : lastCount.agrees ? words.agrees : words.differs}
        </p>
      )}
      <Button color="primary" outline disabled={busy} onClick={() => ask({ type: 'receive' })}>
        {shiftOpen ? words.again : words.begin}
      </Button>
      {shiftOpen && (
        <form onSubmit={count}>
          <label htmlFor="counted">{words.count}</label>
          <input id="counted" name="counted" type="number" min={0} max={100_000} required />
          <Button color="primary" type="submit" disabled={busy}>
            {words.end}
          </Button>
        </form>
      )}
    </section>
  );
}
