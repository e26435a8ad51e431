import type { DocumentType } from '../people/identity-document.ts';
import type { Form, HolderCase, Operation, Place } from './vocabulary.ts';

/** The vocabulary in Italian, as it stands inside a sentence. */
export const placesIt: Readonly<Record<Place, string>> = {
  pharmacy: 'in farmacia',
  'health-authority': 'allo sportello dell’azienda sanitaria',
  municipality: 'all’ufficio del Comune',
  'regional-office': 'allo sportello della Regione',
  'space-region': 'allo spazioRegione',
  'call-centre': 'al telefono',
  web: 'sul web',
};

export const operationsIt: Readonly<Record<Operation, string>> = {
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

export const casesIt: Readonly<Record<HolderCase, string>> = {
  adult: 'maggiorenne',
  minor: 'minore',
  'emancipated-minor': 'minore emancipato',
  ward: 'persona sotto tutela',
  delegate: 'persona rappresentata da un delegato',
};

export const formsIt: Readonly<Record<Form, string>> = {
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

export const documentsIt: Readonly<Record<DocumentType, string>> = {
  'identity-card': 'carta d’identità',
  passport: 'passaporto',
  'driving-licence': 'patente di guida',
  'boating-licence': 'patente nautica',
  'pension-book': 'libretto di pensione',
  'boiler-operator-licence': 'patentino per impianti termici',
  'firearms-licence': 'porto d’armi',
  'other-state-card': 'altra tessera con foto e timbro di un’amministrazione dello Stato',
};
