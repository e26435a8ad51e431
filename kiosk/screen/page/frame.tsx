import { Button } from 'design-react-kit';
import { type ReactElement, type ReactNode, useEffect, useRef } from 'react';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import type { Texts } from './texts/texts.ts';

/** On which of the four steps a screen stands; 4: all are behind. Where there is no way through, there are no steps. */
const stepOf: Readonly<Partial<Record<CitizenScreen['screen'], number>>> = {
  welcome: 0,
  reading: 0,
  recognised: 0,
  menu: 0,
  notice: 0,
  operator: 1,
  contact: 2,
  'contact-code': 2,
  issuing: 3,
  envelope: 3,
  'envelope-done': 4,
  'print-failed': 3,
  collect: 3,
  done: 4,
};

export function Steps({ screen, t }: { readonly screen: CitizenScreen['screen'] | 'lost'; readonly t: Texts }): ReactElement | null {
  const current = screen === 'lost' ? undefined : stepOf[screen];
  if (current === undefined) return null;
  return (
    <ol className="steps" aria-label={t.steps.label}>
      {t.steps.names.map((name, index) => (
        <li key={name} className={index < current ? 'behind' : ''} aria-current={index === current ? 'step' : undefined}>
          <span className="dot" aria-hidden="true">
            {index < current ? (
              <svg viewBox="0 0 24 24">
                <path d="M5 13l5 5 9-11" />
              </svg>
            ) : (
              index + 1
            )}
          </span>
          <span className="name">{name}</span>
          {index < current && <span className="visually-hidden"> ({t.steps.done})</span>}
        </li>
      ))}
    </ol>
  );
}

export interface MainButton {
  readonly text: string;
  readonly press: () => void;
  readonly disabled?: boolean;
  readonly secondary?: boolean;
}

/** The four places of every screen: where we are (above, outside), the one thing to do, the main button. */
export function Screen({
  main,
  drawing,
  children,
  button,
  wide = false,
}: {
  readonly main: string;
  readonly drawing: ReactElement | null;
  readonly children?: ReactNode;
  readonly button?: MainButton | undefined;
  /** For a keyboard: no room is spent on the picture. */
  readonly wide?: boolean;
}): ReactElement {
  return (
    <>
      <main className={wide ? 'middle wide' : 'middle'}>
        {drawing !== null && <div className="picture">{drawing}</div>}
        <div className="words">
          <h1>{main}</h1>
          {children}
        </div>
      </main>
      <div className="main-button">
        {button !== undefined && (
          <Button color="primary" outline={button.secondary === true} disabled={button.disabled === true} onClick={button.press}>
            {button.text}
          </Button>
        )}
      </div>
    </>
  );
}

/** Something laid over the screen: it takes the keyboard until it is closed, and gives it back. */
export function Overlay({
  title,
  close,
  closeText,
  children,
  urgent = false,
  kind = '',
}: {
  readonly title: string;
  readonly close: () => void;
  /** Without it, the contents bring the buttons. */
  readonly closeText?: string;
  readonly children: ReactNode;
  readonly urgent?: boolean;
  /** What is laid over, for its looks. */
  readonly kind?: string;
}): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className={`overlay ${kind}`}
      role={urgent ? 'alertdialog' : undefined}
      aria-labelledby="overlay-title"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <h2 id="overlay-title">{title}</h2>
      {children}
      {closeText !== undefined && (
        <Button color="primary" className="wide-button" onClick={close}>
          {closeText}
        </Button>
      )}
    </dialog>
  );
}
