import { ok, err } from '../../../devices/result.ts';
import { remoteCaseChoices } from '../../../flows/procedures/remote-issue.ts';
import { caseChoices } from '../../../flows/procedures/case-choices.ts';
import type { Profile } from '../../../flows/procedures/profile.ts';
import { uncertainRevocation } from '../../../flows/procedures/uncertain-revocation.ts';
import type { HeldOperation } from '../../../flows/operations/resolution.ts';
import type { Sheet } from '../../../flows/ports/printing.ts';
import type { Finding, Operators, SignedOnOperator } from '../../../flows/ports/operators.ts';
import {
  type CitizenCommand,
  type CitizenScreen,
  type CitizenStatus,
  type CodesState,
  type ContactProblem,
  type OperatorCommand,
  type OperatorStatus,
  type SessionFacade,
  serviceProblems,
  envelopeStages,
  type StopReason,
  stopReasons,
  type RevocationStatus,
} from '../../../flows/session/status.ts';
import { referralOf } from '../../../flows/session/referral.ts';
import { isRemote, remoteOperations } from '../../../flows/ports/remote-issue.ts';
import { serviceOperations } from '../../../flows/ports/services.ts';
import type { EventName } from '../../../kiosk/log/events.ts';
import type { Log } from '../../../kiosk/log/log.ts';
import { readProfile } from '../../../kiosk/procedures/profiles.ts';
import type { BringOptions } from '../../../kiosk/screen/bring.ts';
import type { Site } from '../../../kiosk/screen/site.ts';
import { evidence } from '../../flows/fakes.ts';

export const sessionId = '3f9c2a71-5b1e-4c55-9a70-0d6f4e0b7c21';
export const operator: SignedOnOperator = { id: 'op-01', displayName: 'Operatore 1' };
export const operatorPin = '739415';

export const site: Site = {
  name: 'Casa della Comunità · Sportello 1',
  languages: ['it', 'en'],
  helpLine: '800 033 033',
  notice: {
    it: Array.from(
      { length: 8 },
      (_, n) =>
        `${n + 1}. Il titolare del trattamento tratta i dati della tessera e del documento per rilasciare i codici, come prevede la legge, e li conserva per il tempo che la legge indica.`,
    ),
    en: Array.from(
      { length: 8 },
      (_, n) =>
        `${n + 1}. The controller processes the data of card and document in order to issue the codes, as the law provides, and keeps them as long as the law says.`,
    ),
  },
};

const read = (id: string): Profile => {
  const profile = readProfile(id);
  if (!profile.ok) throw new Error(`the profile ${id} does not read`);
  return profile.value;
};
const sardegna = read('sardegna');
/** Its referrals are the longest. */
const lombardia = read('lombardia');

const stopped = (reason: (typeof stopReasons)[number]): Extract<CitizenScreen, { screen: 'stopped' }> => ({
  screen: 'stopped',
  reason,
  cardIn: reason !== 'card-removed' && reason !== 'slip-not-collected',
  codes: codesOf(reason),
  referral: referralOf(lombardia, { stop: reason }),
});

function codesOf(reason: StopReason): CodesState {
  if (reason === 'service-refused') return 'nothing-done';
  if (reason === 'service-unknown') return 'service-unknown';
  if (reason === 'certificate-not-loaded') return 'certificate-void';
  return reason === 'slip-not-collected' || reason === 'cms-refused' ? 'void' : reason === 'printer-failed' ? 'held' : 'not-issued';
}

const contactProblems = ['not-an-address', 'not-accepted', 'unreachable'] as const satisfies readonly ContactProblem[];
const code = { screen: 'contact-code', masked: 'm•••••@e••••••.it', resendAfter: '2020-01-01T00:00:00Z' } as const;

const lengths = { puk: 8, shortestPin: 5, longestPin: 8 } as const;
const menu = ['activation', 'reissue', 'suspension', 'revocation', 'signature-certificate', 'reader-handout', 'pin-unblock'] as const;

