import type { ReactElement } from 'react';
import type { Representation } from '../../../flows/people/representation.ts';
import type { CaseChoice } from '../../../flows/procedures/case-choices.ts';
import type { Form } from '../../../flows/procedures/vocabulary.ts';
import { textOf } from './fields.ts';
import { PrintForm } from './print-form.tsx';
import type { Texts } from './texts/texts.ts';

/** The form that the fields belong to, wherever on the page they stand. */
export const identifiedForm = 'identified';

/** Who stands here for the holder, and the papers that the region asks for, each with its source. */
export function Represented({
  t,
  choice,
  printable = true,
}: {
  readonly t: Texts;
  readonly choice: CaseChoice;
  /** Forms can be printed, to be signed here; not where they came signed. */
  readonly printable?: boolean;
}): ReactElement | null {
  if (asksNothing(choice)) return null;
  const { relations, papers, ownCard, holderDocumentCopy, kinship, impediment, notes } = choice;
  const words = t.desk.represented;
  return (
    <fieldset className="represented">
      <legend>{words.cases[choice.case]}</legend>
      {relations.length > 0 && (
        <>
          <label htmlFor="relation">{words.relation}</label>
          <select id="relation" name="relation" form={identifiedForm}>
            {relations.map((relation) => (
              <option key={relation} value={relation}>
                {words.relations[relation]}
              </option>
            ))}
          </select>
          <div className="pair">
            <Field name="representativeSurname" label={t.desk.surname} />
            <Field name="representativeName" label={t.desk.name} />
          </div>
          <div className="pair">
            <Field name="representativeFiscalCode" label={t.desk.fiscalCode} />
            <Field name="holderFiscalCode" label={words.holderFiscalCode} />
          </div>
          <p className="hint">{words.holderFiscalCodeWhy}</p>
        </>
      )}
      {papers.map(({ anyOf, orHolderDocument, citation }) => (
        <div key={anyOf.join()}>
          {anyOf.map((form) => (
            <FormCheck key={form} form={form} t={t} citation={citation} printable={printable} />
          ))}
          {orHolderDocument && <Check name="holderDocumentCopy" label={words.holderDocument} citation={citation} />}
        </div>
      ))}
      {ownCard !== null && <Check name="ownCardShown" label={words.ownCard} citation={ownCard.citation} />}
      {holderDocumentCopy !== null && (
        <Check name="holderDocumentCopy" label={words.holderDocumentCopy} citation={holderDocumentCopy.citation} />
      )}
      {kinship !== null && (
        <>
          <label htmlFor="degree">{words.degree}</label>
          <input id="degree" name="degree" form={identifiedForm} type="number" min={1} max={9} />
          <Check name="nearerRelativesAbsent" label={words.nearerRelativesAbsent} citation={kinship.citation} />
        </>
      )}
      {impediment !== null && (
        <>
          <label htmlFor="months">{words.months}</label>
          <input id="months" name="months" form={identifiedForm} type="number" min={0} max={1200} aria-describedby="months-citation" />
          <p id="months-citation" className="hint">
            {impediment.citation}
          </p>
          <Check name="mentionsDiagnosis" label={words.mentionsDiagnosis} citation={impediment.citation} />
        </>
      )}
      {notes.length > 0 && (
        <details>
          <summary>{words.notes}</summary>
          <ul className="notes" lang="it">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
    </fieldset>
  );
}

function Field({ name, label }: { readonly name: string; readonly label: string }): ReactElement {
  return (
    <div>
      <label htmlFor={name}>{label}</label>
      <input id={name} name={name} form={identifiedForm} maxLength={80} required spellCheck={false} autoCapitalize="characters" />
    </div>
  );
}

/** Whether a form was shown, and the form itself on paper where it is yet to be signed. */
export function FormCheck({
  form,
  t,
  citation,
  printable = true,
}: {
  readonly form: Form;
  readonly t: Texts;
  readonly citation: string;
  readonly printable?: boolean;
}): ReactElement {
  return (
    <div>
      <Check name={`form ${form}`} label={t.desk.represented.forms[form]} citation={citation} />
      {printable && <PrintForm form={form} t={t} />}
    </div>
  );
}

function Check({ name, label, citation }: { readonly name: string; readonly label: string; readonly citation: string }): ReactElement {
  return (
    <label className="check">
      <input type="checkbox" name={name} form={identifiedForm} /> {label} <span className="hint">{citation}</span>
    </label>
  );
}

/** An adult alone, of whom the region wants no paper. */
function asksNothing({ case: holderCase, papers }: CaseChoice): boolean {
  return holderCase === 'adult' && papers.length === 0;
}

/** What was entered in the fields of a case; `undefined` where there were none. */
export function representationOf(entered: FormData, choice: CaseChoice | undefined): Representation | undefined {
  if (choice === undefined || asksNothing(choice)) return undefined;
  const { case: holderCase, relations, papers } = choice;
  const text = (name: string): string => textOf(entered, name);
  const has = (name: string): boolean => entered.get(name) !== null;
  const relation = relations.find((one) => one === text('relation'));
  const number = (name: string): number | undefined => (text(name) === '' ? undefined : Number(text(name)));
  const months = number('months');
  const degree = number('degree');
  return {
    case: holderCase,
    representative:
      relation === undefined
        ? null
        : {
            relation,
            surname: text('representativeSurname'),
            name: text('representativeName'),
            fiscalCode: text('representativeFiscalCode').toUpperCase(),
          },
    papers: {
      forms: papers.flatMap(({ anyOf }) => anyOf.filter((form) => has(`form ${form}`))),
      holderDocumentCopy: has('holderDocumentCopy'),
      ownCardShown: has('ownCardShown'),
      nearerRelativesAbsent: has('nearerRelativesAbsent'),
      ...(degree === undefined ? {} : { degree }),
      ...(months === undefined ? {} : { medicalCertificate: { months, mentionsDiagnosis: has('mentionsDiagnosis') } }),
      ...(text('holderFiscalCode') === '' ? {} : { holderFiscalCode: text('holderFiscalCode').toUpperCase() }),
    },
  };
}
