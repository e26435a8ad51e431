import type { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import type { CmsError } from '../../flows/ports/cms.ts';
import type { RelayAnswer, RelayStep } from '../../flows/ports/relays.ts';
import { calls, idempotencyKey, stepOf } from './contract.ts';
import type { CmsLink } from './link.ts';
import { relayType } from './relays.ts';

/** One exchange of a relay whose end says these claims. An end that the CMS did not sign counts as no answer. */
export function relayCall<Claims extends { readonly operationId: string; readonly relay: string }>(
  { run, json, signed }: CmsLink,
  claims: z.ZodType<Claims>,
) {
  const endOf = async ({ operationId, relay }: RelayStep, jws: string): Promise<Result<{ end: Claims & { jws: string } }, CmsError>> => {
    const said = await signed(jws, relayType, claims);
    if (said?.operationId !== operationId || said.relay !== relay) return unbelievable("a relay's end that does not hold");
    return ok({ end: { ...said, jws } });
  };

  return (step: RelayStep, signal: AbortSignal): Promise<Result<RelayAnswer<Claims & { jws: string }>, CmsError>> => {
    const { operationId, relay, sequence } = step;
    const key = idempotencyKey.write({ operationId, step: stepOf.relay(relay), attempt: sequence });
    const body = json(calls.relay.request, bodyOf(step));
    const question = { path: `operations/${encodeURIComponent(operationId)}/relay`, key, body };
    return run(
      'relay',
      calls.relay.answer,
      question,
      signal,
      (answer): Promise<Result<RelayAnswer<Claims & { jws: string }>, CmsError>> => {
        if (answer.sequence !== sequence) return Promise.resolve(unbelievable('an answer about another exchange'));
        if ('end' in answer) return endOf(step, answer.end);
        return Promise.resolve(ok({ command: new Uint8Array(Buffer.from(answer.command, 'hex')) }));
      },
    );
  };
}

function bodyOf(step: RelayStep): z.input<typeof calls.relay.request> {
  const { relay, sequence } = step;
  if ('answer' in step) return { relay, sequence, answer: Buffer.from(step.answer).toString('hex').toUpperCase() };
  const { envelope, certificateDigest } = step;
  return { relay, sequence: 0, ...(envelope === undefined ? {} : { envelope }), card: { certificateDigest } };
}

function unbelievable(detail: string): Result<never, CmsError> {
  return err({ kind: 'unreachable', detail });
}