/** Every screen that a citizen can see, with each of its variants, by the name of its picture. */
export const citizenScreens: Readonly<Record<string, CitizenScreen>> = {
  starting: { screen: 'starting' },
  welcome: { screen: 'welcome' },
  reading: { screen: 'reading' },
  recognised: { screen: 'recognised', greeting: 'MARIO R.', maskedFiscalCode: 'RSS•••••••••501S', ofAge: true, others: false },
  'recognised-others': { screen: 'recognised', greeting: 'MARIO R.', maskedFiscalCode: 'RSS•••••••••501S', ofAge: true, others: true },
  menu: { screen: 'menu', greeting: 'MARIO R.', operations: menu, notActivated: null, referral: null },
  'menu-suspended': {
    screen: 'menu',
    greeting: 'MARIO R.',
    operations: ['reactivation', 'revocation'],
    notActivated: 'card-suspended',
    referral: null,
  },
  'menu-revoked': {
    screen: 'menu',
    greeting: 'MARIO R.',
    operations: ['reader-handout'],
    notActivated: 'card-revoked',
    referral: referralOf(lombardia, { stop: 'card-revoked' }),
  },
  notice: { screen: 'notice' },
  operator: { screen: 'operator' },
  contact: { screen: 'contact', channels: ['email'], problem: null },
  ...Object.fromEntries(
    contactProblems.map((problem) => [`contact-${problem}`, { screen: 'contact', channels: ['email'], problem } as const]),
  ),
  'contact-by-either': { screen: 'contact', channels: ['email', 'sms'], problem: null },
  'contact-mobile': { screen: 'contact', channels: ['sms', 'email'], problem: null },
  'contact-not-a-mobile': { screen: 'contact', channels: ['sms', 'email'], problem: 'not-a-mobile' },
  'contact-code': { ...code, triesLeft: 3, problem: null },
  'contact-code-wrong': { ...code, triesLeft: 2, problem: 'wrong-code' },
  'contact-code-last': { ...code, triesLeft: 1, problem: 'wrong-code', resendAfter: new Date(Date.now() + 90_000).toISOString() },
  'issuing-reserving': { screen: 'issuing', stage: 'reserving' },
  'issuing-preparing': { screen: 'issuing', stage: 'preparing' },
  'issuing-printing': { screen: 'issuing', stage: 'printing' },
  'issuing-recording': { screen: 'issuing', stage: 'recording' },
  unblock: { screen: 'unblock', lengths, problem: null },
  'unblock-wrong-puk': { screen: 'unblock', lengths, problem: { kind: 'wrong-puk', triesLeft: 1 } },
  'unblock-new-pin-refused': { screen: 'unblock', lengths, problem: { kind: 'new-pin-refused' } },
  unblocking: { screen: 'unblocking' },
  'prior-pin': { screen: 'prior-pin', lengths, wrongPin: null },
  'prior-pin-wrong': { screen: 'prior-pin', lengths, wrongPin: { triesLeft: 1 } },
  'swap-cards-out': { screen: 'swap-cards', cardIn: true, problem: null },
  'swap-cards-in': { screen: 'swap-cards', cardIn: false, problem: null },
  'swap-cards-other-holder': { screen: 'swap-cards', cardIn: true, problem: 'other-holder' },
  'unblock-done': { screen: 'unblock-done' },
  'print-failed': { screen: 'print-failed' },
  service: { screen: 'service', operation: 'suspension', cardInUse: false },
  'service-loading': { screen: 'service', operation: 'signature-certificate', cardInUse: true },
  ...Object.fromEntries(
    [...serviceOperations, ...remoteOperations].map((operation) => [
      `service-done-${operation}`,
      {
        screen: 'service-done',
        operation,
        cardIn: operation === 'signature-certificate',
        notice: isRemote(operation) ? 'none' : 'printing',
        referral: referralOf(lombardia, { done: operation }),
      } as const,
    ]),
  ),
  ...Object.fromEntries(
    envelopeStages.map((stage) => [`envelope-${stage}`, { screen: 'envelope', stage, cardIn: true, encrypted: true } as const]),
  ),
  'envelope-done': { screen: 'envelope-done', receipt: 'received', secured: true, notice: 'printed' },
  'envelope-done-pending': { screen: 'envelope-done', receipt: 'pending', secured: false, notice: 'not-printed' },
  collect: { screen: 'collect', cardIn: true },
  'collect-card-gone': { screen: 'collect', cardIn: false },
  'done-received': { screen: 'done', secondPart: 'received', masked: code.masked, until: null },
  'done-pending': { screen: 'done', secondPart: 'pending', masked: code.masked, until: '2026-11-23T18:00:00Z' },
  ...Object.fromEntries(stopReasons.map((reason) => [`stopped-${reason}`, stopped(reason)])),
  'card-forgotten': { screen: 'card-forgotten' },
  ...Object.fromEntries(serviceProblems.map((reason) => [`out-of-service-${reason}`, { screen: 'out-of-service', reason } as const])),
};

