import type { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import type { CmsError } from '../../flows/ports/cms.ts';
import type { RemoteIssue } from '../../flows/ports/remote-issue.ts';
import {
  type CardServices,
  type ServiceAccepted,
  type ServiceReceipt,
  type ServiceRequest,
  nationalServices,
} from '../../flows/ports/services.ts';
import { calls, idempotencyKey, stepOf } from './contract.ts';
import type { CmsLink } from './link.ts';
import { relayCall } from './relay-call.ts';
import { loadingClaims } from './relays.ts';
import { serviceReceiptClaims, serviceReceiptType } from './services.ts';

function callOf(request: ServiceRequest | RemoteIssue): 'service' | 'national-revoke' | 'remote-issue' {
  if ('identification' in request) return 'remote-issue';
  return nationalServices.includes(request.operation) ? 'national-revoke' : 'service';
}

/** The client's calls of what is one question and one receipt: the operations that give no codes, and codes that pass no kiosk. */
export function serviceCalls(link: CmsLink): CardServices {
  const { run, json, signed } = link;
  /** A receipt that is about this operation and was signed as it stands. */
  const believed = async (operationId: string, receipt: ServiceReceipt): Promise<Result<ServiceReceipt, CmsError>> => {
    const claims = await signed(receipt.jws, serviceReceiptType, serviceReceiptClaims);
    const holds =
      claims !== null &&
      claims.operationId === operationId &&
      claims.state === receipt.state &&
      claims.cardStatus === receipt.cardStatus &&
      claims.sequence === receipt.sequence &&
      claims.at === receipt.at;
    return holds ? ok(receipt) : err({ kind: 'unreachable', detail: 'a receipt that does not hold' });
  };

  return {
    standing(of, national, signal) {
      const call = national ? 'national-standing' : 'card-standing';
      const { path, request, answer } = calls[call];
      return run(call, answer, { path: path.slice(1), body: json(request, of) }, signal, (standing) => Promise.resolve(ok(standing)));
    },

    serve(request, signal) {
      const { operationId } = request;
      const call = callOf(request);
      const { path, request: schema, answer } = calls[call];
      const key = idempotencyKey.write({ operationId, step: stepOf.service, attempt: 1 });
      const question = { path: path.slice(1), key, body: json(schema, request) };
      return run<z.infer<typeof answer>, ServiceReceipt | ServiceAccepted>(call, answer, question, signal, (answered) => {
        if (answered.state !== 'ACCEPTED') return believed(operationId, answered);
        return Promise.resolve(answered.operationId === operationId ? ok(answered) : err({ kind: 'unreachable', detail: 'about another' }));
      });
    },

    load: relayCall(link, loadingClaims),

    voidService(operationId, signal) {
      const key = idempotencyKey.write({ operationId, step: stepOf.serviceVoid, attempt: 1 });
      const question = {
        path: `services/${encodeURIComponent(operationId)}/void`,
        key,
        body: json(calls['service-void'].request, {}),
      };
      return run('service-void', calls['service-void'].answer, question, signal, (receipt) => believed(operationId, receipt));
    },
  };
}
