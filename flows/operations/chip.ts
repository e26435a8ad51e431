import type { CommandingCardReader, RelayError, RelayExchange, RelayPolicy } from '../../devices/card/contract.ts';
import type { CardEvidence, Cms, CmsError, EnvelopeStanding } from '../ports/cms.ts';
import type { EnvelopeCms, RelayReceipt } from '../ports/envelopes.ts';

/**
 * What came of setting a card's PIN. `secured`: whether nobody on the way could read it; `null` where no receipt says so. `end`: how the last relay
 * ended, in a word; `sent` and `answered`: commands of all relays together.
 */
export interface ChipReport {
  readonly pin: EnvelopeStanding['pin'];
  readonly evidence: CardEvidence;
  readonly secured: boolean | null;
  readonly end: string;
  readonly sent: number;
  readonly answered: number;
}

export interface ChipPorts {
  readonly cms: Pick<Cms, 'operations'> & Pick<EnvelopeCms, 'relay'>;
  readonly chip: Pick<CommandingCardReader, 'relay'>;
  readonly newRelayId: () => string;
}

/** How often the card is put into the CMS's hands: the CMS can set a PIN again that was set already (a tear in the middle, a lost answer). */
const RELAYS = 3;

/**
 * Has the CMS set the card's PIN to the envelope's: the kiosk brings the card's answers there and the next commands back, and can read neither.
 * A relay that broke off for want of the CMS is begun anew, while the card is in; what is not known then, the CMS is asked.
 */
export async function setPin(
  ports: ChipPorts,
  bound: { readonly operationId: string; readonly envelope: string; readonly certificateDigest: string },
  policy: RelayPolicy,
  signal: AbortSignal,
): Promise<ChipReport> {
  let sent = 0;
  let answered = 0;
  let end = 'none';
  for (let relays = 0; relays < RELAYS; relays += 1) {
    const exchange = exchangeOf(ports, bound);
    const relayed = await ports.chip.relay(exchange.step, policy, signal);
    sent += relayed.ok ? relayed.value.sent : relayed.error.sent;
    answered += relayed.ok ? relayed.value.answered : relayed.error.answered;
    const { receipt, refused } = exchange.ended;
    if (receipt !== null) {
      const { ended, secured } = receipt;
      return { pin: receipt.envelope.pin, evidence: receipt.envelope.evidence, secured, end: ended, sent, answered };
    }
    end = refused?.type ?? (relayed.ok ? 'none' : relayed.error.kind);
    if (signal.aborted || refused !== null || !mayBeginAnew(relayed.ok ? null : relayed.error)) break;
  }
  // No command ever went to the card.
  if (sent === 0) return { pin: 'not-set', evidence: 'none', secured: null, end, sent, answered };
  const views = await ports.cms.operations([bound.operationId], signal);
  const standing = views.ok ? views.value.find(({ operationId }) => operationId === bound.operationId)?.envelope : undefined;
  const known = standing?.number === bound.envelope ? standing : null;
  // Without its receipt: where no plain command passes, none carried a PIN.
  const secured = policy.pinsInClear === 'refused' ? true : null;
  return { pin: known?.pin ?? 'unknown', evidence: known?.evidence ?? 'none', secured, end, sent, answered };
}

/** The CMS was lost, and the card is still in the reader. */
function mayBeginAnew(error: RelayError | null): boolean {
  return error?.kind === 'other-side-lost' || error?.kind === 'other-side-silent';
}

/** One relay as the card's process sees its other side; `ended`: what the CMS said last. */
function exchangeOf(
  { cms, newRelayId }: ChipPorts,
  {
    operationId,
    envelope,
    certificateDigest,
  }: { readonly operationId: string; readonly envelope: string; readonly certificateDigest: string },
): {
  readonly step: RelayExchange;
  readonly ended: { readonly receipt: RelayReceipt | null; readonly refused: Extract<CmsError, { kind: 'refused' }> | null };
} {
  const relay = newRelayId();
  const ended: { receipt: RelayReceipt | null; refused: Extract<CmsError, { kind: 'refused' }> | null } = { receipt: null, refused: null };
  let sequence = 0;
  const step: RelayExchange = async (answer, signal) => {
    const asked =
      answer === undefined
        ? { operationId, relay, sequence: 0 as const, envelope, certificateDigest }
        : { operationId, relay, sequence: (sequence += 1), answer };
    const next = await cms.relay(asked, signal);
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
