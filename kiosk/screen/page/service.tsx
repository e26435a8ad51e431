import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, useState } from 'react';
import type { OperatorCommand, OperatorStatus, ServiceWaiting } from '../../../flows/session/status.ts';
import { isoDate, readDate } from './dates.ts';
import { DocumentForm } from './document.tsx';
import { FormCheck, Represented, representationOf } from './represented.tsx';
import { PrintForm } from './print-form.tsx';
import type { Texts } from './texts/texts.ts';

interface Props {
  readonly t: Texts;
  readonly waiting: ServiceWaiting;
  readonly send: (command: OperatorCommand) => void;
}

/** A service: whose card, who stands here, why, with which papers; then what the CMS and the profile say, and the one decision. */
export function Service(props: Props): ReactElement {
  const { t, waiting } = props;
  return (
    <>
      <h1>{t.menu.operations[waiting.operation]}</h1>
      {waiting.step === 'confirming' ? <Confirm {...props} /> : <Enter {...props} />}
    </>
  );
}

function Enter({ t, waiting, send }: Props): ReactElement {
  const { cases, reasons, papers, problem, step } = waiting;
  const [holderCase, setHolderCase] = useState(cases[0]?.case ?? 'adult');
  const [reason, setReason] = useState(reasons?.allowed[0]);
  const [proof, setProof] = useState('');
  const choice = cases.find((one) => one.case === holderCase);
  const words = t.desk.service;
  return (
    <div className="side-by-side" aria-busy={step === 'busy'}>
      <section aria-labelledby="card-title">
        <h2 id="card-title">{t.desk.card}</h2>
        <HolderData t={t} waiting={waiting} />
        <div role="alert">{problem !== null && <Alert color="warning">{words.problems[problem]}</Alert>}</div>
        {choice !== undefined && <Represented key={choice.case} t={t} choice={choice} />}
      </section>
      <section aria-labelledby="document-title">
        <h2 id="document-title">{t.desk.document}</h2>
        <DocumentForm
          t={t}
          waiting={waiting}
          holderCase={holderCase}
          choose={setHolderCase}
          decision={words.ask}
          entered={(document, fields) => {
            const representation = representationOf(fields, choice);
            const lossProof = lossProofs.find((one) => one === fields.get('lossProof'));
            send({
              type: 'service',
              document,
              forms: papers.flatMap(({ anyOf }) => anyOf.filter((form) => fields.get(`form ${form}`) !== null)),
              ...(representation === undefined ? {} : { representation }),
              ...(reason === undefined ? {} : { reason }),
              ...(lossProof === undefined || !needsProof(waiting, reason) ? {} : { lossProof }),
            });
          }}
          refuse={(why) => send({ type: 'refuse', reason: why })}
        >
          {reasons !== null && (
            <div className={needsProof(waiting, reason) ? 'pair' : ''}>
              <div>
                <label htmlFor="service-reason">{words.reason}</label>
                <select
                  id="service-reason"
                  value={reason}
                  onChange={(event) => setReason(reasons.allowed.find((one) => one === event.target.value))}
                >
                  {reasons.allowed.map((one) => (
                    <option key={one} value={one}>
                      {words.reasons[one]}
                    </option>
                  ))}
                </select>
              </div>
              {needsProof(waiting, reason) && (
                <div>
                  <label htmlFor="loss-proof">{words.lossProof}</label>
                  <select id="loss-proof" name="lossProof" value={proof} onChange={(event) => setProof(event.target.value)}>
                    <option value="">{words.noLossProof}</option>
                    {lossProofs.map((one) => (
                      <option key={one} value={one}>
                        {words.lossProofs[one]}
                      </option>
                    ))}
                  </select>
                  {proof === 'self-certification' && <PrintForm form="loss" t={t} />}
                </div>
              )}
            </div>
          )}
          {papers.flatMap(({ anyOf, citation }) => anyOf.map((form) => <FormCheck key={form} form={form} t={t} citation={citation} />))}
        </DocumentForm>
      </section>
    </div>
  );
}

const lossProofs = ['police-report', 'self-certification'] as const;

function needsProof({ reasons }: ServiceWaiting, reason: ServiceWaiting['reason'] | undefined): boolean {
  return reason != null && reasons?.proofOfLossFor.includes(reason) === true;
}

