import { type ReactElement, useState } from 'react';
import { type FormToSign, formsToSign } from '../../../flows/procedures/forms-to-sign.ts';
import { post } from './connection.ts';
import type { Texts } from './texts/texts.ts';

/** Longer than the kiosk gives the printer. */
const PRINT_LIMIT_MS = 35_000;

/** A form on paper, to be filled in and signed; nothing for what is only brought. */
export function PrintForm({ form, t }: { readonly form: string; readonly t: Texts }): ReactElement | null {
  const [paper, setPaper] = useState<'none' | 'printing' | 'printed' | 'not-printed'>('none');
  const known = formsToSign.find((one) => one === form);
  if (known === undefined) return null;
  const print = async (wanted: FormToSign): Promise<void> => {
    setPaper('printing');
    const answer = await post<{ readonly printed: boolean }>('/operator/form', { form: wanted }, PRINT_LIMIT_MS);
    setPaper(answer?.printed === true ? 'printed' : 'not-printed');
  };
  const words = t.desk.printForm;
  return (
    <span className="print-form">
      <button type="button" className="btn btn-link" disabled={paper === 'printing'} onClick={() => void print(known)}>
        {words.print(t.desk.formsToSign[known])}
      </button>
      <span role="status">{paper !== 'none' && words.paper[paper]}</span>
    </span>
  );
}
