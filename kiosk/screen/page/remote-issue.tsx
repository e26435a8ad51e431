import { Alert } from 'design-react-kit';
import { type ReactElement, useState } from 'react';
import type { OperatorCommand, OperatorStatus, ServiceWaiting } from '../../../flows/session/status.ts';
import { DocumentForm } from './document.tsx';
import { textOf } from './fields.ts';
import { HolderData, type ServiceProps } from './holder-data.tsx';
import { HolderForm } from './holder-form.tsx';
import { Represented, identifiedForm, representationOf } from './represented.tsx';
import type { Texts } from './texts/texts.ts';

/** Codes for who was recognised by video: papers and copies that came by e-mail, where the two parts go, and what only the operator can say. */
export function EnterRemotely({ t, waiting, send }: ServiceProps): ReactElement {
  const { cases, problem, step, remote } = waiting;
  const [holderCase, setHolderCase] = useState(cases[0]?.case ?? 'adult');
  const choice = cases.find((one) => one.case === holderCase);
  const words = t.desk.remote;
  return (
    <div className="side-by-side" aria-busy={step === 'busy'}>
      <section aria-labelledby="card-title">
        <h2 id="card-title">{t.desk.card}</h2>
        <HolderData t={t} waiting={waiting} />
        <div role="alert">{problem !== null && <Alert color="warning">{t.desk.service.problems[problem]}</Alert>}</div>
        {choice !== undefined && <Represented key={choice.case} t={t} choice={choice} printable={false} />}
        <div className="pair">
          <div>
            <label htmlFor="email">{words.email}</label>
            <input id="email" name="email" form={identifiedForm} type="email" maxLength={254} spellCheck={false} autoComplete="off" />
          </div>
          <div>
            <label htmlFor="mobile">{words.mobile}</label>
            <input id="mobile" name="mobile" form={identifiedForm} type="tel" maxLength={30} autoComplete="off" />
          </div>
        </div>
        <div role="group" aria-label={words.recognition}>
          <Attest name="copiesLegible" label={words.copiesLegible} citation={remote?.citation} />
          <Attest name="faceRecognised" label={words.faceRecognised} citation={remote?.citation} />
        </div>
      </section>
      <section aria-labelledby="document-title">
        <h2 id="document-title">{words.document}</h2>
        <DocumentForm
          t={t}
          waiting={waiting}
          holderCase={holderCase}
          choose={setHolderCase}
          decision={words.ask}
          entered={(document, fields) => {
            const representation = representationOf(fields, choice);
            send({
              type: 'remote-issue',
              document,
              contacts: { email: textOf(fields, 'email'), mobile: textOf(fields, 'mobile') },
              copiesLegible: fields.get('copiesLegible') !== null,
              faceRecognised: fields.get('faceRecognised') !== null,
              ...(representation === undefined ? {} : { representation }),
            });
          }}
          refuse={(why) => send({ type: 'refuse', reason: why })}
        />
      </section>
    </div>
  );
}

function Attest({
  name,
  label,
  citation,
}: {
  readonly name: string;
  readonly label: string;
  readonly citation: string | undefined;
}): ReactElement {
  return (
    <label className="check">
      <input type="checkbox" name={name} form={identifiedForm} /> {label} <span className="hint">{citation}</span>
    </label>
  );
}

/** Where the two parts will go, to be read once more before it is signed. */
export function WhereTo({ t, remote }: { readonly t: Texts; readonly remote: NonNullable<ServiceWaiting['remote']> }): ReactElement {
  return (
    <>
      <dt>{t.desk.remote.firstPart}</dt>
      <dd className="mono">{remote.contacts?.email}</dd>
      <dt>{t.desk.remote.secondPart}</dt>
      <dd className="mono">{remote.contacts?.mobile}</dd>
    </>
  );
}

/** Codes for somebody who is not here: whose, and of which card, as the copies say. */
export function BeginRemotely({
  t,
  begins,
  send,
}: {
  readonly t: Texts;
  readonly begins: OperatorStatus['beginsRemotely'];
  readonly send: (command: OperatorCommand) => void;
}): ReactElement | null {
  const [chosen, choose] = useState<OperatorStatus['beginsRemotely'][number] | null>(null);
  const words = t.desk.remote;
  const operation = begins.find((one) => one === chosen) ?? begins[0];
  if (operation === undefined) return null;
  return (
    <details className="begin">
      <summary>{words.begin}</summary>
      <HolderForm
        t={t}
        entered={(holder, fields) => {
          send({ type: 'begin-remote', operation, holder, cardNumber: textOf(fields, 'cardNumber').replace(/\s/g, '') });
        }}
        more={
          <>
            <label htmlFor="begin-cardNumber">{words.cardNumber}</label>
            <input
              id="begin-cardNumber"
              name="cardNumber"
              inputMode="numeric"
              pattern="(\s*\d){20}\s*"
              title={words.cardNumberBelow}
              maxLength={30}
              required
              aria-describedby="begin-cardNumber-hint"
            />
            <p id="begin-cardNumber-hint" className="hint">
              {words.cardNumberBelow}
            </p>
          </>
        }
      >
        <p className="hint">{words.beginBelow}</p>
        <label htmlFor="begin-remote-operation">{t.desk.service.operation}</label>
        <select
          id="begin-remote-operation"
          value={operation}
          onChange={(event) => choose(begins.find((one) => one === event.target.value) ?? null)}
        >
          {begins.map((one) => (
            <option key={one} value={one}>
              {words.operations[one]}
            </option>
          ))}
        </select>
      </HolderForm>
    </details>
  );
}
