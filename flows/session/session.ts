import { type SnapshotFrom, and, assign, fromPromise, not, sendTo, setup, stateIn } from 'xstate';
import type { CardError, CardReader, CardReading } from '../../devices/card/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';
import { type ActivationInput, type ActivationOutput, type ActivationPorts, activationMachine } from '../operations/activation.ts';
import type { IdentityDocument } from '../people/identity-document.ts';
import type { CmsError, ContactCodeSent, ProofOfContact } from '../ports/cms.ts';
import type { Trust, TrustVerdict } from '../ports/trust.ts';
import { refusalsOfActivation, refusalsOfDocument } from '../procedures/decide.ts';
import type { DeskType, Profile } from '../procedures/profile.ts';
import type { SessionDelays } from './delays.ts';
import type { CitizenCommand, ContactProblem, OperatorCommand, StopReason } from './status.ts';

/** What a session needs from outside: the operation's ports, the card reader, the trust cache. */
export interface SessionPorts extends ActivationPorts {
  readonly card: Pick<CardReader, 'read'>;
  readonly trust: Trust;
  readonly newId: () => string;
}

/** What the machine's owner and the region say: the same for every session. */
export interface DeskRules {
  readonly profile: Profile;
  readonly desk: DeskType;
  readonly siteName: string;
  readonly unknownRevocation: 'refuse' | 'allow';
  readonly handOverEvidence: ActivationInput['handOverEvidence'];
  readonly delays: SessionDelays;
}

/** Told of an event, by its type, that does not fit where the machine is. */
export type Unexpected = (type: string) => void;

export type SessionEvent =
  | { readonly type: 'card-gone' }
  | {
      [Type in CitizenCommand['type']]: Omit<Extract<CitizenCommand, { type: Type }>, 'type'> & { readonly type: `citizen.${Type}` };
    }[CitizenCommand['type']]
  | {
      [Type in OperatorCommand['type']]: Omit<Extract<OperatorCommand, { type: Type }>, 'type'> & { readonly type: `operator.${Type}` };
    }[OperatorCommand['type']];

export interface SessionFacts {
  readonly sessionId: string;
  readonly cardIn: boolean;
  readonly reading: CardReading | null;
  readonly verdict: TrustVerdict | null;
  readonly document: IdentityDocument | null;
  readonly documentProblem: 'document-expired' | 'document-not-accepted' | null;
  readonly operatorAssertion: string | null;
  readonly operatorId: string;
  readonly email: string;
  readonly language: string;
  readonly sends: number;
  readonly contact: ContactCodeSent | null;
  readonly contactProblem: ContactProblem | null;
  readonly codeTries: number;
  readonly wrongCode: boolean;
  readonly proofOfContact: ProofOfContact | null;
  readonly citizenSaysTaken: boolean;
  readonly stop: StopReason | null;
  readonly ending: ActivationOutput | null;
}

/** Wrong codes after which the contact is not proved. The CMS counts too, and its count wins. */
export const CODE_TRIES = 3;

function stopReasonOfCard(error: CardError): StopReason {
  switch (error.kind) {
    case 'no-card':
    case 'card-removed':
      return 'card-removed';
    case 'not-a-cns':
      return 'card-not-a-cns';
    case 'service-lost':
    case 'reader-busy':
    case 'unreadable':
    case 'timeout':
    case 'aborted':
      return 'card-unreadable';
  }
}

/** Whether the card may go on, from what the trust cache says of its certificate and the profile of its holder. */
function stopReasonOfChecked(rules: DeskRules, today: string, reading: CardReading, verdict: TrustVerdict): StopReason | null {
  switch (verdict.status) {
    case 'revoked':
      return 'card-revoked';
    case 'suspended':
      return 'card-suspended';
    case 'expired':
      return 'card-expired';
    case 'invalid':
      return 'card-not-verifiable';
    case 'unknown':
      if (rules.unknownRevocation === 'refuse') return 'card-not-verifiable';
      break;
    case 'good':
      break;
  }
  const { birthDate, expiryDate } = reading.personalData;
  const [refusal] = refusalsOfActivation(rules.profile, { desk: rules.desk, today, birthDate, cardExpiry: expiryDate });
  if (refusal === undefined) return null;
  if (refusal.rule === 'case-adult') return 'not-an-adult';
  return refusal.rule === 'card-unexpired' ? 'card-expired' : 'not-allowed-here';
}

/** A screen that waits for the citizen: a warning after `idle`, the end after `idleWarning` more; any sign of life starts anew. */
const patience = {
  initial: 'calm',
  states: {
    calm: { after: { idle: 'warned' }, on: { 'citizen.stay': { target: 'calm', reenter: true } } },
    warned: { tags: 'warned', after: { idleWarning: '#timed-out' }, on: { 'citizen.stay': 'calm' } },
  },
} as const;

