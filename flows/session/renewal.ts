import { assign, fromPromise, setup } from 'xstate';
import type { CardReading, CodeError } from '../../devices/card/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Secret } from '../../devices/secret.ts';
import { patience } from '../operations/patience.ts';
import { type ProofOfPriorCard, priorCardChallenge } from '../ports/cms.ts';
import type { TrustVerdict } from '../ports/trust.ts';
import type { DeskRules, SessionPorts, Unexpected } from './facts.ts';
import { offeredFor, stopReasonOfCard, whyNotActivated } from './judgement.ts';
import type { StopReason } from './status.ts';

/** The card before, once it has been proved: digests, so that nothing of it stays when it is out (screen.md, Privacy). */
interface PriorCard {
  readonly proof: ProofOfPriorCard;
  readonly holder: string;
  readonly card: string;
  readonly issuer: string;
}

/** Why the card that went in is not the new one. */
export type SwapProblem = 'same-card' | 'other-holder';

export type RenewalOutput =
  { readonly proof: ProofOfPriorCard; readonly reading: CardReading; readonly verdict: TrustVerdict } | { readonly reason: StopReason };

export type RenewalEvent =
  | { readonly type: 'citizen.prior-pin'; readonly pin: Secret }
  | { readonly type: 'citizen.stay' | 'citizen.cancel' | 'card-gone' | 'card-in' };

interface Facts {
  readonly operationId: string;
  /** Of the card before, until it is proved. */
  readonly before: { readonly reading: CardReading; readonly certificateDigest: string } | null;
  readonly prior: PriorCard | null;
  /** Wrong PINs are told with the tries that are left; `null` inside: the card does not say. */
  readonly wrongPin: { readonly triesLeft: number | null } | null;
  readonly swapProblem: SwapProblem | null;
  readonly output: RenewalOutput;
}

type Proving = Result<PriorCard, { readonly wrongPin: number | null } | { readonly reason: StopReason }>;
type Successor = { readonly reading: CardReading; readonly verdict: TrustVerdict } | { readonly reason: StopReason };

/**
 * Two cards of one holder, one after the other (OP-OLD; procedures.md, 0.4 and 2.1): the one before is proved by its own key, after its PIN, and
 * the CMS vouches for it; then the new one is read, and must be the same holder's and the same issuer's.
 */
