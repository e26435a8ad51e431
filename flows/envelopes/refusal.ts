import { type Result, err, ok } from '../../devices/result.ts';
import type { Envelope, Pile } from './envelope.ts';
import type { NotAnEnvelopeNumber } from './envelope-number.ts';

/**
 * Why a number that was read is not taken. `other-form`, `wrong-check`, `other-symbology`: it is no number of this region's envelopes, or was misread.
 * `unknown`: of this region, and on no list of this desk. `of-another`: in another operator's pile. `used`: it was read before, whatever came of it.
 * `not-the-drawn-one`: it lies in the right pile, and the lot fell on another.
 */
export type EnvelopeRefusal = NotAnEnvelopeNumber | 'unknown' | 'of-another' | 'used' | 'not-the-drawn-one';

/** The envelope that was read, by scanner or by hand, if it is the one that the operation drew. */
export function readEnvelope(
  number: Result<string, NotAnEnvelopeNumber>,
  find: (number: string) => Envelope | undefined,
  { operationId, pile }: { readonly operationId: string; readonly pile: Pile },
): Result<Envelope, EnvelopeRefusal> {
  if (!number.ok) return number;
  const envelope = find(number.value);
  if (envelope === undefined) return err('unknown');
  switch (envelope.state) {
    case 'drawn':
      return envelope.operationId === operationId ? ok(envelope) : err('of-another');
    case 'received':
      return err('of-another');
    case 'assigned':
      return err(envelope.pile === pile ? 'not-the-drawn-one' : 'of-another');
    default:
      return err('used');
  }
}