/** A last screen: it reminds of the card that is still in, stays a while once it is out, and ends at a touch. */
const lastScreen = {
  initial: 'shown',
  on: { 'card-gone': { target: '.farewell', actions: 'cardOut' } },
  states: {
    shown: { always: { guard: 'cardIsOut', target: 'farewell' }, after: { cardReminder: 'forgotten' } },
    forgotten: {},
    farewell: { after: { farewell: '#session.ended' }, on: { 'citizen.stay': '#session.ended' } },
  },
} as const;

/** One person at the kiosk, from the card going in to the card coming out. Everything it knows goes with it. */
export function sessionMachine(ports: SessionPorts, rules: DeskRules, unexpected: Unexpected) {
  const { today } = ports;

  return setup({
    types: {
      context: {} as SessionFacts,
      events: {} as SessionEvent,
      tags: {} as 'warned',
      children: {} as { activation: 'activation' },
    },
    delays: { ...rules.delays, collectWarning: () => Math.max(rules.delays.collect - rules.delays.idleWarning, 0) },
    actors: {
      activation: activationMachine(ports),
      read: fromPromise<Result<CardReading, CardError>>(({ signal }) => ports.card.read(signal)),
      check: fromPromise<TrustVerdict, { reading: CardReading }>(({ input, signal }) =>
        ports.trust.checkCard(input.reading, new Date(ports.now()), signal),
      ),
      sign: fromPromise<Result<{ jws: string; operatorId: string }, unknown>, { facts: SessionFacts; document: IdentityDocument }>(
        async ({ input: { facts, document } }) => {
          const operatorId = ports.operators.signedOn()?.id;
          if (operatorId === undefined || facts.reading === null || facts.verdict === null) return err('not-signed-on');
          const signed = await ports.operators.sign({
            decision: 'identified',
            operationId: facts.sessionId,
            certificateDigest: facts.verdict.certificateDigest,
            fiscalCode: facts.reading.personalData.fiscalCode,
            document,
          });
          return signed.ok ? ok({ jws: signed.value, operatorId }) : signed;
        },
      ),
      sendCode: fromPromise<Result<ContactCodeSent, CmsError>, { facts: SessionFacts }>(({ input: { facts }, signal }) =>
        ports.cms.sendContactCode(
          { operationId: facts.sessionId, send: facts.sends, channel: 'email', value: facts.email, language: facts.language },
          signal,
        ),
      ),
      prove: fromPromise<Result<ProofOfContact, CmsError>, { facts: SessionFacts; code: Secret }>(
        async ({ input: { facts, code }, signal }) => {
          const { sessionId: operationId, contact, sends, codeTries } = facts;
          if (contact === null) throw new Error('a code without a contact');
          const attempt = (sends - 1) * CODE_TRIES + codeTries + 1;
          const proof = await ports.cms.proveContact({ operationId, contactId: contact.contactId, code, attempt }, signal);
          code.wipe();
          return proof;
        },
      ),
    },
    actions: {
      stopFor: assign({ stop: (_, { reason }: { reason: StopReason }) => reason }),
      cardOut: assign({ cardIn: false }),
      unexpected: ({ event }) => unexpected(event.type),
      stopActivation: sendTo('activation', (_, { reason }: { reason: StopReason }) => ({ type: 'stop', reason })),
    },
    guards: {
      cardIsOut: ({ context }) => !context.cardIn,
      isAddress: (_, { email }: { email: string }) => /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(email) && email.length <= 254,
    },
  }).createMachine({
    id: 'session',
    initial: 'talking',
    // A sign of life is welcome anywhere; only where somebody waits for it does it change anything.
    on: { '*': { actions: 'unexpected' }, 'citizen.stay': {} },
    context: () => ({
      sessionId: ports.newId(),
      cardIn: true,
      reading: null,
      verdict: null,
      document: null,
      documentProblem: null,
      operatorAssertion: null,
      operatorId: '',
      email: '',
      language: 'it',
      sends: 0,
      contact: null,
      contactProblem: null,
      codeTries: 0,
      wrongCode: false,
      proofOfContact: null,
      citizenSaysTaken: false,
      stop: null,
      ending: null,
    }),
    states: {
      /** Nothing has been asked of anybody yet: whatever ends here leaves nothing anywhere. */
      talking: {
        initial: 'reading',
        on: {
          'card-gone': { target: 'stopped', actions: ['cardOut', { type: 'stopFor', params: { reason: 'card-removed' } }] },
          'citizen.cancel': { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'cancelled' } } },
        },
        states: {
          reading: {
            invoke: {
              src: 'read',
              onDone: [
                {
                  guard: ({ event }) => event.output.ok,
                  target: 'checking',
                  actions: assign({ reading: ({ event }) => (event.output.ok ? event.output.value : null) }),
                },
                {
                  target: '#session.stopped',
                  actions: assign({ stop: ({ event }) => (event.output.ok ? null : stopReasonOfCard(event.output.error)) }),
                },
              ],
              onError: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'card-unreadable' } } },
            },
          },
          checking: {
            invoke: {
              src: 'check',
              input: ({ context }) => ({ reading: readingOf(context) }),
              onDone: [
                {
                  guard: ({ context, event }) => stopReasonOfChecked(rules, today(), readingOf(context), event.output) === null,
                  target: 'recognised',
                  actions: assign({ verdict: ({ event }) => event.output }),
                },
                {
                  target: '#session.stopped',
                  actions: assign({ stop: ({ context, event }) => stopReasonOfChecked(rules, today(), readingOf(context), event.output) }),
                },
              ],
              onError: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'card-not-verifiable' } } },
            },
          },
          recognised: { ...patience, on: { 'citizen.wish': 'notice' } },
          notice: { ...patience, on: { 'citizen.notice-read': 'operator' } },
          operator: {
            initial: 'waiting',
            on: {
              'operator.refuse': {
                target: '#session.stopped',
                actions: { type: 'stopFor', params: ({ event }) => ({ reason: event.reason }) },
              },
            },
            states: {
              waiting: {
                after: { operatorWait: '#timed-out' },
                on: {
                  'operator.identified': [
                    {
                      guard: ({ event }) => refusalsOfDocument(rules.profile, event.document, today()).length > 0,
                      actions: assign({
                        documentProblem: ({ event }) =>
                          refusalsOfDocument(rules.profile, event.document, today())[0]?.rule === 'DOC-01-unexpired'
                            ? 'document-expired'
                            : 'document-not-accepted',
                      }),
                    },
                    { target: 'signing', actions: assign({ document: ({ event }) => event.document, documentProblem: null }) },
                  ],
                },
              },
              signing: {
                invoke: {
                  src: 'sign',
                  input: ({ context }) => ({ facts: context, document: documentOf(context) }),
                  onDone: [
                    {
                      guard: ({ event }) => event.output.ok,
                      target: '#contact',
                      actions: assign(({ event }) =>
                        event.output.ok ? { operatorAssertion: event.output.value.jws, operatorId: event.output.value.operatorId } : {},
                      ),
                    },
                    { target: 'waiting' },
                  ],
                  onError: 'waiting',
                },
              },
            },
          },
          contact: {
            id: 'contact',
            initial: 'asking',
            states: {
              asking: {
                ...patience,
                on: {
                  'citizen.contact': [
                    {
                      guard: { type: 'isAddress', params: ({ event }) => ({ email: event.email }) },
                      target: 'sending',
                      actions: assign({
                        email: ({ event }) => event.email,
                        language: ({ event }) => event.language,
                        contactProblem: null,
                      }),
                    },
                    { actions: assign({ contactProblem: 'not-an-address' }) },
                  ],
                },
              },
              sending: {
                entry: assign({ sends: ({ context }) => context.sends + 1, codeTries: 0, wrongCode: false }),
                invoke: {
                  src: 'sendCode',
                  input: ({ context }) => ({ facts: context }),
                  onDone: [
                    {
                      guard: ({ event }) => event.output.ok,
                      target: 'code',
                      actions: assign({ contact: ({ event }) => (event.output.ok ? event.output.value : null) }),
                    },
                    {
                      target: 'asking',
                      actions: assign({
                        contactProblem: ({ event }) =>
                          !event.output.ok && event.output.error.kind === 'refused' ? 'not-accepted' : 'unreachable',
                      }),
                    },
                  ],
                  onError: { target: 'asking', actions: assign({ contactProblem: 'unreachable' }) },
                },
              },
              code: {
                ...patience,
                on: {
                  'citizen.contact-code': 'proving',
                  'citizen.resend-code': {
                    guard: ({ context }) => context.contact !== null && ports.now() >= context.contact.resendAfter,
                    target: 'sending',
                  },
                  'citizen.change-contact': { target: 'asking', actions: assign({ contact: null }) },
                },
              },
              proving: {
                invoke: {
                  src: 'prove',
                  input: ({ context, event }) => {
                    if (event.type !== 'citizen.contact-code') throw new Error(`proving on ${event.type}`);
                    return { facts: context, code: event.code };
                  },
                  onDone: [
                    {
                      guard: ({ event }) => event.output.ok,
                      target: '#session.issuing',
                      actions: assign({ proofOfContact: ({ event }) => (event.output.ok ? event.output.value : null) }),
                    },
                    {
                      guard: ({ context, event }) => isWrongCode(event.output) && context.codeTries + 1 < CODE_TRIES,
                      target: 'code',
                      actions: assign({ codeTries: ({ context }) => context.codeTries + 1, wrongCode: true }),
                    },
                    {
                      target: '#session.stopped',
                      actions: assign({
                        stop: ({ event }) =>
                          !event.output.ok && event.output.error.kind === 'refused' ? 'contact-not-proved' : 'cms-unreachable',
                      }),
                    },
                  ],
                  onError: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'cms-unreachable' } } },
                },
              },
            },
          },
          timedOut: {
            id: 'timed-out',
            always: { target: '#session.stopped', actions: { type: 'stopFor', params: { reason: 'timed-out' } } },
          },
        },
      },
      /** From here on the operation has the word: a stop goes to it, and it says how it ended. */
      issuing: {
        initial: 'working',
        invoke: {
          id: 'activation',
          src: 'activation',
          input: ({ context }) => activationInputOf(context, ports, rules),
          onSnapshot: [
            {
              guard: and([({ event }) => event.snapshot.matches('collecting'), not(stateIn('#collecting'))]),
              target: '.collecting',
            },
            {
              guard: and([({ event }) => event.snapshot.matches('concluding'), stateIn('#collecting')]),
              target: '.working',
            },
            // Any other step of the activation is its own affair.
            {},
          ],
          onDone: [
            {
              guard: ({ event }) => event.output.codes === 'confirmed' || event.output.codes === 'confirm-pending',
              target: 'done',
              actions: assign({ ending: ({ event }) => event.output }),
            },
            {
              target: 'stopped',
              actions: assign({
                ending: ({ event }) => event.output,
                stop: ({ event }) => ('reason' in event.output ? event.output.reason : null),
              }),
            },
          ],
          onError: { target: 'stopped', actions: { type: 'stopFor', params: { reason: 'records-unwritable' } } },
        },
        states: {
          working: {
            on: {
              'card-gone': {
                actions: ['cardOut', { type: 'stopActivation', params: { reason: 'card-removed' } }],
              },
            },
          },
          collecting: {
            id: 'collecting',
            initial: 'calm',
            on: {
              'card-gone': { target: '.withoutCard', actions: 'cardOut' },
              'citizen.taken': { actions: assign({ citizenSaysTaken: true }) },
              'operator.hand-over': {
                actions: sendTo('activation', ({ event }) => ({ type: 'hand-over', handedOver: event.handedOver })),
              },
            },
            states: {
              calm: { after: { collectWarning: 'warned' }, on: { 'citizen.stay': { target: 'calm', reenter: true } } },
              warned: { tags: 'warned', after: { idleWarning: 'abandoned' }, on: { 'citizen.stay': 'calm' } },
              withoutCard: { after: { collectWithoutCard: 'abandoned' } },
              abandoned: { entry: { type: 'stopActivation', params: { reason: 'slip-not-collected' } } },
            },
          },
        },
      },
      done: lastScreen,
      stopped: lastScreen,
      ended: { type: 'final' },
    },
  });
}

