import type { ReactElement } from 'react';
import type { OperatorCommand, ServiceWaiting } from '../../../flows/session/status.ts';
import { isoDate } from './dates.ts';
import type { Texts } from './texts/texts.ts';

export interface ServiceProps {
  readonly t: Texts;
  readonly waiting: ServiceWaiting;
  readonly send: (command: OperatorCommand) => void;
}

/** Whose card a service is about, and which: the one that is in, the one on a copy, or one that nobody shows. */
export function HolderData({ t, waiting: { holder, cardShown, remote } }: Pick<ServiceProps, 't' | 'waiting'>): ReactElement {
  return (
    <dl className="data">
      <dt>{t.desk.surname}</dt>
      <dd className="large">{holder.surname}</dd>
      <dt>{t.desk.name}</dt>
      <dd className="large">{holder.name}</dd>
      <dt>{t.desk.birthDate}</dt>
      <dd>{isoDate(holder.birthDate)}</dd>
      <dt>{t.desk.fiscalCode}</dt>
      <dd className="mono">{holder.fiscalCode}</dd>
      <dt>{t.desk.service.card}</dt>
      <dd className={remote === null ? '' : 'mono'}>
        {remote?.cardNumber ?? (cardShown ? t.desk.service.cardShown : t.desk.service.cardNotShown)}
      </dd>
    </dl>
  );
}
