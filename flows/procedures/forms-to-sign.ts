import { forms } from './vocabulary.ts';

/**
 * Forms that the desk can print for a signature; a court's papers are brought. `loss`: what replaces a police report; `delegate-receipt`: what a delegate
 * signs as the paper part is handed over (SAR 9.3.3(6a)), on a sheet of its own, for the part itself goes along.
 */
export const formsToSign = [...forms.filter((form) => form !== 'court-papers'), 'loss', 'delegate-receipt'] as const;
export type FormToSign = (typeof formsToSign)[number];

/**
 * What a form says. `persons`: whose data are written by hand. `certified`: declared under articles 46 and 47 of DPR 445/2000, with the warning that its
 * article 76 wants. The regions' own forms are not in the sources: these words are ours [P], with the data that the procedures name.
 */
export interface FormText {
  readonly title: string;
  readonly persons: readonly string[];
  readonly certified: boolean;
  readonly statement: string;
  /** Lines to write on after the statement. */
  readonly blanks: readonly string[];
  readonly signedBy: string;
}

const card = 'Tessera Sanitaria - Carta Nazionale dei Servizi';

export const formTexts: Readonly<Record<FormToSign, FormText>> = {
  request: {
    title: 'Richiesta per la tessera',
    persons: ['Chi chiede'],
    certified: false,
    statement: `chiede per la propria ${card}:`,
    blanks: ['Operazione richiesta'],
    signedBy: 'Firma di chi chiede',
  },
  delegation: {
    title: 'Delega',
    persons: ['Titolare della tessera', 'Persona delegata'],
    certified: true,
    statement: `il titolare delega la persona indicata a chiedere e ritirare per lui i codici della ${card}, e dichiara di non potersi presentare per un impedimento che dura, in mesi:`,
    blanks: ['Mesi'],
    signedBy: 'Firma del titolare',
  },
  representative: {
    title: 'Richiesta del rappresentante legale',
    persons: ['Rappresentante', 'Titolare della tessera'],
    certified: true,
    statement: `dichiara di rappresentare per legge il titolare e chiede per lui, per la ${card}:`,
    blanks: ['Operazione richiesta', 'Titolo della rappresentanza'],
    signedBy: 'Firma del rappresentante',
  },
  kinship: {
    title: 'Dichiarazione di parentela',
    persons: ['Familiare', 'Titolare della tessera'],
    certified: true,
    statement: 'dichiara di essere parente del titolare, e che non vi sono parenti più vicini che possano presentarsi.',
    blanks: ['Grado e rapporto di parentela'],
    signedBy: 'Firma del familiare',
  },
  'parental-authority': {
    title: 'Dichiarazione di responsabilità genitoriale',
    persons: ['Genitore', 'Minore, titolare della tessera'],
    certified: true,
    statement: 'dichiara di esercitare la responsabilità genitoriale sul minore.',
    blanks: [],
    signedBy: 'Firma del genitore',
  },
  guardianship: {
    title: 'Dichiarazione di tutela',
    persons: ['Tutore', 'Titolare della tessera'],
    certified: true,
    statement: 'dichiara di essere stato nominato tutore del titolare con il provvedimento:',
    blanks: ['Tribunale, numero e data'],
    signedBy: 'Firma del tutore',
  },
  'emancipation-proof': {
    title: 'Dichiarazione di emancipazione',
    persons: ['Minore emancipato'],
    certified: true,
    statement: 'dichiara di essere emancipato per matrimonio (art. 390 del codice civile), con l’atto:',
    blanks: ['Comune, numero e data dell’atto'],
    signedBy: 'Firma del titolare',
  },
  'signature-request': {
    title: 'Richiesta del certificato di firma',
    persons: ['Titolare della tessera'],
    certified: false,
    statement: `chiede che sulla propria ${card} sia caricato il certificato di firma.`,
    blanks: [],
    signedBy: 'Firma del titolare',
  },
  'reader-request': {
    title: 'Richiesta del lettore di tessere',
    persons: ['Titolare della tessera'],
    certified: true,
    statement: 'chiede un lettore di tessere, e dichiara che nessun altro della sua famiglia anagrafica lo ha già ricevuto.',
    blanks: [],
    signedBy: 'Firma del titolare',
  },
  'validity-extension': {
    title: 'Richiesta di proroga',
    persons: ['Titolare della tessera'],
    certified: false,
    statement: `chiede la proroga della validità della propria ${card}.`,
    blanks: [],
    signedBy: 'Firma del titolare',
  },
  'delegate-receipt': {
    title: 'Ricevuta del delegato',
    persons: ['Persona delegata', 'Titolare della tessera'],
    certified: false,
    statement: `la persona delegata ha ricevuto, per il titolare, la prima parte dei codici della ${card}.`,
    blanks: [],
    signedBy: 'Firma della persona delegata',
  },
  loss: {
    title: 'Dichiarazione di furto o smarrimento',
    persons: ['Titolare della tessera'],
    certified: true,
    statement: `dichiara che la propria ${card} è stata rubata o smarrita:`,
    blanks: ['Furto o smarrimento', 'Dove e quando è successo'],
    signedBy: 'Firma del titolare',
  },
};
