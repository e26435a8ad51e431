import { Button } from 'design-react-kit';
import { type ReactElement, StrictMode, useCallback, useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { CitizenScreen, CitizenStatus } from '../../../flows/session/status.ts';
import type { Language } from '../site.ts';
import { type CitizenRequest, command, useKiosk } from './connection.ts';
import { Corner, usualLooks } from './corner.tsx';
import { drawingOf } from './drawings/drawings.tsx';
import { Overlay, Screen, Steps } from './frame.tsx';
import { CitizenScreenView } from './screens.tsx';
import './styles/kit.ts';
import './styles/citizen.css';
import { texts } from './texts/texts.ts';

const cancellable: readonly CitizenScreen['screen'][] = [
  'reading',
  'recognised',
  'menu',
  'notice',
  'operator',
  'contact',
  'contact-code',
  'unblock',
  'prior-pin',
  'swap-cards',
];
/** Where people read and type for long without asking for anything: their touches are signs of life. */
const slow: readonly CitizenScreen['screen'][] = ['notice', 'contact', 'contact-code', 'unblock', 'prior-pin'];
const signOfLifeEveryMs = 10_000;
const languageName = (language: Language): string => texts[language].language;

function CitizenPage(): ReactElement {
  const { connected, site, status } = useKiosk<CitizenStatus>('/events');
  const [chosen, setChosen] = useState<Language | null>(null);
  const [looks, setLooks] = useState(usualLooks);
  const language = chosen ?? site?.languages[0] ?? 'it';
  const t = texts[language];
  const sessionId = status?.sessionId ?? null;
  const screen = connected && status !== null && site !== null ? status.screen : 'lost';

  // What one person chose is not the next one's.
  const before = useRef(sessionId);
  useEffect(() => {
    if (before.current !== null && before.current !== sessionId) {
      setChosen(null);
      setLooks(usualLooks);
    }
    before.current = sessionId;
  }, [sessionId]);

  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.classList.toggle('contrast', looks.contrast);
    document.documentElement.classList.toggle('larger', looks.larger);
  }, [language, looks]);

  const send = useCallback((wanted: CitizenRequest) => command('/session/command', sessionId, wanted), [sessionId]);

  const lastSign = useRef(0);
  useEffect(() => {
    if (screen === 'lost' || !slow.includes(screen)) return;
    const sign = (): void => {
      if (Date.now() - lastSign.current < signOfLifeEveryMs) return;
      lastSign.current = Date.now();
      void send({ type: 'stay' });
    };
    addEventListener('keydown', sign);
    addEventListener('pointerdown', sign);
    return () => {
      removeEventListener('keydown', sign);
      removeEventListener('pointerdown', sign);
    };
  }, [screen, send]);

  const shown = screen === 'lost' ? null : status;
  return (
    <div className="kiosk" data-screen={screen}>
      <header>
        <p className="site">{site?.name ?? 'Sportello'}</p>
        <Steps screen={screen} t={t} />
      </header>
      {shown === null || site === null ? (
        <Screen main={t.lost.main} drawing={drawingOf({ screen: 'lost' })}>
          <p className="below">{t.lost.below}</p>
        </Screen>
      ) : (
        <CitizenScreenView
          key={`${shown.screen} ${sessionId}`}
          status={shown}
          site={site}
          t={t}
          language={language}
          choose={setChosen}
          languageName={languageName}
          send={send}
        />
      )}
      <Corner
        key={`corner ${sessionId}`}
        t={t}
        site={site}
        mayCancel={screen !== 'lost' && cancellable.includes(screen)}
        cancel={() => void send({ type: 'cancel' })}
        language={language}
        languageName={languageName}
        choose={setChosen}
        looks={looks}
        look={setLooks}
      />
      <MainLineAloud />
      {shown !== null && shown.warning !== null && (
        <Overlay title={t.warning.main} close={() => void send({ type: 'stay' })} urgent>
          <p>{t.warning.below(shown.warning.secondsLeft)}</p>
          <Button color="primary" className="wide-button" onClick={() => void send({ type: 'stay' })}>
            {t.warning.stay}
          </Button>
        </Overlay>
      )}
    </div>
  );
}

/** The main line and what stands below it, said once at each change of screen: the region stays, its words change. */
function MainLineAloud(): ReactElement {
  const [words, setWords] = useState('');
  useEffect(() => {
    const heading = document.querySelector('h1')?.textContent ?? '';
    const below = document.querySelector('.words .below')?.textContent ?? '';
    setWords(`${heading}. ${below}`);
  });
  return (
    <p className="visually-hidden" aria-live="polite">
      {words}
    </p>
  );
}

const page = document.getElementById('page');
if (page !== null) {
  createRoot(page).render(
    <StrictMode>
      <CitizenPage />
    </StrictMode>,
  );
}
