import type { RelayPolicy } from '../../devices/card/contract.ts';
import type { CardEvidence, Cms, EnvelopeStanding } from '../ports/cms.ts';
import type { EnvelopeCms } from '../ports/envelopes.ts';
import { type RelayPorts, relayToEnd } from './relay.ts';

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

export interface ChipPorts extends RelayPorts {
  readonly cms: Pick<Cms, 'operations'> & Pick<EnvelopeCms, 'relay'>;
}

/** Has the CMS set the card's PIN to the envelope's, over the relay; what is not known then, the CMS is asked. */
export async function setPin(
  ports: ChipPorts,
  bound: { readonly operationId: string; readonly envelope: string; readonly certificateDigest: string },
  policy: RelayPolicy,
  signal: AbortSignal,
): Promise<ChipReport> {
  const { receipt, ...counted } = await relayToEnd(ports, (step, limit) => ports.cms.relay(step, limit), bound, policy, signal);
  if (receipt !== null) {
    const { pin, evidence } = receipt.envelope;
    return { pin, evidence, secured: receipt.secured, ...counted };
  }
  // No command ever went to the card.
  if (counted.sent === 0) return { pin: 'not-set', evidence: 'none', secured: null, ...counted };
  const views = await ports.cms.operations([bound.operationId], signal);
  const standing = views.ok ? views.value.find(({ operationId }) => operationId === bound.operationId)?.envelope : undefined;
  const known = standing?.number === bound.envelope ? standing : null;
  // Without its receipt: where no plain command passes, none carried a PIN.
  const secured = policy.pinsInClear === 'refused' ? true : null;
  return { pin: known?.pin ?? 'unknown', evidence: known?.evidence ?? 'none', secured, ...counted };
}
