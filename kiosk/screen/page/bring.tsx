import { Button } from 'design-react-kit';
import { type ReactElement, useEffect, useState } from 'react';
import type { Referral, ReferralTo } from '../../../flows/procedures/referral.ts';
import type { HolderCase, Operation } from '../../../flows/procedures/vocabulary.ts';
import type { BringChoices, BringList } from '../bring.ts';
import { get } from './connection.ts';
import { usePaper } from './paper.ts';
import { Overlay } from './frame.tsx';
import { useReferral } from './referral.tsx';
import type { Texts } from './texts/texts.ts';

/** "Cosa serve?": for whom, for what, and then the list, on the screen, for the telephone and on paper. */
export function Bring({ t, close }: { readonly t: Texts; readonly close: () => void }): ReactElement {
  const [choices, setChoices] = useState<BringChoices | null>(null);
  const [chosen, setChosen] = useState<HolderCase | ReferralTo | null>(null);
  const [operation, setOperation] = useState<Operation | null>(null);
  useEffect(() => void get<BringChoices>(`/bring?language=${t.tag}`).then(setChoices), [t.tag]);

  const referral = choices?.referrals.find(({ to }) => to === chosen) ?? null;
  if (referral !== null) return <Sent t={t} close={close} back={() => setChosen(null)} referral={referral} />;
  const holder = choices?.cases.find(({ id }) => id === chosen) ?? null;
  if (holder !== null && operation !== null) {
    return <List t={t} close={close} back={() => setOperation(null)} asked={{ case: holder.id, operation, language: t.tag }} />;
  }
  if (holder !== null) {
    return (
      <Choose title={t.bring.forWhat} choices={holder.operations} choose={setOperation} t={t} close={close} back={() => setChosen(null)} />
    );
  }
  return (
    <Choose
      title={t.bring.forWhom}
      choices={[...(choices?.cases ?? []), ...(choices?.referrals ?? []).map(({ to }) => ({ id: to, text: t.referral.asked[to] }))]}
      choose={setChosen}
      t={t}
      close={close}
    />
  );
}

function Choose<Id extends string>({
  title,
  choices,
  choose,
  t,
  close,
  back,
}: {
  readonly title: string;
  readonly choices: readonly { readonly id: Id; readonly text: string }[];
  readonly choose: (id: Id) => void;
  readonly t: Texts;
  readonly close: () => void;
  readonly back?: () => void;
}): ReactElement {
  return (
    <Overlay key={title} title={title} close={close} closeText={t.close} kind="bring">
      <div className="choices">
        {choices.map(({ id, text }) => (
          <button key={id} type="button" className="quiet" onClick={() => choose(id)}>
            {capital(text)}
          </button>
        ))}
        {back !== undefined && (
          <button type="button" className="quiet back" onClick={back}>
            {t.back}
          </button>
        )}
      </div>
    </Overlay>
  );
}

/** What no desk does: where it is done. */
function Sent({
  t,
  close,
  back,
  referral,
}: {
  readonly t: Texts;
  readonly close: () => void;
  readonly back: () => void;
  readonly referral: Referral;
}): ReactElement {
  const { told, button } = useReferral(referral, t);
  return (
    <Overlay title={t.referral.asked[referral.to]} close={close} closeText={t.close} kind="bring">
      {told}
      <div className="side-by-side">
        {button !== undefined && (
          <Button color="primary" outline disabled={button.disabled === true} onClick={button.press}>
            {button.text}
          </Button>
        )}
        <Button color="primary" outline onClick={back}>
          {t.back}
        </Button>
      </div>
    </Overlay>
  );
}

function List({
  t,
  close,
  back,
  asked,
}: {
  readonly t: Texts;
  readonly close: () => void;
  readonly back: () => void;
  readonly asked: { readonly case: HolderCase; readonly operation: Operation; readonly language: string };
}): ReactElement {
  const [list, setList] = useState<BringList | null>(null);
  const { paper, print } = usePaper('/bring/print');
  const query = new URLSearchParams(asked).toString();
  useEffect(() => void get<BringList>(`/bring/list?${query}`).then(setList), [query]);
  return (
    <Overlay title={list?.title ?? t.welcome.neededMain} close={close} closeText={t.close} kind="bring">
      {list !== null && (
        <div className="list">
          <div tabIndex={0} role="region" aria-label={list.title}>
            <ul className="lines">
              {list.items.map((item) => (
                <li key={item}>{capital(item)}</li>
              ))}
            </ul>
            <p className="strong">{list.here ? t.bring.here : t.bring.elsewhere(list.places.join(', '))}</p>
          </div>
          <figure>
            <img src={`/bring/list.svg?${query}`} alt={t.bring.picture} />
            <figcaption>{t.bring.telephone}</figcaption>
          </figure>
        </div>
      )}
      {paper !== 'none' && <p role="status">{t.bring.paper[paper]}</p>}
      <div className="side-by-side">
        <Button color="primary" outline disabled={paper === 'printing'} onClick={() => void print(asked)}>
          {t.bring.print}
        </Button>
        <Button color="primary" outline onClick={back}>
          {t.back}
        </Button>
      </div>
    </Overlay>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
