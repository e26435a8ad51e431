import type { ReactElement } from 'react';
import { formsToSign } from '../../../flows/procedures/forms-to-sign.ts';
import { usePaper } from './paper.ts';
import type { Texts } from './texts/texts.ts';

/** A form on paper, to be filled in and signed; nothing for what is only brought. */
export function PrintForm({ form, t }: { readonly form: string; readonly t: Texts }): ReactElement | null {
  const { paper, print } = usePaper('/operator/form');
  const known = formsToSign.find((one) => one === form);
  if (known === undefined) return null;
  const words = t.desk.printForm;
  return (
    <span className="print-form">
      <button type="button" className="btn btn-link" disabled={paper === 'printing'} onClick={() => void print({ form: known })}>
        {words.print(t.desk.formsToSign[known])}
      </button>
      <span role="status">{paper !== 'none' && words.paper[paper]}</span>
    </span>
  );
}
