import { type ReactElement, useEffect, useRef, useState } from 'react';
import type { UnblockProblem } from '../../../flows/operations/pin-unblock.ts';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import type { CitizenRequest } from './connection.ts';
import { drawingOf } from './drawings/drawings.tsx';
import { Screen } from './frame.tsx';
import { Keypad } from './keys.tsx';
import type { Texts } from './texts/texts.ts';

type Step = 'puk' | 'pin' | 'again';

/** What stands in the page for each digit: no code is in it, not even while it is typed. */
const dot = '•';

/** The PUK, then the new PIN twice: shown as dots, compared here, and sent once. What was typed is gone from the page as it is sent. */
export function Unblock({
  status,
  send,
  t,
}: {
  readonly status: Extract<CitizenScreen, { screen: 'unblock' }>;
  readonly send: (command: CitizenRequest) => Promise<boolean>;
  readonly t: Texts;
}): ReactElement {
  const { puk: pukLength, shortestPin, longestPin } = status.lengths;
  const [step, setStep] = useState<Step>('puk');
  const [typed, setTyped] = useState('');
  const [puk, setPuk] = useState('');
  const [pin, setPin] = useState('');
  const [unequal, setUnequal] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), [step]);

  const longest = step === 'puk' ? pukLength : longestPin;
  const complete = typed.length >= (step === 'puk' ? pukLength : shortestPin);
  const change = (text: string): void => setTyped(text.replace(/\D/g, '').slice(0, longest));
  const go = (to: Step): void => {
    setTyped('');
    setStep(to);
  };
  const submit = (): void => {
    if (!complete) return;
    if (step === 'puk') {
      setPuk(typed);
      go('pin');
    } else if (step === 'pin') {
      setPin(typed);
      setUnequal(false);
      go('again');
    } else if (typed !== pin) {
      setPin('');
      setUnequal(true);
      go('pin');
    } else {
      setPuk('');
      setPin('');
      go('puk');
      void send({ type: 'unblock', puk, newPin: typed });
    }
  };
  const problem = unequal ? t.unblock.unequal : step === 'puk' && status.problem !== null ? wordsFor(status.problem, t) : null;
  const { main, below, label } = t.unblock.steps[step];
  return (
    <Screen
      main={main}
      drawing={drawingOf(status)}
      wide
      button={{ text: step === 'again' ? t.unblock.set : t.unblock.on, press: submit, disabled: !complete }}
    >
      <p className="below">{below(step === 'puk' ? String(pukLength) : `${shortestPin}–${longestPin}`)}</p>
      <div className="code-entry">
        <div className="code-side">
          <form
            className="code hidden-code"
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              submit();
            }}
          >
            <input
              ref={field}
              aria-label={label}
              type="text"
              inputMode="none"
              autoComplete="off"
              maxLength={longest}
              aria-invalid={problem !== null}
              aria-describedby="unblock-problem"
              value={dot.repeat(typed.length)}
              onChange={({ target: { value } }) => change(typed.slice(0, value.split(dot).length - 1) + value.replaceAll(dot, ''))}
            />
            <div className="boxes" aria-hidden="true">
              {Array.from({ length: longest }, (_, index) => (
                <span key={index} className={index === typed.length ? 'box next' : 'box'}>
                  {index < typed.length && dot}
                </span>
              ))}
            </div>
          </form>
          <p id="unblock-problem" className="problem" role="alert">
            {problem}
          </p>
          <div className="code-others">
            {step === 'puk' ? (
              <button type="button" className="quiet" onClick={() => void send({ type: 'no-puk' })}>
                {t.unblock.noPuk}
              </button>
            ) : (
              <button type="button" className="quiet" onClick={() => go('puk')}>
                {t.unblock.back}
              </button>
            )}
          </div>
        </div>
        <Keypad
          label={t.contactCode.keypad}
          erase={t.contactCode.erase}
          type={(text) => change(typed + text)}
          eraseOne={() => change(typed.slice(0, -1))}
        />
      </div>
    </Screen>
  );
}

function wordsFor(problem: UnblockProblem, { unblock }: Texts): string {
  if (problem.kind !== 'wrong-puk') return unblock.problems[problem.kind];
  return problem.triesLeft === null ? unblock.wrongPukUncounted : unblock.wrongPuk(problem.triesLeft);
}
