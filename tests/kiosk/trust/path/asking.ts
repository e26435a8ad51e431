import { Sources, type VerifyRequest, answerRequest, invalid, verifyRequest } from '../../../../kiosk/trust/verify-request.ts';
import type { Verdict } from '../../../../kiosk/trust/verify.ts';
import { NOW } from './making.ts';

type Ders = readonly Uint8Array[];

export type Asked = Partial<Omit<VerifyRequest, 'at' | 'anchors' | 'intermediates' | 'crls'>> & {
  readonly at?: Date;
  readonly anchors: Ders;
  readonly intermediates?: Ders;
  readonly crls?: Ders;
};

/** Asks as a line of a batch would. Without CRLs, without revocation. */
export function ask(certificate: Uint8Array, { anchors, intermediates = [], crls, at = NOW, ...rest }: Asked): Verdict {
  const der = (bytes: Uint8Array): { der: string } => ({ der: Buffer.from(bytes).toString('base64') });
  const request = verifyRequest.parse({
    certificate: der(certificate),
    anchors: anchors.map(der),
    intermediates: intermediates.map(der),
    crls: (crls ?? []).map(der),
    at: at.toISOString(),
    checkRevocation: crls !== undefined,
    ...rest,
  });
  const answer = answerRequest(request, new Sources());
  return answer.ok ? answer.value : invalid(answer.error);
}
