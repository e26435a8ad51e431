import { assign, fromPromise, setup } from 'xstate';
import type { Result } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';
import { patience } from '../operations/patience.ts';
import { maskedEmail } from '../people/holder.ts';
import { maskedMobile, readMobile } from '../people/mobile.ts';
import type { CmsError, ContactChannel, ContactCodeSent, ProofOfContact } from '../ports/cms.ts';
import type { DeskRules, SessionPorts, Unexpected } from './facts.ts';
import type { CitizenCommand, ContactProblem, StopReason } from './status.ts';

/** The address that a code reached, in the language in which it was asked for. */
export interface ProvedContact {
  readonly proof: ProofOfContact;
  readonly language: string;
}

export type ContactOutput = ProvedContact | { readonly reason: StopReason };

type Asked<Type extends CitizenCommand['type']> = Omit<Extract<CitizenCommand, { type: Type }>, 'type'> & {
  readonly type: `citizen.${Type}`;
};
export type ContactEvent =
  | Asked<'contact'>
  | Asked<'contact-mobile'>
  | Asked<'contact-code'>
  | { readonly type: 'citizen.resend-code' | 'citizen.change-contact' | 'citizen.stay' };

interface Facts {
  readonly operationId: string;
  /** Where the second part goes: an e-mail address, or a mobile number in E.164. */
  readonly channel: ContactChannel;
  readonly address: string;
  readonly language: string;
  readonly sends: number;
  /** The code that was sent; `null`: none, or not to this address. */
  readonly sent: ContactCodeSent | null;
  readonly problem: ContactProblem | null;
  readonly tries: number;
  readonly wrongCode: boolean;
  readonly output: ContactOutput;
}

/** Wrong codes after which the contact is not proved. The CMS counts too, and its count wins. */
const CODE_TRIES = 3;

/** Where the second part goes, and that what is sent there reaches whoever stands here: an address, a code that is sent to it, the code typed here. */
export function contactMachine({ cms, now }: Pick<SessionPorts, 'cms' | 'now'>, { profile, delays }: DeskRules, unexpected: Unexpected) {
  const { channels } = profile.contact;
  const waits = patience({ target: '#contact.ended', actions: { type: 'stopFor', params: { reason: 'timed-out' } } });

  return setup({
    types: {
      context: {} as Facts,
      input: {} as Pick<Facts, 'operationId'>,
      events: {} as ContactEvent,
      output: {} as ContactOutput,
      tags: {} as 'warned',
    },
    delays: { idle: delays.idle, idleWarning: delays.idleWarning },
    actors: {
      send: fromPromise<Result<ContactCodeSent, CmsError>, Facts>(({ input: { operationId, sends, channel, address, language }, signal }) =>
        cms.sendContactCode({ operationId, send: sends, channel, value: address, language }, signal),
      ),
      prove: fromPromise<Result<ProofOfContact, CmsError>, { facts: Facts; code: Secret }>(async ({ input: { facts, code }, signal }) => {
        const { operationId, sent, sends, tries } = facts;
        if (sent === null) throw new Error('a code without a contact');
        const attempt = (sends - 1) * CODE_TRIES + tries + 1;
        const proof = await cms.proveContact({ operationId, contactId: sent.contactId, code, attempt }, signal);
        code.wipe();
        return proof;
      }),
    },
    actions: {
      unexpected: ({ event }) => unexpected(event.type),
      stopFor: assign({ output: (_, { reason }: { reason: StopReason }) => ({ reason }) }),
      address: assign((_, to: Pick<Facts, 'channel' | 'address' | 'language'>) => ({ ...to, problem: null })),
    },
  }).createMachine({
    id: 'contact',
    initial: 'asking',
    on: { '*': { actions: 'unexpected' }, 'citizen.stay': {} },
    context: ({ input }) => ({
      ...input,
      channel: 'email',
      address: '',
      language: 'it',
      sends: 0,
      sent: null,
      problem: null,
      tries: 0,
      wrongCode: false,
      output: { reason: 'cms-unreachable' },
    }),
    states: {
      asking: {
        ...waits,
        on: {
          'citizen.contact': [
            {
              guard: ({ event }) => channels.includes('email') && isAddress(event.email),
              target: 'sending',
              actions: {
                type: 'address',
                params: ({ event }) => ({ channel: 'email', address: event.email, language: event.language }),
              },
            },
            { actions: assign({ problem: 'not-an-address' }) },
          ],
          'citizen.contact-mobile': [
            {
              guard: ({ event }) => channels.includes('sms') && readMobile(event.mobile) !== null,
              target: 'sending',
              actions: {
                type: 'address',
                params: ({ event }) => ({ channel: 'sms', address: readMobile(event.mobile) ?? '', language: event.language }),
              },
            },
            { actions: assign({ problem: 'not-a-mobile' }) },
          ],
        },
      },
      sending: {
        entry: assign({ sends: ({ context }) => context.sends + 1, tries: 0, wrongCode: false }),
        invoke: {
          src: 'send',
          input: ({ context }) => context,
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'code',
              actions: assign({ sent: ({ event }) => (event.output.ok ? event.output.value : null) }),
            },
            {
              target: 'asking',
              actions: assign({
                problem: ({ event }) => (!event.output.ok && event.output.error.kind === 'refused' ? 'not-accepted' : 'unreachable'),
              }),
            },
          ],
          onError: { target: 'asking', actions: assign({ problem: 'unreachable' }) },
        },
      },
      code: {
        ...waits,
        on: {
          'citizen.contact-code': 'proving',
          'citizen.resend-code': { guard: ({ context: { sent } }) => sent !== null && now() >= sent.resendAfter, target: 'sending' },
          'citizen.change-contact': { target: 'asking', actions: assign({ sent: null }) },
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
              target: 'ended',
              actions: assign({
                output: ({ context: { language, output }, event }) => (event.output.ok ? { proof: event.output.value, language } : output),
              }),
            },
            {
              guard: ({ context, event }) => isWrongCode(event.output) && context.tries + 1 < CODE_TRIES,
              target: 'code',
              actions: assign({ tries: ({ context }) => context.tries + 1, wrongCode: true }),
            },
            {
              target: 'ended',
              actions: assign({
                output: ({ event }) => ({
                  reason: !event.output.ok && event.output.error.kind === 'refused' ? 'contact-not-proved' : 'cms-unreachable',
                }),
              }),
            },
          ],
          onError: { target: 'ended', actions: { type: 'stopFor', params: { reason: 'cms-unreachable' } } },
        },
      },
      ended: { type: 'final' },
    },
    output: ({ context }) => context.output,
  });
}

function isAddress(text: string): boolean {
  return /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/.test(text) && text.length <= 254;
}

function isWrongCode(result: Result<unknown, CmsError>): boolean {
  return !result.ok && result.error.kind === 'refused' && result.error.type === 'wrong-code';
}

/** The address as it may stand on a screen, and how many wrong codes it bears; `null`: no code was sent to it yet. */
export function codeAwaited({ channel, address, sent, tries }: Facts): {
  readonly masked: string;
  readonly triesLeft: number;
  readonly resendAfter: string;
} | null {
  if (sent === null) return null;
  const masked = channel === 'email' ? maskedEmail(address) : maskedMobile(address);
  return { masked, triesLeft: Math.min(sent.triesLeft, CODE_TRIES - tries), resendAfter: sent.resendAfter };
}
