import type { ReactElement } from 'react';

const backspace = '⌫';

function Key({
  value,
  label,
  press,
  kind = '',
}: {
  readonly value: string;
  readonly label?: string;
  readonly press: () => void;
  readonly kind?: string;
}): ReactElement {
  return (
    // The pointer must not take the focus from the field that is written in.
    <button type="button" className={`key ${kind}`} aria-label={label} onPointerDown={(event) => event.preventDefault()} onClick={press}>
      {value}
    </button>
  );
}

/** Rows, of which the last two stand side by side where the display is wide. */
const emailRows = [
  ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', backspace],
  ['q', 'w', 'e', 'r', 't', 'y', 'u', 'i', 'o', 'p', '-'],
  ['a', 's', 'd', 'f', 'g', 'h', 'j', 'k', 'l', '_', '@'],
];
const lastEmailRows = [
  ['z', 'x', 'c', 'v', 'b', 'n', 'm', '.', '+'],
  ['@gmail.com', '.it', '.com'],
];

interface Typing {
  readonly label: string;
  readonly erase: string;
  readonly type: (text: string) => void;
  readonly eraseOne: () => void;
}

/** All that an e-mail address is made of, without a second layer. */
export function EmailKeyboard({ label, erase, type, eraseOne }: Typing): ReactElement {
  const row = (keys: readonly string[]): ReactElement => (
    <div key={keys[0]} className="row-of-keys">
      {keys.map((key) =>
        key === backspace ? (
          <Key key={key} value={key} label={erase} press={eraseOne} kind="strong" />
        ) : (
          <Key key={key} value={key} press={() => type(key)} kind={key.length > 1 ? 'long' : key === '@' ? 'strong' : ''} />
        ),
      )}
    </div>
  );
  return (
    <div className="keyboard" role="group" aria-label={label}>
      {emailRows.map(row)}
      <div className="last-rows">{lastEmailRows.map(row)}</div>
    </div>
  );
}

const digitRows = [
  ['1', '2', '3'],
  ['4', '5', '6'],
  ['7', '8', '9'],
  ['', '0', backspace],
];

export function Keypad({ label, erase, type, eraseOne }: Typing): ReactElement {
  return (
    <div className="keypad" role="group" aria-label={label}>
      {digitRows
        .flat()
        .map((key) =>
          key === '' ? (
            <span key="gap" />
          ) : key === backspace ? (
            <Key key={key} value={key} label={erase} press={eraseOne} kind="strong" />
          ) : (
            <Key key={key} value={key} press={() => type(key)} />
          ),
        )}
    </div>
  );
}
