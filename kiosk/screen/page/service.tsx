import { Alert, Button } from 'design-react-kit';
import { type ReactElement, useState } from 'react';
import { isRemote } from '../../../flows/ports/remote-issue.ts';
import type { OperatorCommand, OperatorStatus, ServiceWaiting } from '../../../flows/session/status.ts';
import { DocumentForm } from './document.tsx';
import { FormCheck, Represented, representationOf } from './represented.tsx';
import { EnterRemotely, WhereTo } from './remote-issue.tsx';
import { HolderData, type ServiceProps } from './holder-data.tsx';
import { HolderForm } from './holder-form.tsx';
import { PrintForm } from './print-form.tsx';
import type { Texts } from './texts/texts.ts';

/** A service: whose card, who stands here, why, with which papers; then what the CMS and the profile say, and the one decision. */
export function Service(props: ServiceProps): ReactElement {
  const { t, waiting } = props;
  return (
    <>
      <h1>{isRemote(waiting.operation) ? t.desk.remote.operations[waiting.operation] : t.menu.operations[waiting.operation]}</h1>
      {waiting.step === 'loading' ? (
        <Loading {...props} />
      ) : waiting.step === 'confirming' ? (
        <Confirm {...props} />
      ) : waiting.remote !== null ? (
        <EnterRemotely {...props} />
      ) : (
        <Enter {...props} />
      )}
    </>
  );
}

function Enter({ t, waiting, send }: ServiceProps): ReactElement {
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

function Confirm({ t, waiting, send }: ServiceProps): ReactElement {
  const { operation, cardStatus, reason, notes, remote } = waiting;
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
          {remote !== null && <WhereTo t={t} remote={remote} />}
        </dl>
        <p className="question">{words.means[operation]}</p>
        {notes.length > 0 && (
          // Codes have much to know about them; what is signed stays in sight.
          <details open={remote === null}>
            <summary>{t.desk.represented.notes}</summary>
            <ul className="notes" lang="it">
              {notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </details>
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

/** The CMS works with the card: there is nothing to do but to leave it in. */
function Loading({ t, waiting }: ServiceProps): ReactElement {
  return (
    <div className="side-by-side" aria-busy="true">
      <section aria-labelledby="card-title">
        <h2 id="card-title">{t.desk.card}</h2>
        <HolderData t={t} waiting={waiting} />
      </section>
      <section role="status">
        <p className="question">{t.desk.service.loading}</p>
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
  const words = t.desk.service;
  const operation = begins.find((one) => one === chosen) ?? begins[0];
  if (operation === undefined) return null;
  return (
    <details className="begin">
      <summary>{words.begin}</summary>
      <HolderForm t={t} entered={(holder) => send({ type: 'begin', operation, holder })}>
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
      </HolderForm>
    </details>
  );
}