export function renewalMachine(ports: SessionPorts, rules: DeskRules, unexpected: Unexpected) {
  const digestOf = ({ personalData }: CardReading): string => ports.journal.digest('holder', personalData.fiscalCode);

  const prove = fromPromise<Proving, { operationId: string; before: NonNullable<Facts['before']>; pin: Secret }>(
    async ({ input: { operationId, before, pin }, signal }): Promise<Proving> => {
      const { certificate, cardId, personalData } = before.reading;
      const challenge = priorCardChallenge(operationId);
      const signed = await ports.codes.authenticate({ pin, certificate, challenge }, signal);
      pin.wipe();
      if (!signed.ok) return err(whyNotSigned(signed.error));
      const { certificateDigest } = before;
      const signature = Buffer.from(signed.value).toString('base64');
      const proved = await ports.cms.provePriorCard({ operationId, card: { cardId, certificateDigest }, certificate, signature }, signal);
      if (!proved.ok) return err({ reason: proved.error.kind === 'refused' ? 'prior-card-refused' : 'cms-unreachable' });
      const card = ports.journal.digest('card', certificateDigest);
      return ok({ proof: proved.value, holder: digestOf(before.reading), card, issuer: personalData.issuer });
    },
  );

  const readSuccessor = fromPromise<Successor>(async ({ signal }) => {
    const reading = await ports.card.read(signal);
    if (!reading.ok) return { reason: stopReasonOfCard(reading.error) };
    return { reading: reading.value, verdict: await ports.trust.checkCard(reading.value, new Date(ports.now()), signal) };
  });

  /** Whether the card that went in is another one; asked for only once the one before is proved. */
  const problemOf = (successor: Successor, prior: PriorCard | null): SwapProblem | null => {
    if ('reason' in successor || prior === null) return null;
    const { reading, verdict } = successor;
    if (ports.journal.digest('card', verdict.certificateDigest) === prior.card) return 'same-card';
    return digestOf(reading) === prior.holder ? null : 'other-holder';
  };

  const endOf = (successor: Successor, prior: PriorCard | null): RenewalOutput => {
    if ('reason' in successor || prior === null) return 'reason' in successor ? successor : { reason: 'card-removed' };
    const { reading, verdict } = successor;
    if (reading.personalData.issuer !== prior.issuer) return { reason: 'not-allowed-here' };
    if (offeredFor(rules, ports.today(), reading, verdict).includes('renewal')) return { proof: prior.proof, reading, verdict };
    return { reason: whyNotActivated(rules, ports.today(), reading, verdict) ?? 'not-allowed-here' };
  };

  const waits = patience({ target: '#renewal.ended', actions: { type: 'stopFor', params: { reason: 'timed-out' } } });

  return setup({
    types: {
      context: {} as Facts,
      input: {} as Pick<Facts, 'operationId' | 'before'>,
      events: {} as RenewalEvent,
      output: {} as RenewalOutput,
      tags: {} as 'warned',
    },
    delays: { idle: rules.delays.idle, idleWarning: rules.delays.idleWarning },
    actors: { prove, readSuccessor },
    actions: {
      unexpected: ({ event }) => unexpected(event.type),
      stopFor: assign({ output: (_, { reason }: { reason: StopReason }) => ({ reason }) }),
    },
  }).createMachine({
    id: 'renewal',
    initial: 'asking',
    context: ({ input }) => ({ ...input, prior: null, wrongPin: null, swapProblem: null, output: { reason: 'cancelled' } }),
    on: { '*': { actions: 'unexpected' }, 'citizen.stay': {}, 'citizen.cancel': '.ended' },
    states: {
      asking: {
        ...waits,
        on: {
          'citizen.prior-pin': 'proving',
          'card-gone': { target: 'ended', actions: { type: 'stopFor', params: { reason: 'card-removed' } } },
        },
      },
      /** The card works: whoever takes it out hears it from the card. */
      proving: {
        on: { 'card-gone': {}, 'citizen.cancel': {} },
        invoke: {
          src: 'prove',
          input: ({ context: { operationId, before }, event }) => {
            if (event.type !== 'citizen.prior-pin' || before === null) throw new Error(`proving on ${event.type}`);
            return { operationId, before, pin: event.pin };
          },
          onDone: [
            {
              guard: ({ event }) => event.output.ok,
              target: 'swapping',
              actions: assign({ prior: ({ event }) => (event.output.ok ? event.output.value : null), before: null }),
            },
            {
              guard: ({ event }) => !event.output.ok && 'wrongPin' in event.output.error,
              target: 'asking',
              actions: assign({
                wrongPin: ({ event }) =>
                  !event.output.ok && 'wrongPin' in event.output.error ? { triesLeft: event.output.error.wrongPin } : null,
              }),
            },
            {
              target: 'ended',
              actions: assign({
                output: ({ event }) =>
                  !event.output.ok && 'reason' in event.output.error ? event.output.error : { reason: 'card-unreadable' as const },
              }),
            },
          ],
          onError: { target: 'ended', actions: { type: 'stopFor', params: { reason: 'card-unreadable' } } },
        },
      },
      /** The card before goes out, the new one in. */
      swapping: { ...waits, on: { 'card-gone': {}, 'card-in': 'reading' } },
      reading: {
        on: { 'card-gone': 'swapping' },
        invoke: {
          src: 'readSuccessor',
          onDone: [
            {
              guard: ({ context, event }) => problemOf(event.output, context.prior) !== null,
              target: 'swapping',
              actions: assign({ swapProblem: ({ context, event }) => problemOf(event.output, context.prior) }),
            },
            { target: 'ended', actions: assign({ output: ({ context, event }) => endOf(event.output, context.prior) }) },
          ],
          onError: { target: 'ended', actions: { type: 'stopFor', params: { reason: 'card-unreadable' } } },
        },
      },
      ended: { type: 'final' },
    },
    output: ({ context }) => context.output,
  });
}

function whyNotSigned(error: CodeError): { readonly wrongPin: number | null } | { readonly reason: StopReason } {
  switch (error.kind) {
    case 'wrong-pin':
      return error.triesLeft === 0 ? { reason: 'prior-pin-blocked' } : { wrongPin: error.triesLeft };
    case 'pin-blocked':
      return { reason: 'prior-pin-blocked' };
    case 'not-activated':
    case 'not-allowed':
      return { reason: 'prior-card-refused' };
    case 'wrong-puk':
    case 'puk-blocked':
    case 'new-pin-refused':
    case 'malformed-code':
      return { wrongPin: null };
    case 'no-card':
    case 'card-removed':
    case 'service-lost':
    case 'reader-busy':
    case 'not-a-cns':
    case 'unknown-series':
    case 'unreadable':
    case 'timeout':
    case 'aborted':
      return { reason: stopReasonOfCard(error) };
  }
}