function HolderData({ t, waiting: { holder, cardShown } }: Pick<Props, 't' | 'waiting'>): ReactElement {
  return (
    <dl className="data">
      <dt>{t.desk.surname}</dt>
      <dd className="large">{holder.surname}</dd>
      <dt>{t.desk.name}</dt>
      <dd className="large">{holder.name}</dd>
      <dt>{t.desk.birthDate}</dt>
      <dd>{isoDate(holder.birthDate)}</dd>
      <dt>{t.desk.fiscalCode}</dt>
      <dd className="mono">{holder.fiscalCode}</dd>
      <dt>{t.desk.service.card}</dt>
      <dd>{cardShown ? t.desk.service.cardShown : t.desk.service.cardNotShown}</dd>
    </dl>
  );
}

function Confirm({ t, waiting, send }: Props): ReactElement {
  const { operation, cardStatus, reason, notes } = waiting;
  const words = t.desk.service;
  return (
    <div className="side-by-side">
      <section aria-labelledby="card-title">
        <h2 id="card-title">{t.desk.card}</h2>
        <HolderData t={t} waiting={waiting} />
      </section>
      <section aria-labelledby="confirm-title">
        <h2 id="confirm-title">{words.confirmTitle}</h2>
        <dl className="data">
          <dt>{words.status}</dt>
          <dd>{cardStatus === null ? '' : words.statuses[cardStatus]}</dd>
          {reason !== null && (
            <>
              <dt>{words.reason}</dt>
              <dd>{words.reasons[reason]}</dd>
            </>
          )}
        </dl>
        <p className="question">{words.means[operation]}</p>
        {notes.length > 0 && (
          <ul className="notes" lang="it">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        <div className="decisions">
          <Button color="primary" autoFocus onClick={() => send({ type: 'confirm' })}>
            {words.confirm}
          </Button>
          <Button color="primary" outline onClick={() => send({ type: 'back' })}>
            {t.back}
          </Button>
        </div>
      </section>
    </div>
  );
}

/** A service for who has no card here: whose, as the document says. */
export function Begin({
  t,
  begins,
  send,
}: {
  readonly t: Texts;
  readonly begins: OperatorStatus['begins'];
  readonly send: (command: OperatorCommand) => void;
}): ReactElement | null {
  const [chosen, choose] = useState<OperatorStatus['begins'][number] | null>(null);
  const [born, setBorn] = useState('');
  const [left, setLeft] = useState(false);
  const birthDate = readDate(born);
  const words = t.desk.service;
  const operation = begins.find((one) => one === chosen) ?? begins[0];
  if (operation === undefined) return null;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = fields.get(name);
      return typeof value === 'string' ? value.trim().toUpperCase() : '';
    };
    if (birthDate === null) {
      setLeft(true);
      return;
    }
    const holder = { fiscalCode: text('fiscalCode'), surname: text('surname'), name: text('name'), birthDate };
    send({ type: 'begin', operation, holder });
  };
  return (
    <details className="begin">
      <summary>{words.begin}</summary>
      <form onSubmit={submit} autoComplete="off">
        <p className="hint">{words.beginBelow}</p>
        <label htmlFor="begin-operation">{words.operation}</label>
        <select
          id="begin-operation"
          value={operation}
          onChange={(event) => choose(begins.find((one) => one === event.target.value) ?? null)}
        >
          {begins.map((one) => (
            <option key={one} value={one}>
              {t.menu.operations[one]}
            </option>
          ))}
        </select>
        <div className="pair">
          <Field name="surname" label={t.desk.surname} />
          <Field name="name" label={t.desk.name} />
        </div>
        <div className="pair">
          <Field name="fiscalCode" label={t.desk.fiscalCode} />
          <div>
            <label htmlFor="begin-birthDate">{t.desk.birthDate}</label>
            <input
              id="begin-birthDate"
              inputMode="numeric"
              maxLength={10}
              required
              value={born}
              aria-invalid={left && birthDate === null}
              onChange={(event) => setBorn(event.target.value)}
              onBlur={() => setLeft(born !== '')}
            />
          </div>
        </div>
        <p className="wrong" role="alert">
          {left && birthDate === null ? t.desk.expiresUnreadable : ''}
        </p>
        <Button color="primary" type="submit">
          {words.go}
        </Button>
      </form>
    </details>
  );
}

function Field({ name, label }: { readonly name: string; readonly label: string }): ReactElement {
  return (
    <div>
      <label htmlFor={`begin-${name}`}>{label}</label>
      <input id={`begin-${name}`} name={name} maxLength={80} required spellCheck={false} autoCapitalize="characters" />
    </div>
  );
}
