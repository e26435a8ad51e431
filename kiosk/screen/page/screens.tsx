import { type ReactElement, useState } from 'react';
import type { CitizenStatus, Notice } from '../../../flows/session/status.ts';
import type { Language, Site } from '../site.ts';
import type { CitizenRequest } from './connection.ts';
import { Bring } from './bring.tsx';
import { Contact, ContactCode } from './contact.tsx';
import { drawingOf } from './drawings/drawings.tsx';
import { Overlay, Screen } from './frame.tsx';
import { PriorPin, Unblock } from './pin.tsx';
import { useReferral } from './referral.tsx';
import { Stopped } from './stopped.tsx';
import { SwapCards } from './swap-cards.tsx';
import { Menu } from './menu.tsx';
import type { Texts } from './texts/texts.ts';

export interface ScreenProps {
  readonly status: CitizenStatus;
  readonly site: Site;
  readonly t: Texts;
  readonly language: Language;
  readonly choose: (language: Language) => void;
  readonly languageName: (language: Language) => string;
  readonly send: (command: CitizenRequest) => Promise<boolean>;
}

/** One screen a state of the session, each with one question. */
export function CitizenScreenView(props: ScreenProps): ReactElement {
  const { status, site, t, language, send } = props;
  const drawing = drawingOf(status);
  switch (status.screen) {
    case 'starting':
      return (
        <Screen main={t.starting.main} drawing={drawing}>
          <p className="below">{t.starting.below}</p>
        </Screen>
      );
    case 'welcome':
      return <Welcome {...props} drawing={drawing} />;
    case 'reading':
      return (
        <Screen main={t.reading.main} drawing={drawing}>
          <p className="below">{t.reading.below}</p>
        </Screen>
      );
    case 'recognised':
      return (
        <Screen
          main={status.ofAge ? t.recognised.main(status.greeting) : t.recognised.mainOfMinor(status.greeting)}
          drawing={drawing}
          button={{ text: t.recognised.yes, press: () => void send({ type: 'wish' }) }}
        >
          <p className="below">{status.ofAge ? t.recognised.below : t.recognised.belowOfMinor}</p>
          <p className="aside">
            {t.recognised.code} <span className="mono">{status.maskedFiscalCode}</span>
          </p>
          {status.others && (
            <button type="button" className="quiet" onClick={() => void send({ type: 'menu' })}>
              {t.menu.others}
            </button>
          )}
        </Screen>
      );
    case 'menu':
      return <Menu status={status} send={send} t={t} />;
    case 'notice':
      return <Notice {...props} drawing={drawing} />;
    case 'operator':
      return (
        <Screen main={t.operator.main} drawing={drawing}>
          <p className="below">{t.operator.below}</p>
          <p className="aside">{t.operator.time}</p>
        </Screen>
      );
    case 'contact':
      return <Contact status={status} send={send} t={t} language={language} />;
    case 'contact-code':
      return <ContactCode status={status} send={send} t={t} />;
    case 'issuing':
      return (
        <Screen main={status.stage === 'recording' ? t.issuing.lastMain : t.issuing.main} drawing={drawing}>
          <p className="below">{status.stage === 'recording' ? t.issuing.lastBelow : t.issuing.below}</p>
          <Stages stage={status.stage} t={t} />
        </Screen>
      );
    case 'envelope': {
      const { main, below } = t.envelope.stages[status.stage];
      return (
        <Screen main={main} drawing={drawing}>
          <p className="below">{below}</p>
          {status.stage === 'setting' && status.encrypted && <p className="below">{t.envelope.encrypted}</p>}
          {status.cardIn && status.stage !== 'handing' && <p className="aside strong">{t.envelope.card}</p>}
        </Screen>
      );
    }
    case 'envelope-done':
      return (
        <Screen main={t.done.main} drawing={drawing}>
          <p className="below">{t.envelopeDone.below}</p>
          <ul className="lines">
            {t.envelopeDone.notice.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          {!status.secured && <p className="aside strong">{t.envelopeDone.notSecured}</p>}
          <PaperNotice notice={status.notice} t={t}>
            {/* Where there is something to heed, what needs nothing of the holder is left out. */}
            {status.secured && status.receipt === 'pending' && t.envelopeDone.pending}
          </PaperNotice>
          <p className="aside strong">
            {t.done.takeCard} {t.envelopeDone.apart}
          </p>
        </Screen>
      );
    case 'unblock':
      return <Unblock status={status} send={send} t={t} />;
    case 'prior-pin':
      return <PriorPin status={status} send={send} t={t} />;
    case 'swap-cards':
      return <SwapCards status={status} t={t} />;
    case 'unblocking':
      return (
        <Screen main={t.unblocking.main} drawing={drawing}>
          <p className="below">{t.unblocking.below}</p>
        </Screen>
      );
    case 'unblock-done':
      return (
        <Screen main={t.done.main} drawing={drawing}>
          <p className="below">{t.unblockDone.below}</p>
          <p className="aside">{t.unblockDone.before}</p>
          <p className="aside strong">{t.done.takeCard}</p>
        </Screen>
      );
    case 'service': {
      const { main, below } = status.cardInUse ? t.service.loading : t.service;
      return (
        <Screen main={main} drawing={drawing}>
          <p className="below">{below}</p>
        </Screen>
      );
    }
    case 'service-done':
      return <ServiceDone {...props} status={status} drawing={drawing} />;
    case 'print-failed':
      return (
        <Screen main={t.printFailed.main} drawing={drawing}>
          <p className="below">{t.printFailed.below}</p>
          <p className="aside strong">{t.printFailed.piece}</p>
        </Screen>
      );
    case 'collect':
      return <Collect {...props} cardIn={status.cardIn} drawing={drawing} />;
    case 'done':
      return (
        <Screen main={t.done.main} drawing={drawing}>
          <p className="below">
            {status.secondPart === 'received'
              ? t.done.received(status.masked)
              : t.done.pending(status.masked, status.until === null ? null : moment(status.until, language))}
          </p>
          <p className="aside">{t.done.missing(status.masked, site.helpLine)}</p>
          <p className="aside strong">
            {t.done.takeCard} {t.done.apart}
          </p>
        </Screen>
      );
    case 'stopped':
      return <Stopped status={status} t={t} drawing={drawing} />;
    case 'card-forgotten':
      return (
        <Screen main={t.cardForgotten.main} drawing={drawing}>
          <p className="below">{t.cardForgotten.below}</p>
        </Screen>
      );
    case 'out-of-service':
      return (
        <Screen main={t.outOfService.main} drawing={drawing}>
          <p className="below">{t.outOfService.reasons[status.reason]}</p>
          <p className="below">{t.outOfService.nothingLost}</p>
          <p className="aside">{t.outOfService.next(site.helpLine)}</p>
        </Screen>
      );
  }
}

type Drawn = ScreenProps & { readonly drawing: ReactElement };
type Of<Name> = Extract<CitizenStatus, { screen: Name }>;

function Welcome({ t, site, drawing, language, choose, languageName }: Drawn): ReactElement {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Screen main={t.welcome.main} drawing={drawing} button={{ text: t.welcome.needed, press: () => setAsked(true), secondary: true }}>
        <p className="below">{t.welcome.below}</p>
        {site.languages.length > 1 && (
          <div className="tongues">
            {site.languages.map((one) => (
              <button key={one} type="button" className="quiet" lang={one} aria-pressed={one === language} onClick={() => choose(one)}>
                {languageName(one)}
              </button>
            ))}
          </div>
        )}
      </Screen>
      {asked && <Bring t={t} close={() => setAsked(false)} />}
    </>
  );
}

