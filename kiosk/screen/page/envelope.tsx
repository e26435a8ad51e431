import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, useLayoutEffect, useRef, useState } from 'react';
import type { OperatorCommand, OperatorStatus } from '../../../flows/session/status.ts';
import type { Texts } from './texts/texts.ts';

type Waiting<Task> = Extract<OperatorStatus['waiting'], { task: Task }>;

/** The envelope that the lot fell on: which one to take, and its number by hand where the scanner does not read it. */
export function TakeEnvelope({
  t,
  waiting: { position, remaining, endsWith, problem, entry },
  send,
}: {
  readonly t: Texts;
  readonly waiting: Waiting<'envelope'>;
  readonly send: (command: OperatorCommand) => void;
}): ReactElement {
  const words = t.desk.envelope;
  const [byHand, setByHand] = useState(false);
  const typing = byHand || problem === 'scanner-gone';
  const field = useRef<HTMLInputElement>(null);
  // The second entry is made anew, without seeing the first; with the screen, as nothing typed may be emptied out again.
  useLayoutEffect(() => {
    if (field.current !== null) field.current.value = '';
    field.current?.focus();
  }, [entry, problem, typing]);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = field.current?.value.trim() ?? '';
    if (text !== '') send({ type: 'envelope-typed', text });
  };
  return (
    <section className="hand-over" aria-labelledby="envelope-title">
      <h1 id="envelope-title">{words.title(position)}</h1>
      <p className="question">{words.below(remaining, endsWith)}</p>
      <div role="alert">{problem !== null && <Alert color="warning">{words.problems[problem]}</Alert>}</div>
      {typing ? (
        <form onSubmit={submit}>
          <label htmlFor="envelope-number">{entry === 'first' ? words.first : words.second}</label>
          <input id="envelope-number" ref={field} name="number" autoComplete="off" spellCheck={false} maxLength={40} required />
          <Button color="primary" type="submit">
            {entry === 'first' ? words.go : words.confirm}
          </Button>
        </form>
      ) : (
        <p role="status">{words.scan}</p>
      )}
      <div className="decisions">
        {!typing && (
          <Button color="primary" outline onClick={() => setByHand(true)}>
            {words.byHand}
          </Button>
        )}
        <Button color="danger" outline onClick={() => send({ type: 'envelope-missing' })}>
          {words.missing}
        </Button>
      </div>
      <p className="hint">{words.missingMeans}</p>
    </section>
  );
}

/** The card has the envelope's PIN: whether the holder has the envelope. */
export function HandEnvelope({
  t,
  waiting: { number, cardIn, withoutSight, secured },
  send,
}: {
  readonly t: Texts;
  readonly waiting: Waiting<'hand-envelope'>;
  readonly send: (command: OperatorCommand) => void;
}): ReactElement {
  const words = t.desk.handEnvelope;
  return (
    <section className="hand-over" aria-labelledby="hand-envelope-title">
      <h1 id="hand-envelope-title">{words.title}</h1>
      <p className="question">{words.below(number)}</p>
      <p role="status">{cardIn ? words.cardIn : words.cardOut}</p>
      {!secured && (
        <p>
          <strong>{words.notSecured}</strong>
        </p>
      )}
      <div className="decisions">
        <Button color="primary" onClick={() => send({ type: 'hand-over', handedOver: true })}>
          {words.yes}
        </Button>
        <Button color="danger" outline onClick={() => send({ type: 'hand-over', handedOver: false })}>
          {words.no}
        </Button>
      </div>
      <p className="hint">{words.noMeans}</p>
      {withoutSight !== '' && <p className="hint">{withoutSight}</p>}
    </section>
  );
}
