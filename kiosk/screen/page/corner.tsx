import { type ReactElement, useState } from 'react';
import { Button } from 'design-react-kit';
import type { Language, Site } from '../site.ts';
import { Overlay } from './frame.tsx';
import type { Texts } from './texts/texts.ts';

export interface Looks {
  readonly contrast: boolean;
  readonly larger: boolean;
}
export const usualLooks: Looks = { contrast: false, larger: false };

type Opened = 'cancel' | 'help' | 'language' | 'accessibility';

const icons: Readonly<Record<Opened, string>> = {
  cancel: 'M6 6l12 12M18 6L6 18',
  help: 'M9 9.2a3 3 0 1 1 4.4 2.6c-1 .5-1.4 1.1-1.4 2.2M12 17.4v.1M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19z',
  language: 'M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zM2.5 12h19M12 2.5c3 2.6 4 6 4 9.5s-1 6.9-4 9.5c-3-2.6-4-6-4-9.5s1-6.9 4-9.5z',
  accessibility: 'M12 5.2v.1M5.5 9.2c4.3 1.2 8.7 1.2 13 0M12 10.2v4.3M9 20l3-5.5L15 20M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19z',
};

/** The row that never moves: stop, help, language, how it looks. */
export function Corner({
  t,
  site,
  mayCancel,
  cancel,
  language,
  languageName,
  choose,
  looks,
  look,
}: {
  readonly t: Texts;
  readonly site: Site | null;
  readonly mayCancel: boolean;
  readonly cancel: () => void;
  readonly language: Language;
  readonly languageName: (language: Language) => string;
  readonly choose: (language: Language) => void;
  readonly looks: Looks;
  readonly look: (looks: Looks) => void;
}): ReactElement {
  const [opened, setOpened] = useState<Opened | null>(null);
  const close = (): void => setOpened(null);
  return (
    <>
      <nav className="corner" aria-label={t.corner.label}>
        {(['cancel', 'help', 'language', 'accessibility'] as const).map((name) => (
          <button key={name} type="button" disabled={name === 'cancel' && !mayCancel} onClick={() => setOpened(name)}>
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d={icons[name]} />
            </svg>
            {t.corner[name]}
          </button>
        ))}
      </nav>
      {opened === 'cancel' && mayCancel && (
        <Overlay title={t.cancel.main} close={close}>
          <p>{t.cancel.below}</p>
          <Button color="primary" className="wide-button" onClick={close}>
            {t.cancel.no}
          </Button>
          <Button
            color="primary"
            outline
            className="wide-button"
            onClick={() => {
              close();
              cancel();
            }}
          >
            {t.cancel.yes}
          </Button>
        </Overlay>
      )}
      {opened === 'help' && (
        <Overlay title={t.help.main} close={close} closeText={t.close}>
          <ol className="lines">
            {t.help.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          {site !== null && (
            <p>
              {t.help.person} <strong className="number">{site.helpLine}</strong>.
            </p>
          )}
        </Overlay>
      )}
      {opened === 'language' && (
        <Overlay title={t.languageChoice.main} close={close} closeText={t.close}>
          <div className="choices">
            {(site?.languages ?? []).map((one) => (
              <button key={one} type="button" className="quiet" lang={one} aria-pressed={one === language} onClick={() => choose(one)}>
                {languageName(one)}
              </button>
            ))}
          </div>
        </Overlay>
      )}
      {opened === 'accessibility' && (
        <Overlay title={t.accessibility.main} close={close} closeText={t.close}>
          <div className="choices">
            {(['contrast', 'larger'] as const).map((name) => (
              <button
                key={name}
                type="button"
                className="quiet"
                aria-pressed={looks[name]}
                onClick={() => look({ ...looks, [name]: !looks[name] })}
              >
                {t.accessibility[name]}
                <span className="state">{looks[name] ? t.accessibility.on : t.accessibility.off}</span>
              </button>
            ))}
          </div>
        </Overlay>
      )}
    </>
  );
}
