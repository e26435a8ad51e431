import type { EvidenceClass } from '../../devices/printer/contract.ts';
import type { EnvelopeState } from '../envelopes/envelope.ts';
import type { EnvelopeStanding, Outcome } from '../ports/cms.ts';

/** How far an operation with an envelope came. */
export interface EnvelopeProof {
  /** The last that stands in the journal of the envelope in its hands. */
  readonly step: 'none' | 'drawn' | 'scanned' | 'bound';
  /** What is known of the card's PIN; `null`: nobody said. */
  readonly pin: EnvelopeStanding['pin'] | null;
  /** An operator's signed word that the holder has the envelope. */
  readonly handedOver: boolean;
}

/** What it comes to, for the CMS and for the envelope; `to`: `null` where none is in its hands. */
export interface EnvelopeConclusion {
  readonly outcome: Outcome;
  readonly class: EvidenceClass;
  readonly to: EnvelopeState | null;
}

/**
 * An envelope that was never read goes back to its pile. One that was read is used up: no PIN was set, or it was set and the envelope stayed here.
 * Where it was bound and nobody knows what the card made of it, envelope and operation wait for an operator (procedures.md, C21).
 */
export function concludedEnvelope(
  proof: EnvelopeProof & { readonly step: 'drawn' | 'scanned' | 'bound' },
): EnvelopeConclusion & { readonly to: EnvelopeState };
export function concludedEnvelope(proof: EnvelopeProof): EnvelopeConclusion;
export function concludedEnvelope({ step, pin, handedOver }: EnvelopeProof): EnvelopeConclusion {
  switch (step) {
    case 'none':
      return { outcome: 'not-handed-over', class: 'E0', to: null };
    case 'drawn':
      return { outcome: 'not-handed-over', class: 'E0', to: 'assigned' };
    case 'scanned':
      return { outcome: 'not-handed-over', class: 'E0', to: 'aborted' };
    case 'bound':
      if (pin === 'not-set') return { outcome: 'not-handed-over', class: 'E0', to: 'aborted' };
      if (pin !== 'set') return { outcome: 'unknown', class: 'E1', to: 'quarantined' };
      return handedOver
        ? { outcome: 'handed-over', class: 'E4', to: 'handed' }
        : { outcome: 'not-handed-over', class: 'E2', to: 'unclaimed' };
  }
}
