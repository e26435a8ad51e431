import { type ReactElement, useState } from 'react';
import type { OperatorCommand, OperatorStatus } from '../../../flows/session/status.ts';
import { inHours, isoDate } from './dates.ts';
import { DocumentForm } from './document.tsx';
import { Represented, representationOf } from './represented.tsx';
import type { Texts } from './texts/texts.ts';

type Waiting = Extract<OperatorStatus['waiting'], { task: 'identify' }>;

/** The holder's data as the chip gives them, beside the document that is shown; one decision. */
export function Identify({
  t,
  waiting,
  send,
}: {
  readonly t: Texts;
  readonly waiting: Waiting;
  readonly send: (command: OperatorCommand) => void;
}): ReactElement {
  const { card, certificate, cases } = waiting;
  const [holderCase, setHolderCase] = useState(cases[0]?.case ?? 'adult');
  const choice = cases.find((one) => one.case === holderCase);

  const state = t.desk.certificateStates[certificate.status] ?? certificate.status;
  const crl = certificate.crlAgeSeconds === null ? t.desk.crlMissing : t.desk.crlAge(Math.floor(certificate.crlAgeSeconds / 3600));
  return (
    <>
      <h1>
        {t.desk.identify}: {t.desk.revocation.operations[waiting.operation]}
      </h1>
      <div className="side-by-side">
        <section aria-labelledby="card-title">
          <h2 id="card-title">{t.desk.card}</h2>
          <dl className="data">
            <dt>{t.desk.surname}</dt>
            <dd className="large">{card.surname}</dd>
            <dt>{t.desk.name}</dt>
            <dd className="large">{card.name}</dd>
            <dt>{t.desk.birthDate}</dt>
            <dd>{isoDate(card.birthDate)}</dd>
            <dt>{t.desk.sex}</dt>
            <dd>{card.sex}</dd>
            <dt>{t.desk.fiscalCode}</dt>
            <dd className="mono">{card.fiscalCode}</dd>
            <dt>{t.desk.certificate}</dt>
            <dd className={certificate.status === 'good' ? '' : 'wrong'}>
              {state} · {crl}
              {certificate.status === 'unknown' && ` · ${ruleOf(certificate.uncertainRule, t)}`}
            </dd>
          </dl>
          {choice !== undefined && <Represented key={choice.case} t={t} choice={choice} />}
        </section>
        <section aria-labelledby="document-title">
          <h2 id="document-title">{t.desk.document}</h2>
          <DocumentForm
            t={t}
            waiting={waiting}
            holderCase={holderCase}
            choose={setHolderCase}
            decision={t.desk.identified}
            entered={(document, fields) => {
              const representation = representationOf(fields, choice);
              send({ type: 'identified', document, ...(representation === undefined ? {} : { representation }) });
            }}
            refuse={(reason) => send({ type: 'refuse', reason })}
          />
        </section>
      </div>
    </>
  );
}

/** Why a card of which nothing is known is here all the same. */
function ruleOf(rule: Waiting['certificate']['uncertainRule'], t: Texts): string {
  const { refused, allowed, allowedFor } = t.desk.revocation;
  return rule === 'refuse' ? refused : rule === 'allow' ? allowed : allowedFor(inHours(rule.allowForSeconds));
}
