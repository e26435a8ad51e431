import { type Code, secondPart } from './codes.ts';

/** What a person is told: as a mail, and short enough for a text message. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly short: string;
}

export function codeLetter(code: string): Letter {
  return {
    subject: 'Il tuo codice di verifica / Your verification code',
    short: `Il tuo codice di verifica è: ${code}. Scrivilo sullo schermo dello sportello entro 10 minuti. Se non lo hai chiesto tu, ignora questo messaggio.`,
    text: `Il tuo codice di verifica è: ${code}

Scrivilo sullo schermo dello sportello entro 10 minuti.
Se non lo hai chiesto tu, ignora questo messaggio.

---

Your verification code is: ${code}

Type it on the screen of the desk within 10 minutes.
If you did not ask for it, ignore this message.
`,
  };
}

export function secondPartLetter(codes: readonly Code[]): Letter {
  const line =
    (words: string) =>
    (code: Code): string =>
      `    ${code.label} - ${words}: ${secondPart(code)}`;
  const lengths =
    (of: string) =>
    (code: Code): string =>
      `${code.label}: ${code.paperCharacters} + ${secondPart(code).length} = ${code.value.length} ${of}`;
  return {
    short: `Tessera sanitaria. Seconda parte dei tuoi codici: ${codes.map((code) => `${code.label} ${secondPart(code)}`).join(', ')}. Prima leggi le cifre del foglio, poi queste. Non mostrarle a nessuno.`,
    subject: `Tessera sanitaria: la seconda parte dei tuoi codici / Health card: the second part of your codes`,
    text: `Hai chiesto i codici della tua tessera. Questa è la seconda parte:

${codes.map(line('seconda parte')).join('\n')}

Ogni codice si legge di seguito: prima le cifre stampate sul foglio ricevuto allo
sportello, poi quelle scritte qui (${codes.map(lengths('cifre')).join('; ')}).

Conserva foglio e messaggio lontano dalla tessera, e non mostrarli a nessuno.
Nessun ufficio ti chiederà mai questi codici.

---

You asked for the codes of your card. This is the second part:

${codes.map(line('second part')).join('\n')}

Read each code in one go: first the digits printed on the slip that you were given at
the desk, then the ones written here (${codes.map(lengths('digits')).join('; ')}).

Keep slip and message away from the card, and show them to nobody.
No office will ever ask you for these codes.
`,
  };
}
