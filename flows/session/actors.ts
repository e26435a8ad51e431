import { fromPromise } from 'xstate';
import type { CardError, CardReading } from '../../devices/card/contract.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import type { Identified } from '../procedures/card-and-document.ts';
import type { OperatorDecision } from '../ports/operators.ts';
import type { TrustVerdict } from '../ports/trust.ts';
import type { Sheet } from '../ports/printing.ts';
import type { SessionFacts, SessionPorts } from './facts.ts';
import { codeOperationOf } from './inputs.ts';
import { NOTICE_LIMIT_MS } from './notice.ts';
import type { Notice } from './status.ts';

type IdentifiedDecision = Extract<OperatorDecision, { decision: 'identified' }>;

/** What a session asks of the outside, each one command that ends with the state it belongs to. */
export function sessionActors(ports: SessionPorts) {
  return {
    read: fromPromise<Result<CardReading, CardError>>(({ signal }) => ports.card.read(signal)),
    check: fromPromise<TrustVerdict, { reading: CardReading }>(({ input, signal }) =>
      ports.trust.checkCard(input.reading, new Date(ports.now()), signal),
    ),
    sign: fromPromise<Result<{ jws: string; operatorId: string }, unknown>, { facts: SessionFacts; identified: Identified }>(
      async ({ input: { facts, identified } }) => {
        const operatorId = ports.operators.signedOn()?.id;
        if (operatorId === undefined || facts.reading === null || facts.verdict === null) return err('not-signed-on');
        const signed = await ports.operators.sign({
          decision: 'identified',
          operationId: facts.sessionId,
          operation: codeOperationOf(facts),
          certificateDigest: facts.verdict.certificateDigest,
          fiscalCode: facts.reading.personalData.fiscalCode,
          ...identifiedAs(identified),
        });
        return signed.ok ? ok({ jws: signed.value, operatorId }) : signed;
      },
    ),
    printNotice: fromPromise<Notice, { sheet: Sheet | null }>(async ({ input: { sheet } }) => {
      if (sheet === null) return 'none';
      // Not for the session's signal: who has gone on does not tear the paper off.
      const evidence = await ports.printing.printSheet(sheet, AbortSignal.timeout(NOTICE_LIMIT_MS));
      return evidence.class === 'E2' ? 'printed' : 'not-printed';
    }),
  };
}

/** What of it the operator signs: that the papers were there is said by the signature itself. */
function identifiedAs({ document, representation }: Identified): Pick<IdentifiedDecision, 'document' | 'case' | 'representative'> {
  const representative = representation?.representative ?? null;
  return { document, case: representation?.case ?? 'adult', ...(representative === null ? {} : { representative }) };
}
