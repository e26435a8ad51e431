import { type ReactElement, type ReactNode, useLayoutEffect, useRef } from 'react';
import { Keypad } from './keys.tsx';

/** Digits that are typed into a field, which has the focus, or on the keypad beside it; below it what is wrong with them, and what else can be done. */
export function DigitEntry({
  name,
  form,
  label,
  autoComplete = 'off',
  longest,
  shown,
  boxed,
  problem,
  submit,
  written,
  others,
  keypad,
}: {
  /** Of the field and of the words below it, within the page. */
  readonly name: string;
  readonly form: string;
  readonly label: string;
  readonly autoComplete?: string;
  readonly longest?: number;
  /** What stands in the field; `boxed`: and in so many boxes. */
  readonly shown: string;
  readonly boxed?: number;
  readonly problem: string | null;
  readonly submit: () => void;
  /** The field's whole text, as somebody left it. */
  readonly written: (text: string) => void;
  readonly others?: ReactNode;
  readonly keypad: Parameters<typeof Keypad>[0];
}): ReactElement {
  const field = useRef<HTMLInputElement>(null);
  // With the screen and not after it: what is typed at once is typed here.
  useLayoutEffect(() => field.current?.focus(), []);
  return (
    <div className="code-entry">
      <div className="code-side">
        <form
          className={form}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <input
            ref={field}
            id={name}
            aria-label={label}
            type="text"
            inputMode="none"
            autoComplete={autoComplete}
            maxLength={longest}
            aria-invalid={problem !== null}
            aria-describedby={`${name}-problem`}
            value={shown}
            onChange={(event) => written(event.target.value)}
          />
          {boxed !== undefined && (
            <div className="boxes" aria-hidden="true">
              {Array.from({ length: boxed }, (_, index) => (
                <span key={index} className={index === shown.length ? 'box next' : 'box'}>
                  {shown[index]}
                </span>
              ))}
            </div>
          )}
        </form>
        <p id={`${name}-problem`} className="problem" role="alert">
          {problem}
        </p>
        {others}
      </div>
      <Keypad {...keypad} />
    </div>
  );
}