function readingOf({ reading }: SessionFacts): CardReading {
  if (reading === null) throw new Error('no card was read');
  return reading;
}

function documentOf({ document }: SessionFacts): IdentityDocument {
  if (document === null) throw new Error('no document was entered');
  return document;
}

function isWrongCode(result: Result<unknown, CmsError>): boolean {
  return !result.ok && result.error.kind === 'refused' && result.error.type === 'wrong-code';
}

function activationInputOf(
  facts: SessionFacts,
  ports: SessionPorts,
  { profile, desk, siteName, handOverEvidence }: DeskRules,
): ActivationInput {
  const { sessionId: operationId, verdict, proofOfContact, operatorAssertion, operatorId, language } = facts;
  const { personalData, cardId } = readingOf(facts);
  if (verdict === null || proofOfContact === null || operatorAssertion === null) throw new Error('issuing before everything was proved');
  const { fiscalCode, surname, name, birthDate } = personalData;
  return {
    handOverEvidence,
    opening: {
      operation: 'activation',
      case: 'adult',
      profile: profile.id,
      profileVersion: profile.version,
      holder: ports.journal.digest('holder', fiscalCode),
      card: ports.journal.digest('card', verdict.certificateDigest),
      operator: operatorId,
    },
    reserve: {
      operationId,
      operation: 'activation',
      case: 'adult',
      desk,
      profile: { id: profile.id, version: profile.version },
      card: { cardId, certificateDigest: verdict.certificateDigest, chip: true },
      applicant: { relation: 'holder', fiscalCode, surname, name, birthDate },
      document: documentOf(facts),
      proofOfContact,
      operatorAssertion,
    },
    slip: { operationId, siteName, language, helpLine: profile.referrals.helpLine.phone },
  };
}

export type SessionMachine = ReturnType<typeof sessionMachine>;
export type SessionSnapshot = SnapshotFrom<SessionMachine>;
