import { type ReactElement, useState } from 'react';
import type { UnblockProblem } from '../../../flows/operations/pin-unblock.ts';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import type { CitizenRequest } from './connection.ts';
import { DigitEntry } from './digits.tsx';
import { drawingOf } from './drawings/drawings.tsx';
import { Screen } from './frame.tsx';
import type { Texts } from './texts/texts.ts';

type Step = 'puk' | 'pin' | 'again';

/** What stands in the page for each digit: no code is in it, not even while it is typed. */
const dot = '•';

/** The PUK, then the new PIN twice: compared here, and sent once. What was typed is gone from the page as it is sent. */
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
  const [puk, setPuk] = useState('');
  const [pin, setPin] = useState('');
  const [unequal, setUnequal] = useState(false);

  const done = (typed: string): void => {
    if (step === 'puk') {
      setPuk(typed);
      setStep('pin');
    } else if (step === 'pin') {
      setPin(typed);
      setUnequal(false);
      setStep('again');
    } else if (typed !== pin) {
      setPin('');
      setUnequal(true);
      setStep('pin');
    } else {
      setPuk('');
      setPin('');
      setStep('puk');
      void send({ type: 'unblock', puk, newPin: typed });
    }
  };
  const { main, below, label } = t.unblock.steps[step];
  return (
    <HiddenEntry
      key={step}
      t={t}
      drawing={drawingOf(status)}
      main={main}
      below={below(step === 'puk' ? String(pukLength) : `${shortestPin}–${longestPin}`)}
      label={label}
      shortest={step === 'puk' ? pukLength : shortestPin}
      longest={step === 'puk' ? pukLength : longestPin}
      problem={unequal ? t.unblock.unequal : step === 'puk' && status.problem !== null ? wordsFor(status.problem, t) : null}
      on={step === 'again' ? t.unblock.set : t.unblock.on}
      done={done}
      other={
        step === 'puk'
          ? { text: t.unblock.noPuk, press: () => void send({ type: 'no-puk' }) }
          : { text: t.unblock.back, press: () => setStep('puk') }
      }
    />
  );
}

/** The PIN of the card before, and that another card is needed. */
export function PriorPin({
  status,
  send,
  t,
}: {
  readonly status: Extract<CitizenScreen, { screen: 'prior-pin' }>;
  readonly send: (command: CitizenRequest) => Promise<boolean>;
  readonly t: Texts;
}): ReactElement {
  const { wrongPin, lengths } = status;
  const { main, below, label } = t.priorPin;
  return (
    <HiddenEntry
      t={t}
      drawing={drawingOf(status)}
      main={main}
      below={below}
      label={label}
      shortest={lengths.shortestPin}
      longest={lengths.longestPin}
      problem={wrongPin === null ? null : wrongPin.triesLeft === null ? t.priorPin.wrongUncounted : t.priorPin.wrong(wrongPin.triesLeft)}
      on={t.unblock.on}
      done={(pin) => void send({ type: 'prior-pin', pin })}
      other={null}
    />
  );
}

/** Digits that nobody may read: shown as dots, and gone from here as soon as they are given. */
function HiddenEntry({
  t,
  drawing,
  main,
  below,
  label,
  shortest,
  longest,
  problem,
  on,
  done,
  other,
}: {
  readonly t: Texts;
  readonly drawing: ReactElement;
  readonly main: string;
  readonly below: string;
  readonly label: string;
  readonly shortest: number;
  readonly longest: number;
  readonly problem: string | null;
  readonly on: string;
  readonly done: (typed: string) => void;
  readonly other: { readonly text: string; readonly press: () => void } | null;
}): ReactElement {
  const [typed, setTyped] = useState('');
  const complete = typed.length >= shortest;
  const write = (text: string): void => setTyped(text.replace(/\D/g, '').slice(0, longest));
  const submit = (): void => {
    if (!complete) return;
    setTyped('');
    done(typed);
  };
  return (
    <Screen main={main} drawing={drawing} wide button={{ text: on, press: submit, disabled: !complete }}>
      <p className="below">{below}</p>
      <DigitEntry
        name="hidden"
        form="code hidden-code"
        label={label}
        longest={longest}
        shown={dot.repeat(typed.length)}
        boxed={longest}
        problem={problem}
        submit={submit}
        written={(text) => write(typed.slice(0, text.split(dot).length - 1) + text.replaceAll(dot, ''))}
        others={
          other !== null && (
            <div className="code-others">
              <button type="button" className="quiet" onClick={other.press}>
                {other.text}
              </button>
            </div>
          )
        }
        keypad={{
          label: t.contactCode.keypad,
          erase: t.contactCode.erase,
          type: (text) => write(typed + text),
          eraseOne: () => write(typed.slice(0, -1)),
        }}
      />
    </Screen>
  );
}

function wordsFor(problem: UnblockProblem, { unblock }: Texts): string {
  if (problem.kind !== 'wrong-puk') return unblock.problems[problem.kind];
  return problem.triesLeft === null ? unblock.wrongPukUncounted : unblock.wrongPuk(problem.triesLeft);
}
