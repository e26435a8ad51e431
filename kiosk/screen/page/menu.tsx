import type { ReactElement } from 'react';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import type { CitizenRequest } from './connection.ts';
import { Screen } from './frame.tsx';
import { useReferral } from './referral.tsx';
import type { Texts } from './texts/texts.ts';

/** What may be asked for with this card, one button each; where it cannot be activated, why. */
export function Menu({
  status: { greeting, operations, notActivated, referral },
  send,
  t,
}: {
  readonly status: Extract<CitizenScreen, { screen: 'menu' }>;
  readonly send: (command: CitizenRequest) => Promise<boolean>;
  readonly t: Texts;
}): ReactElement {
  const { told, button } = useReferral(referral, t);
  return (
    <Screen main={t.menu.main} drawing={null} button={button} wide>
      <p className="below">{notActivated === null ? t.menu.below(greeting) : t.stopped.reasons[notActivated].main}</p>
      {told}
      <div className="choices menu">
        {operations.map((operation) => (
          <button key={operation} type="button" className="quiet" onClick={() => void send({ type: 'wish', operation })}>
            {t.menu.operations[operation]}
          </button>
        ))}
      </div>
    </Screen>
  );
}
