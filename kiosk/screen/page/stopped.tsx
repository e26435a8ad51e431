import type { ReactElement } from 'react';
import type { CitizenStatus } from '../../../flows/session/status.ts';
import { Screen } from './frame.tsx';
import { useReferral } from './referral.tsx';
import type { Texts } from './texts/texts.ts';

/** Why it does not go on, what became of what was begun, what to do next, and where. */
export function Stopped({
  status,
  t,
  drawing,
}: {
  readonly status: Extract<CitizenStatus, { screen: 'stopped' }>;
  readonly t: Texts;
  readonly drawing: ReactElement | null;
}): ReactElement {
  const { main, next } = t.stopped.reasons[status.reason];
  const { told, button } = useReferral(status.referral, t);
  return (
    <Screen main={main} drawing={drawing} button={button}>
      <p className="below">{t.stopped.codes[status.codes]}</p>
      <p className="below">{next}</p>
      {told}
      {status.cardIn && <p className="below strong">{t.stopped.takeCard}.</p>}
      <p className="small">
        {t.stopped.forOperator}: {status.reason}
        {status.sessionId !== null && ` · ${status.sessionId.slice(0, 8)}`}
      </p>
    </Screen>
  );
}
