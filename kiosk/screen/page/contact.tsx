import { type ReactElement, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import type { CitizenRequest } from './connection.ts';
import { DigitEntry } from './digits.tsx';
import { drawingOf } from './drawings/drawings.tsx';
import { Screen } from './frame.tsx';
import { EmailKeyboard } from './keys.tsx';
import type { Texts } from './texts/texts.ts';

type Of<Name extends CitizenScreen['screen']> = Extract<CitizenScreen, { screen: Name }>;
interface Asking<Name extends CitizenScreen['screen']> {
  readonly status: Of<Name>;
  readonly send: (command: CitizenRequest) => Promise<boolean>;
  readonly t: Texts;
}

/** Only whether it looks finished, to free the button: whether it is an address is the session's to say, whether it is theirs the code's. */
const looksComplete = (email: string): boolean => /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*\.[^\s@.]{2,}$/.test(email);

/** Where the region offers both, the citizen chooses; the choice then stands in the place of the sentence that says how it comes. */
export function Contact(props: Asking<'contact'> & { readonly language: string }): ReactElement {
  const { channels } = props.status;
  const [channel, setChannel] = useState(channels[0] ?? 'email');
  const { t } = props;
  const choice =
    channels.length < 2 ? null : (
      <div className="channels" role="group" aria-label={t.contact.main}>
        {channels.map((one) => (
          <button key={one} type="button" className="quiet" aria-pressed={one === channel} onClick={() => setChannel(one)}>
            {one === 'email' ? t.contact.byEmail : t.contact.bySms}
          </button>
        ))}
      </div>
    );
  return channel === 'email' ? <Email {...props} choice={choice} /> : <Mobile {...props} choice={choice} />;
}

type Addressing = Asking<'contact'> & { readonly language: string; readonly choice: ReactElement | null };

const mobileLength = 10;

function Mobile({ status, send, t, language, choice }: Addressing): ReactElement {
  const [mobile, setMobile] = useState('');
  const [sending, setSending] = useState(false);
  const complete = mobile.length >= mobileLength - 1;
  const fitting = (text: string): string => text.replace(/\D/g, '').slice(0, mobileLength);
  const submit = (): void => {
    if (!complete || sending) return;
    setSending(true);
    void send({ type: 'contact-mobile', mobile, language }).then(() => setSending(false));
  };
  return (
    <Screen
      main={t.contact.main}
      drawing={drawingOf(status)}
      wide
      button={{ text: t.contact.send, press: submit, disabled: !complete || sending }}
    >
      {choice ?? (
        <label className="below" htmlFor="mobile">
          {t.contact.belowMobile}
        </label>
      )}
      <DigitEntry
        name="mobile"
        form="email"
        label={t.contact.mobileLabel}
        shown={mobile}
        problem={status.problem === null ? null : t.contact.problems[status.problem]}
        submit={submit}
        written={(text) => setMobile(fitting(text))}
        keypad={{
          label: t.contactCode.keypad,
          erase: t.contact.erase,
          type: (text) => setMobile((before) => fitting(before + text)),
          eraseOne: () => setMobile((before) => before.slice(0, -1)),
        }}
      />
    </Screen>
  );
}

function Email({ status, send, t, language, choice }: Addressing): ReactElement {
  const [email, setEmail] = useState('');
  const [sending, setSending] = useState(false);
  const complete = looksComplete(email);
  const field = useRef<HTMLInputElement>(null);
  // With the screen and not after it: what is typed at once is typed here.
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = (): void => {
    if (!complete || sending) return;
    setSending(true);
    void send({ type: 'contact', email, language }).then(() => setSending(false));
  };
  return (
    <Screen
      main={t.contact.main}
      drawing={drawingOf(status)}
      wide
      button={{ text: t.contact.send, press: submit, disabled: !complete || sending }}
    >
      {choice ?? (
        <label className="below" htmlFor="email">
          {t.contact.below}
        </label>
      )}
      <form
        className="email"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <input
          ref={field}
          id="email"
          aria-label={t.contact.label}
          type="text"
          inputMode="none"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          maxLength={254}
          aria-invalid={status.problem !== null}
          aria-describedby="email-problem"
          value={email}
          onChange={(event) => setEmail(event.target.value.replace(/\s/g, ''))}
        />
        {complete && (
          <svg className="complete" viewBox="0 0 24 24" role="img" aria-label={t.contact.complete}>
            <path d="M5 13l5 5 9-11" />
          </svg>
        )}
      </form>
      <p id="email-problem" className="problem" role="alert">
        {status.problem !== null && t.contact.problems[status.problem]}
      </p>
      <EmailKeyboard
        label={t.contact.keyboard}
        erase={t.contact.erase}
        type={(text) => setEmail((before) => (before + text).slice(0, 254))}
        eraseOne={() => setEmail((before) => before.slice(0, -1))}
      />
    </Screen>
  );
}

const codeLength = 6;

export function ContactCode({ status, send, t }: Asking<'contact-code'>): ReactElement {
  const [code, setCode] = useState('');
  const [sending, setSending] = useState(false);
  const waits = useSecondsUntil(status.resendAfter);
  const fitting = (text: string): string => text.replace(/\D/g, '').slice(0, codeLength);
  const submit = (): void => {
    if (code.length !== codeLength || sending) return;
    setSending(true);
    // Gone from the page as it is sent, whatever the answer.
    setCode('');
    void send({ type: 'contact-code', code }).then(() => setSending(false));
  };
  return (
    <Screen
      main={t.contactCode.main}
      drawing={drawingOf(status)}
      wide
      button={{ text: t.contactCode.confirm, press: submit, disabled: code.length !== codeLength || sending }}
    >
      <p className="below">{t.contactCode.below(status.masked)}</p>
      <DigitEntry
        name="code"
        form="code"
        label={t.contactCode.label}
        autoComplete="one-time-code"
        longest={codeLength}
        shown={code}
        boxed={codeLength}
        problem={status.problem === null ? null : t.contactCode.wrong(status.triesLeft)}
        submit={submit}
        written={(text) => setCode(fitting(text))}
        others={
          <div className="code-others">
            <button type="button" className="quiet" disabled={waits > 0} onClick={() => void send({ type: 'resend-code' })}>
              {waits > 0 ? t.contactCode.resendIn(waits) : t.contactCode.resend}
            </button>
            <button type="button" className="quiet" onClick={() => void send({ type: 'change-contact' })}>
              {t.contactCode.change}
            </button>
          </div>
        }
        keypad={{
          label: t.contactCode.keypad,
          erase: t.contactCode.erase,
          type: (text) => setCode((before) => fitting(before + text)),
          eraseOne: () => setCode((before) => before.slice(0, -1)),
        }}
      />
    </Screen>
  );
}

/** Whole seconds from now to an ISO instant, counted down; 0 once it is there. */
function useSecondsUntil(instant: string): number {
  const left = (): number => Math.max(0, Math.ceil((Date.parse(instant) - Date.now()) / 1000));
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 500);
    return () => clearInterval(timer);
  }, [instant]);
  return seconds;
}