/** No session on these: nobody is there. */
const alone = ['starting', 'welcome', 'out-of-service'];

export function citizenStatus(screen: CitizenScreen, secondsLeft?: number): CitizenStatus {
  return {
    sessionId: alone.includes(screen.screen) ? null : sessionId,
    warning: secondsLeft === undefined ? null : { secondsLeft },
    ...screen,
  };
}

const issuer = 'CN=Regione Specimen - CA Cittadini, O=Sportello Specimen, C=IT';
const list = { issuer, thisUpdate: '2026-11-22T07:00:00.000Z', nextUpdate: '2026-11-23T07:00:00.000Z', stale: false };
const table = uncertainRevocation.parse({});

export const revocationScreens: Readonly<Record<string, RevocationStatus>> = {
  'revocation-fresh': { lists: [list], clockFault: null, table },
  'revocation-stale': {
    lists: [{ ...list, thisUpdate: '2026-11-20T07:00:00.000Z', nextUpdate: '2026-11-21T07:00:00.000Z', stale: true }],
    clockFault: null,
    table: { ...table, 'pin-unblock': { allowForSeconds: 43_200 } },
  },
  'revocation-none': { lists: [], clockFault: null, table },
  'revocation-clock': { lists: [list], clockFault: 'behind-crl', table },
};

