import { type Code, secondPart } from './codes.ts';
import type { Letter } from './letters.ts';
import type { RemotePart } from './remote-issue-store.ts';

/** What each part says of codes that are given at a distance: the first goes by e-mail and the second by text message (COD-17). */
export function remoteLetter(part: RemotePart, codes: readonly Code[]): Letter {
  const first = part === 'first-part';
  const shown = (code: Code): string => (first ? code.value.slice(0, code.paperCharacters) : secondPart(code));
  const lines = (words: string): string => codes.map((code) => `    ${code.label} - ${words}: ${shown(code)}`).join('\n');
  const lengths = (of: string): string =>
    codes.map(({ label, value, paperCharacters: long }) => `${label}: ${long} + ${value.length - long} = ${value.length} ${of}`).join('; ');
  const [it, en, itNumber] = first ? ['prima parte', 'first part', 'La prima'] : ['seconda parte', 'second part', 'La seconda'];
  return {
    subject: `Tessera sanitaria: la ${it} dei tuoi codici / Health card: the ${en} of your codes`,
    short: `Tessera sanitaria. ${itNumber} parte dei tuoi codici: ${codes.map((code) => `${code.label} ${shown(code)}`).join(', ')}. Prima leggi le cifre dell'e-mail, poi quelle dell'SMS. Non mostrarle a nessuno.`,
    text: `Hai chiesto a distanza i codici della tessera, e ti abbiamo riconosciuto in
videochiamata. Questa è la ${it}:

${lines(it)}

L’altra parte arriva per un’altra via: la prima per e-mail, la seconda con un SMS.
Ogni codice si legge di seguito: prima le cifre dell’e-mail, poi quelle dell’SMS
(${lengths('cifre')}).

Conserva i due messaggi lontano dalla tessera, e non mostrarli a nessuno.
Nessun ufficio ti chiederà mai questi codici.

---

You asked for the codes of the card at a distance, and were recognised by video. This
is the ${en}:

${lines(en)}

The other part comes another way: the first by e-mail, the second by text message.
Read each code in one go: first the digits of the e-mail, then those of the text
message (${lengths('digits')}).

Keep both messages away from the card, and show them to nobody.
No office will ever ask you for these codes.
`,
  };
}