function Notice({ t, site, language, send, drawing }: Drawn): ReactElement {
  const [whole, setWhole] = useState(false);
  return (
    <>
      <Screen main={t.notice.main} drawing={drawing} button={{ text: t.notice.read, press: () => void send({ type: 'notice-read' }) }}>
        <ul className="lines">
          {t.notice.lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <button type="button" className="quiet" onClick={() => setWhole(true)}>
          {t.notice.whole}
        </button>
      </Screen>
      {whole && (
        <Overlay title={t.notice.wholeMain} close={() => setWhole(false)} closeText={t.close}>
          <div className="whole-notice" tabIndex={0} role="region" aria-label={t.notice.wholeMain}>
            {site.notice[language].map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
          </div>
        </Overlay>
      )}
    </>
  );
}

const stages = ['reserving', 'preparing', 'printing', 'recording'] as const;

function Stages({ stage, t }: { readonly stage: (typeof stages)[number]; readonly t: Texts }): ReactElement {
  const now = stages.indexOf(stage);
  return (
    <ol className="stages">
      {stages.map((name, index) => {
        const state = index < now ? 'done' : index === now ? 'now' : 'next';
        return (
          <li key={name} className={state}>
            <span className="stage-name">{t.issuing.stages[name]}</span>
            <span className="stage-state">{t.issuing[state]}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Collect({ t, send, drawing, cardIn }: Drawn & { readonly cardIn: boolean }): ReactElement {
  const [taken, setTaken] = useState(false);
  return (
    <Screen
      main={t.collect.main}
      drawing={drawing}
      button={{ text: t.collect.taken, press: () => void send({ type: 'taken' }).then(setTaken), disabled: taken }}
    >
      <p className="below">{t.collect.below}</p>
      {!cardIn && <p className="below strong">{t.collect.cardGone}</p>}
      {taken && (
        <p className="aside strong" role="status">
          {t.collect.thanks}
        </p>
      )}
    </Screen>
  );
}

function ServiceDone({ t, site, drawing, status }: Drawn & { readonly status: Of<'service-done'> }): ReactElement {
  const { main, lines } = t.service.done[status.operation];
  const { told, button } = useReferral(status.referral, t);
  return (
    <Screen main={main} drawing={drawing} button={button}>
      <ul className="lines">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {told}
      <p className="aside">{t.service.question(site.helpLine)}</p>
      <PaperNotice notice={status.notice} t={t} />
      {status.cardIn && <p className="aside strong">{t.done.takeCard}</p>}
    </Screen>
  );
}

function moment(instant: string, language: Language): string {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    day: 'numeric',
    month: 'long',
    hour: '2-digit',
    minute: '2-digit',
  }).format(new Date(instant));
}

/** What became of the paper of what was done, after what else is to be said aside. */
function PaperNotice({
  notice,
  t,
  children = false,
}: {
  readonly notice: Notice;
  readonly t: Texts;
  readonly children?: string | false;
}): ReactElement | null {
  return notice === 'none' && children === false ? null : (
    <p className="aside" role="status">
      {children} {notice !== 'none' && t.paperNotice[notice]}
    </p>
  );
}
