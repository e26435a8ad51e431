import type { CommandingCardReader, RelayError, RelayExchange, RelayPolicy } from '../../devices/card/contract.ts';
import type { Result } from '../../devices/result.ts';
import type { CmsError } from '../ports/cms.ts';
import type { RelayAnswer, RelayStep } from '../ports/relays.ts';

export interface RelayPorts {
  readonly chip: Pick<CommandingCardReader, 'relay'>;
  readonly newRelayId: () => string;
}

/** `receipt`: the CMS's word on how it ended, where it came. `end`: how the last relay ended, in a word; `sent` and `answered`: commands of all relays together. */
export interface Relayed<End> {
  readonly receipt: End | null;
  readonly end: string;
  readonly sent: number;
  readonly answered: number;
}

/** How often the card is put into the CMS's hands: the CMS can say again what it said already (a tear in the middle, a lost answer). */
const RELAYS = 3;

/**
 * Puts the card into the CMS's hands until it has said how it ended: the kiosk brings the card's answers there and the next commands back, and can
 * read neither. A relay that broke off for want of the CMS is begun anew, while the card is in.
 */
export async function relayToEnd<End extends { readonly ended: string }>(
  { chip, newRelayId }: RelayPorts,
  ask: (step: RelayStep, signal: AbortSignal) => Promise<Result<RelayAnswer<End>, CmsError>>,
  bound: { readonly operationId: string; readonly certificateDigest: string; readonly envelope?: string },
  policy: RelayPolicy,
  signal: AbortSignal,
): Promise<Relayed<End>> {
  let sent = 0;
  let answered = 0;
  let end = 'none';
  for (let relays = 0; relays < RELAYS; relays += 1) {
    const exchange = exchangeOf(ask, newRelayId(), bound);
    const relayed = await chip.relay(exchange.step, policy, signal);
    sent += relayed.ok ? relayed.value.sent : relayed.error.sent;
    answered += relayed.ok ? relayed.value.answered : relayed.error.answered;
    const { receipt, refused } = exchange.ended;
    if (receipt !== null) return { receipt, end: receipt.ended, sent, answered };
    end = refused?.type ?? (relayed.ok ? 'none' : relayed.error.kind);
    if (signal.aborted || refused !== null || !mayBeginAnew(relayed.ok ? null : relayed.error)) break;
  }
  return { receipt: null, end, sent, answered };
}

/** The CMS was lost, and the card is still in the reader. */
function mayBeginAnew(error: RelayError | null): boolean {
  return error?.kind === 'other-side-lost' || error?.kind === 'other-side-silent';
}

type Refused = Extract<CmsError, { kind: 'refused' }>;

/** One relay as the card's process sees its other side; `ended`: what the CMS said last. */
function exchangeOf<End>(
  ask: (step: RelayStep, signal: AbortSignal) => Promise<Result<RelayAnswer<End>, CmsError>>,
  relay: string,
  { operationId, ...bound }: { readonly operationId: string; readonly certificateDigest: string; readonly envelope?: string },
): { readonly step: RelayExchange; readonly ended: { readonly receipt: End | null; readonly refused: Refused | null } } {
  const ended: { receipt: End | null; refused: Refused | null } = { receipt: null, refused: null };
  let sequence = 0;
  const step: RelayExchange = async (answer, signal) => {
    const asked =
      answer === undefined
        ? { operationId, relay, sequence: 0 as const, ...bound }
        : { operationId, relay, sequence: (sequence += 1), answer };
    const next = await ask(asked, signal);
    if (!next.ok) {
      if (next.error.kind === 'refused') ended.refused = next.error;
      return next.error.kind === 'refused' ? 'end' : 'lost';
    }
    if ('command' in next.value) return next.value.command;
    ended.receipt = next.value.end;
    return 'end';
  };
  return { step, ended };
}
