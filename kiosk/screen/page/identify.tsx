import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, useState } from 'react';
import type { OperatorCommand, OperatorStatus } from '../../../flows/session/status.ts';
import { looksUsual } from '../../../flows/people/document-number.ts';
import { inHours, isoDate, readDate, today } from './dates.ts';
import { Represented, identifiedForm, representationOf } from './represented.tsx';
import type { Texts } from './texts/texts.ts';

const refusals = ['document-mismatch', 'document-expired', 'operator-refused'] as const;
type Refusal = (typeof refusals)[number];
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
  const { card, certificate, documents, cases, refusals: found } = waiting;
  const [type, setType] = useState(documents[0]?.type ?? 'identity-card');
  const [expires, setExpires] = useState('');
  const [left, setLeft] = useState(false);
  const [lacksExpiry, setLacksExpiry] = useState(false);
  const [holderCase, setHolderCase] = useState(cases[0]?.case ?? 'adult');
  const [unusual, setUnusual] = useState(false);
  const [reason, setReason] = useState<Refusal>('document-mismatch');
  const choice = cases.find((one) => one.case === holderCase);
  const mayLackExpiry = documents.some((document) => document.type === type && document.mayLackExpiry);
  const noExpiry = mayLackExpiry && lacksExpiry;
  const date = noExpiry ? null : readDate(expires);
  const unreadable = left && date === null && !noExpiry;
  const expired = date !== null && date < today();

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const entered = new FormData(event.currentTarget);
    if (date === null && !noExpiry) {
      setLeft(true);
      return;
    }
    const text = (name: string): string => {
      const value = entered.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    const representation = choice === undefined ? undefined : representationOf(entered, choice);
    send({
      type: 'identified',
      document: { type, number: text('number'), issuingBody: text('issuingBody'), expires: date },
      ...(representation === undefined ? {} : { representation }),
    });
  };

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
          {choice !== undefined && choice.case !== 'adult' && <Represented key={choice.case} t={t} choice={choice} />}
        </section>
        <section aria-labelledby="document-title">
          <h2 id="document-title">{t.desk.document}</h2>
          <form id={identifiedForm} onSubmit={submit} autoComplete="off">
            <div className={cases.length > 1 ? 'pair' : ''}>
              {cases.length > 1 && (
                <div>
                  <label htmlFor="case">{t.desk.represented.case}</label>
                  <select
                    id="case"
                    name="case"
                    value={holderCase}
                    onChange={(event) => setHolderCase(event.target.value as typeof holderCase)}
                  >
                    {cases.map((one) => (
                      <option key={one.case} value={one.case}>
                        {t.desk.represented.cases[one.case]}
                      </option>
                    ))}
                  </select>
                </div>
              )}
              <div>
                <label htmlFor="type">{t.desk.type}</label>
                <select
                  id="type"
                  name="type"
                  value={type}
                  onChange={(event) => setType(event.target.value as typeof type)}
                  aria-describedby="citation"
                  autoFocus
                >
                  {documents.map((document) => (
                    <option key={document.type} value={document.type}>
                      {t.desk.documentTypes[document.type]}
                    </option>
                  ))}
                </select>
              </div>
            </div>
            <p id="citation" className="hint">
              {documents.find((document) => document.type === type)?.citation}
            </p>
            <div className="pair">
              <div>
                <label htmlFor="number">{t.desk.number}</label>
                <input
                  id="number"
                  name="number"
                  minLength={3}
                  maxLength={32}
                  required
                  spellCheck={false}
                  autoCapitalize="characters"
                  aria-describedby="number-hint"
                  onBlur={(event) => setUnusual(event.target.value !== '' && !looksUsual({ type, number: event.target.value }))}
                />
              </div>
              <div>
                <label htmlFor="expires">{t.desk.expires}</label>
                <input
                  id="expires"
                  name="expires"
                  inputMode="numeric"
                  maxLength={10}
                  required={!noExpiry}
                  disabled={noExpiry}
                  value={noExpiry ? '' : expires}
                  aria-invalid={unreadable || expired}
                  aria-describedby="expires-problem"
                  onChange={(event) => setExpires(event.target.value)}
                  onBlur={() => setLeft(expires !== '')}
                />
              </div>
            </div>
            {mayLackExpiry && (
              <label className="check">
                <input type="checkbox" checked={lacksExpiry} onChange={(event) => setLacksExpiry(event.target.checked)} />{' '}
                {t.desk.lacksExpiry}
              </label>
            )}
            <p id="number-hint" className="hint" role="status">
              {unusual ? t.desk.unusualNumber : ''}
            </p>
            <p id="expires-problem" className="wrong" role="alert">
              {expired ? t.desk.expired : unreadable ? t.desk.expiresUnreadable : ''}
            </p>
            <label htmlFor="issuingBody">{t.desk.issuingBody}</label>
            <input id="issuingBody" name="issuingBody" minLength={2} maxLength={80} required spellCheck={false} />
            <div role="alert">
              {found.map(({ rule, text, citation }) => (
                <Alert key={`${rule} ${text}`} color="danger">
                  <span lang="it">{text}</span> <span className="hint">{citation}</span>
                </Alert>
              ))}
            </div>
            <Button color="primary" type="submit">
              {t.desk.identified}
            </Button>
          </form>
          <form
            className="refusal"
            onSubmit={(event) => {
              event.preventDefault();
              send({ type: 'refuse', reason });
            }}
          >
            <fieldset>
              <legend className="visually-hidden">{t.desk.refuse}</legend>
              {refusals.map((one) => (
                <label key={one}>
                  <input type="radio" name="reason" value={one} checked={reason === one} onChange={() => setReason(one)} />{' '}
                  {t.desk.refuseReasons[one]}
                </label>
              ))}
            </fieldset>
            <Button color="danger" outline type="submit">
              {t.desk.refuse}
            </Button>
          </form>
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
