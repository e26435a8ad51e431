import { Button } from 'design-react-kit';
import { type FormEvent, type ReactElement, type ReactNode, useState } from 'react';
import type { Holder } from '../../../flows/ports/services.ts';
import { readDate } from './dates.ts';
import { textOf } from './fields.ts';
import type { Texts } from './texts/texts.ts';

/** Whose card is spoken of, where none is in the reader: as document or copy say. `children` are asked for before, `more` after. */
export function HolderForm({
  t,
  entered,
  children,
  more,
}: {
  readonly t: Texts;
  readonly entered: (holder: Holder, fields: FormData) => void;
  readonly children: ReactNode;
  readonly more?: ReactNode;
}): ReactElement {
  const [born, setBorn] = useState('');
  const [left, setLeft] = useState(false);
  const birthDate = readDate(born);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string): string => textOf(fields, name).toUpperCase();
    if (birthDate === null) {
      setLeft(true);
      return;
    }
    entered({ fiscalCode: text('fiscalCode'), surname: text('surname'), name: text('name'), birthDate }, fields);
  };
  return (
    <form onSubmit={submit} autoComplete="off">
      {children}
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
      {more}
      <Button color="primary" type="submit">
        {t.desk.service.go}
      </Button>
    </form>
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
