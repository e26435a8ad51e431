import { Alert, Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, type ReactNode, useState } from 'react';
import { looksUsual } from '../../../flows/people/document-number.ts';
import type { IdentityDocument } from '../../../flows/people/identity-document.ts';
import type { HolderCase } from '../../../flows/procedures/vocabulary.ts';
import type { IdentifyWaiting, OperatorCommand } from '../../../flows/session/status.ts';
import { readDate, today } from './dates.ts';
import { textOf } from './fields.ts';
import { identifiedForm } from './represented.tsx';
import type { Texts } from './texts/texts.ts';

type Refused = Extract<OperatorCommand, { type: 'refuse' }>['reason'];
const refusals = ['document-mismatch', 'document-expired', 'operator-refused'] as const satisfies readonly Refused[];

/** The four items of the document that is shown, for the case that is chosen; `children`: what else is asked for. Then the one decision, or a refusal. */
export function DocumentForm({
  t,
  waiting: { documents, cases, refusals: found },
  holderCase,
  choose,
  children,
  decision,
  entered,
  refuse,
}: {
  readonly t: Texts;
  readonly waiting: Pick<IdentifyWaiting, 'documents' | 'cases' | 'refusals'>;
  readonly holderCase: HolderCase;
  readonly choose: (holderCase: HolderCase) => void;
  readonly children?: ReactNode;
  readonly decision: string;
  /** `fields`: of the whole form, wherever on the page they stand. */
  readonly entered: (document: IdentityDocument, fields: FormData) => void;
  readonly refuse: (reason: Refused) => void;
}): ReactElement {
  const [type, setType] = useState(documents[0]?.type ?? 'identity-card');
  const [expires, setExpires] = useState('');
  const [left, setLeft] = useState(false);
  const [lacksExpiry, setLacksExpiry] = useState(false);
  const [unusual, setUnusual] = useState(false);
  const [reason, setReason] = useState<Refused>('document-mismatch');
  const mayLackExpiry = documents.some((document) => document.type === type && document.mayLackExpiry);
  const noExpiry = mayLackExpiry && lacksExpiry;
  const date = noExpiry ? null : readDate(expires);
  const unreadable = left && date === null && !noExpiry;
  const expired = date !== null && date < today();

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    if (date === null && !noExpiry) {
      setLeft(true);
      return;
    }
    entered({ type, number: textOf(fields, 'number'), issuingBody: textOf(fields, 'issuingBody'), expires: date }, fields);
  };

  return (
    <>
      <form id={identifiedForm} onSubmit={submit} autoComplete="off">
        <div className={cases.length > 1 ? 'pair' : ''}>
          {cases.length > 1 && (
            <div>
              <label htmlFor="case">{t.desk.represented.case}</label>
              <select id="case" name="case" value={holderCase} onChange={(event) => choose(event.target.value as HolderCase)}>
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
            <input type="checkbox" checked={lacksExpiry} onChange={(event) => setLacksExpiry(event.target.checked)} /> {t.desk.lacksExpiry}
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
        {children}
        <div role="alert">
          {found.map(({ rule, text, citation }) => (
            <Alert key={`${rule} ${text}`} color="danger">
              <span lang="it">{text}</span> <span className="hint">{citation}</span>
            </Alert>
          ))}
        </div>
        <Button color="primary" type="submit">
          {decision}
        </Button>
      </form>
      <form
        className="refusal"
        onSubmit={(event) => {
          event.preventDefault();
          refuse(reason);
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
    </>
  );
}
