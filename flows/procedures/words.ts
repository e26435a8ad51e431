import type { DocumentType } from '../people/identity-document.ts';
import type { Form, HolderCase, Operation, Place } from './vocabulary.ts';

/** The vocabulary as it stands inside a sentence: Italian for all that is decided and signed, both languages for what a citizen reads. */
export interface Words {
  readonly places: Readonly<Record<Place, string>>;
  readonly operations: Readonly<Record<Operation, string>>;
  readonly cases: Readonly<Record<HolderCase, string>>;
  readonly forms: Readonly<Record<Form, string>>;
  readonly documents: Readonly<Record<DocumentType, string>>;
}

export const placesIt: Words['places'] = {
  pharmacy: 'in farmacia',
  'health-authority': 'allo sportello dell’azienda sanitaria',
  municipality: 'all’ufficio del Comune',
  'regional-office': 'allo sportello della Regione',
  'space-region': 'allo spazioRegione',
  'call-centre': 'al telefono',
  web: 'sul web',
};

export const operationsIt: Words['operations'] = {
  activation: 'l’attivazione della tessera',
  reissue: 'il rilascio di nuovi codici',
  renewal: 'l’attivazione con la tessera precedente',
  suspension: 'la sospensione',
  reactivation: 'la riattivazione',
  revocation: 'la revoca',
  'interop-activation': 'l’attivazione di una tessera di un’altra regione',
  'interop-duplicate': 'il duplicato dei codici di una tessera di un’altra regione',
  'interop-revocation': 'la revoca di una tessera di un’altra regione',
  'signature-certificate': 'il certificato di firma',
  'reader-handout': 'la consegna del lettore',
  'pin-unblock': 'lo sblocco del PIN con il PUK',
  'validity-extension': 'la proroga della validità',
};

export const casesIt: Words['cases'] = {
  adult: 'maggiorenne',
  minor: 'minore',
  'emancipated-minor': 'minore emancipato',
  ward: 'persona sotto tutela',
  delegate: 'persona rappresentata da un delegato',
};

export const formsIt: Words['forms'] = {
  request: 'il modulo di richiesta firmato',
  delegation: 'il modulo di delega firmato',
  representative: 'il modulo firmato dal rappresentante legale',
  kinship: 'il modulo che attesta la parentela',
  'parental-authority': 'l’autocertificazione della responsabilità genitoriale, firmata',
  guardianship: 'l’autocertificazione della tutela, firmata',
  'court-papers': 'il provvedimento del tribunale',
  'emancipation-proof': 'la prova dell’emancipazione (documento, copia dell’atto o autocertificazione)',
  'signature-request': 'il modulo firmato per il certificato di firma',
  'reader-request': 'il modulo per il lettore',
  'validity-extension': 'la richiesta di proroga',
};

export const documentsIt: Words['documents'] = {
  'identity-card': 'carta d’identità',
  passport: 'passaporto',
  'driving-licence': 'patente di guida',
  'boating-licence': 'patente nautica',
  'pension-book': 'libretto di pensione',
  'boiler-operator-licence': 'patentino per impianti termici',
  'firearms-licence': 'porto d’armi',
  'other-state-card': 'altra tessera con foto e timbro di un’amministrazione dello Stato',
};

const english: Words = {
  places: {
    pharmacy: 'at a pharmacy',
    'health-authority': 'at a desk of the health authority',
    municipality: 'at the municipality’s office',
    'regional-office': 'at a desk of the Region',
    'space-region': 'at a spazioRegione',
    'call-centre': 'by telephone',
    web: 'on the web',
  },
  operations: {
    activation: 'the activation of the card',
    reissue: 'new codes',
    renewal: 'the activation by the card before',
    suspension: 'the suspension',
    reactivation: 'the reactivation',
    revocation: 'the revocation',
    'interop-activation': 'the activation of a card of another region',
    'interop-duplicate': 'new codes for a card of another region',
    'interop-revocation': 'the revocation of a card of another region',
    'signature-certificate': 'the signature certificate',
    'reader-handout': 'the card reader',
    'pin-unblock': 'the unblocking of the PIN by the PUK',
    'validity-extension': 'the extension of the validity',
  },
  cases: {
    adult: 'an adult',
    minor: 'a minor',
    'emancipated-minor': 'an emancipated minor',
    ward: 'a person under guardianship',
    delegate: 'a person for whom a delegate comes',
  },
  forms: {
    request: 'the signed request form',
    delegation: 'the signed delegation form',
    representative: 'the form signed by the legal representative',
    kinship: 'the form that states the kinship',
    'parental-authority': 'the signed self-declaration of parental authority',
    guardianship: 'the signed self-declaration of guardianship',
    'court-papers': 'the court’s decision',
    'emancipation-proof': 'the proof of the emancipation (a document, a copy of the act, or a self-declaration)',
    'signature-request': 'the signed form for the signature certificate',
    'reader-request': 'the form for the card reader',
    'validity-extension': 'the request for the extension',
  },
  documents: {
    'identity-card': 'identity card',
    passport: 'passport',
    'driving-licence': 'driving licence',
    'boating-licence': 'boating licence',
    'pension-book': 'pension book',
    'boiler-operator-licence': 'boiler operator’s licence',
    'firearms-licence': 'firearms licence',
    'other-state-card': 'another card with a photograph and a stamp of a State administration',
  },
};

export const words = {
  it: { places: placesIt, operations: operationsIt, cases: casesIt, forms: formsIt, documents: documentsIt },
  en: english,
} as const satisfies Record<string, Words>;
export type WordsLanguage = keyof typeof words;