const identify = {
  task: 'identify',
  operation: 'activation',
  card: { surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09', sex: 'M', fiscalCode: 'RSSMRA72L09H501S' },
  certificate: { status: 'good', crlAgeSeconds: 3 * 3600, uncertainRule: 'refuse' },
  documents: [
    { type: 'identity-card', citation: 'art. 35 DPR 445/2000', mayLackExpiry: false },
    { type: 'passport', citation: 'art. 35 DPR 445/2000', mayLackExpiry: false },
    { type: 'pension-book', citation: 'art. 35 DPR 445/2000', mayLackExpiry: true },
  ],
  cases: caseChoices(sardegna, { operation: 'activation', desk: 'pharmacy', today: '2026-11-22' }, '1972-07-09'),
  refusals: [],
} as const;

const refused = (rule: string, text: string) => [{ rule, text, citation: 'SAR 6.1.2' }];
const minor = { surname: 'ROSSI', name: 'LUCA', birthDate: '2014-11-20', sex: 'M', fiscalCode: 'RSSLCU14S20H501J' };

const service = {
  task: 'service',
  step: 'entering',
  operation: 'revocation',
  holder: { surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09', fiscalCode: 'RSSMRA72L09H501S' },
  cardShown: false,
  remote: null,
  documents: identify.documents,
  cases: caseChoices(sardegna, { operation: 'revocation', desk: 'pharmacy', today: '2026-11-22' }, '1972-07-09'),
  reasons: { allowed: ['theft', 'loss', 'compromise', 'malfunction'], proofOfLossFor: ['theft', 'loss'], citation: 'SAR 9.7.1' },
  papers: [],
  refusals: [],
  problem: null,
  cardStatus: null,
  reason: null,
  notes: [],
} as const;

const remoteCases = (birthDate: string) =>
  remoteCaseChoices(lombardia, { operation: 'activation', desk: 'space-region', today: '2026-11-22' }, birthDate);

const remote = {
  ...service,
  operation: 'activation',
  remote: { cardNumber: '80380000300000000002', contacts: null, citation: 'LOM (OP-REM)' },
  cases: remoteCases('1972-07-09'),
  reasons: null,
} as const;

export const operatorScreens: Readonly<Record<string, OperatorStatus['waiting']>> = {
  nobody: null,
  identify,
  'identify-document-expired': { ...identify, refusals: refused('DOC-01', 'Il documento è scaduto.') },
  'identify-document-not-accepted': {
    ...identify,
    refusals: refused('DOC-01', 'Qui questo documento non è accettato: porto d’armi.'),
    certificate: { status: 'unknown', crlAgeSeconds: 30 * 3600, uncertainRule: { allowForSeconds: 43_200 } },
  },
  'identify-reissue': { ...identify, operation: 'reissue' },
  'identify-minor': {
    ...identify,
    card: minor,
    cases: caseChoices(sardegna, { operation: 'activation', desk: 'pharmacy', today: '2026-11-22' }, minor.birthDate),
    refusals: refused('C10', 'Il codice fiscale della persona rappresentata, sul modulo o sul codice a barre, non è quello della tessera.'),
  },
  'service-entering': service,
  'remote-entering': remote,
  'remote-of-a-minor': { ...remote, holder: minor, cases: remoteCases(minor.birthDate), problem: 'card-unknown' },
  'remote-refused': {
    ...remote,
    refusals: refused('C13', 'La prima parte arriva per e-mail: per la seconda serve un numero di cellulare.'),
  },
  'remote-confirming': {
    ...remote,
    step: 'confirming',
    cardStatus: 'active',
    remote: { ...remote.remote, contacts: { email: 'mario.rossi@example.org', mobile: '+393331234567' } },
    notes: remote.cases[0]?.notes ?? [],
  },
  'service-refused': {
    ...service,
    operation: 'reactivation',
    reasons: null,
    refusals: refused('OP-REA', 'La tessera non è sospesa: non c’è nulla da riattivare.'),
  },
  'service-cms-unreachable': { ...service, problem: 'cms-unreachable' },
  'service-confirming': {
    ...service,
    operation: 'revocation',
    step: 'confirming',
    cardStatus: 'suspended',
    reason: 'loss',
    notes: ['C18: In farmacia si pagano fino a 3 euro. (unicaradio.it [W])'],
  },
  'service-loading': {
    ...service,
    operation: 'signature-certificate',
    cardShown: true,
    step: 'loading',
    reasons: null,
    cardStatus: 'active',
  },
  reprint: { task: 'reprint', attempt: 1, attempts: 2, nothingSent: false, problem: null },
  'reprint-nothing-sent': { task: 'reprint', attempt: 1, attempts: 2, nothingSent: true, problem: 'printer-not-ready' },
  envelope: { task: 'envelope', position: 3, remaining: 41, endsWith: '0121', problem: null, entry: 'first' },
  'envelope-not-drawn': { task: 'envelope', position: 3, remaining: 41, endsWith: '0121', problem: 'not-the-drawn-one', entry: 'first' },
  'envelope-by-hand': { task: 'envelope', position: 3, remaining: 41, endsWith: '0121', problem: 'scanner-gone', entry: 'second' },
  'hand-envelope': {
    task: 'hand-envelope',
    number: '200000000121',
    cardIn: true,
    withoutSight: 'Chi non vede può farsi leggere la busta.',
    secured: false,
  },
  'hand-over': { task: 'hand-over', attempt: 1, citizenSaysTaken: true, signed: null },
  'hand-over-again': { task: 'hand-over', attempt: 2, citizenSaysTaken: false, signed: null },
  'hand-over-delegate': {
    task: 'hand-over',
    attempt: 1,
    citizenSaysTaken: false,
    signed: { text: 'Il delegato firma il modulo stampato.', citation: 'SAR 9.3.3(6a)' },
  },
};

const held: HeldOperation = {
  operationId: '01890a5d-ac96-774b-bcce-b302099a8057',
  openedAt: '2026-11-22T09:58:00.000Z',
  heldAt: '2026-11-22T10:01:00.000Z',
  operator: 'op-01',
  attempt: 1,
  reason: 'printer-failed',
  evidence: { class: 'E1', raw: '14000c0f', buffer: 'cleared' },
  envelope: null,
  stage: 'held',
  finding: null,
  choices: ['handed-over', 'not-handed-over', 'destroyed'],
};

/** What is held, in each of its stages. */
export const heldScreens: Readonly<Record<string, OperatorStatus['held']>> = {
  held: [held, { ...held, operationId: '01890a5d-ac96-774b-bcce-b302099a8058', stage: 'decided', finding: 'destroyed', choices: [] }],
  'held-reporting': [{ ...held, stage: 'reporting', choices: [], evidence: null }],
  'held-decided': [{ ...held, stage: 'decided', finding: 'handed-over', choices: [] }],
};

/** What the screen needs from the kiosk, with every command written down. */
export interface Stage {
  readonly session: SessionFacade;
  readonly operators: Operators;
  readonly log: Log;
  readonly bring: Omit<BringOptions, 'free'>;
  /** What was printed, as it was given to the printer; `paperOut`: the next sheets are not. */
  readonly sheets: Sheet[];
  paperOut: boolean;
  readonly sent: (CitizenCommand | OperatorCommand)[];
  /** The codes as they arrived, for they are wiped afterwards. */
  readonly codes: string[];
  readonly logged: { readonly name: EventName; readonly fields: object }[];
  show(screen: CitizenScreen, secondsLeft?: number): void;
  ask(waiting: OperatorStatus['waiting'], printer?: OperatorStatus['printer']): void;
  hold(held: OperatorStatus['held']): void;
  leave(slips: OperatorStatus['leftSlips']): void;
  miss(services: OperatorStatus['unanswered']): void;
  know(revocation: RevocationStatus): void;
  readonly resolved: readonly (readonly [string, Finding])[];
}

export const unansweredServices: OperatorStatus['unanswered'] = (
  [
    ['suspension', '10:30', 'waiting'],
    ['revocation', '10:40', 'done'],
    ['reader-handout', '10:50', 'voided'],
  ] as const
).map(([operation, at, state], index) => ({
  operationId: `019ab3c4-0000-7000-8000-0000b73a000${index + 1}`,
  operation,
  openedAt: `2026-11-22T${at}:00+01:00`,
  state,
}));

export function stage(): Stage {
  let citizen = citizenStatus({ screen: 'welcome' });
  let waiting: OperatorStatus['waiting'] = null;
  let printer: OperatorStatus['printer'] = 'ready';
  const attention: OperatorStatus['attention'] = [];
  let held: OperatorStatus['held'] = [];
  let leftSlips: OperatorStatus['leftSlips'] = [];
  let unanswered: OperatorStatus['unanswered'] = [];
  let revocation: RevocationStatus = { lists: [list], clockFault: null, table };
  const resolved: [string, Finding][] = [];
  let signedOn: SignedOnOperator | null = null;
  const listeners = new Set<() => void>();
  const signedOff = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  const sent: Stage['sent'] = [];
  const codes: string[] = [];
  const logged: Stage['logged'] = [];
  const sheets: Sheet[] = [];
  const paper = { out: false };
  return {
    sheets,
    get paperOut() {
      return paper.out;
    },
    set paperOut(out) {
      paper.out = out;
    },
    bring: {
      profile: sardegna,
      desk: 'pharmacy',
      siteName: site.name,
      now: () => new Date('2026-11-22T09:30:00Z'),
      sheets: {
        async printSheet(sheet) {
          if (!paper.out) sheets.push(sheet);
          return paper.out ? evidence('E0', 'needless') : evidence('E2', 'printed');
        },
      },
    },
    sent,
    codes,
    logged,
    log: { event: (name, fields) => void logged.push({ name, fields }) },
    session: {
      citizen: () => citizen,
      operator: () => ({
        sessionId: citizen.sessionId,
        signedOn,
        citizenScreen: citizen.screen,
        referral: 'referral' in citizen ? citizen.referral : null,
        printer,
        attention,
        begins: ['suspension', 'reactivation', 'revocation', 'reader-handout'],
        beginsRemotely: [],
        envelopes: null,
        revocation,
        held,
        leftSlips,
        unanswered,
        waiting,
      }),
      async resolve(operationId, finding) {
        resolved.push([operationId, finding]);
        return true;
      },
      slipRemoved(operationId) {
        leftSlips = leftSlips.filter((each) => each !== operationId);
        changed();
        return true;
      },
      shift: () => Promise.resolve(null),
      onStatus(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      send(command) {
        sent.push(command);
        if (command.type === 'contact-code') codes.push(new TextDecoder().decode(command.code.expose()));
        return true;
      },
    },
    operators: {
      async signOn(operatorId, pin) {
        if (operatorId !== operator.id) return err({ kind: 'unknown-operator' });
        if (new TextDecoder().decode(pin.expose()) !== operatorPin) return err({ kind: 'wrong-pin', triesLeft: 2 });
        signedOn = operator;
        return ok(operator);
      },
      signOff() {
        signedOn = null;
        signedOff.forEach((listener) => listener());
      },
      signedOn: () => signedOn,
      active: () => undefined,
      onSignedOff(listener) {
        signedOff.add(listener);
        return () => signedOff.delete(listener);
      },
      sign: async () => err({ kind: 'not-signed-on' }),
    },
    show(screen, secondsLeft) {
      citizen = citizenStatus(screen, secondsLeft);
      changed();
    },
    resolved,
    know(state) {
      revocation = state;
      changed();
    },
    leave(slips) {
      leftSlips = slips;
      changed();
    },
    miss(services) {
      unanswered = services;
      changed();
    },
    hold(operations) {
      held = operations;
      changed();
    },
    ask(task, state = 'ready') {
      waiting = task;
      printer = state;
      changed();
    },
  };
}
