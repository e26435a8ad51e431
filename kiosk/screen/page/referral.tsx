import type { ReactElement } from 'react';
import type { Referral } from '../../../flows/procedures/referral.ts';
import type { MainButton } from './frame.tsx';
import { usePaper } from './paper.ts';
import type { Texts } from './texts/texts.ts';

/** Where somebody is sent, in the region's words, which are Italian. */
export function ReferralWords({ referral: { to, words }, t }: { readonly referral: Referral; readonly t: Texts }): ReactElement {
  return to === 'help-line' ? <>{t.referral.call(words)}</> : <span lang="it">{words}</span>;
}

/** Where the end of a session sends somebody, and the button that puts it on paper; both are nothing for who is sent nowhere. */
export function useReferral(
  referral: Referral | null,
  t: Texts,
): { readonly told: ReactElement | null; readonly button: MainButton | undefined } {
  const { paper, print } = usePaper('/referral/print');
  if (referral === null) return { told: null, button: undefined };
  const { to } = referral;
  return {
    told: (
      <p className={to === 'help-line' ? 'aside' : 'aside strong'}>
        {to !== 'help-line' && t.referral.leadIn} <ReferralWords referral={referral} t={t} />{' '}
        <span role="status">{paper !== 'none' && t.referral.paper[paper]}</span>
      </p>
    ),
    button: {
      text: t.referral.print,
      press: () => void print({ to, language: t.tag }),
      disabled: paper === 'printing',
      secondary: true,
    },
  };
}
