import { calls } from '../../../kiosk/cms/contract.ts';
import { fromWorker, toWorker } from '../../../kiosk/printing/messages.ts';
import { straightWay } from '../../harness/straight-way.ts';

/** What the world outside the core sees the printer get; the core is killed from there. */
export const firstByte = 'printer first byte';

type Call = keyof typeof calls;

/** The calls of a session to the CMS; those of a start (`health`, `operations`) and of other days (`outcomes`, `counts`) are passed by no session that splits codes. */
const ofNoSession: readonly Call[] = [
  'health',
  'operations',
  'outcomes',
  'counts',
  'card',
  'relay',
  'envelope-batches',
  'envelope-count',
  'prior-card',
  'card-standing',
  'service',
  'service-void',
  'remote-issue',
  'national-standing',
  'national-activate',
  'national-duplicate',
  'national-revoke',
];

/** What core and worker say when all goes well. */
const messages = [...toWorker.options, ...fromWorker.options]
  .map(({ shape }) => [...shape.type.values][0] ?? '')
  .filter((type) => type !== 'abort');

const beforeAndAfter = (what: string): readonly string[] => [`${what} before`, `${what} after`];

/** Every point of a session that splits codes and goes well, by the names of `tests/processes/failpoints.ts`. A name that no session passes is a violation. */
export const sessionPoints: readonly string[] = [
  ...straightWay.flatMap((kind) => beforeAndAfter(`${kind} commit`)),
  ...(Object.keys(calls) as Call[])
    .filter((name) => !ofNoSession.includes(name))
    .flatMap((name) => [...beforeAndAfter(`${name} request`), `${name} answer`]),
  'log print-begun',
  ...messages.flatMap((type) => beforeAndAfter(`worker ${type}`)),
  firstByte,
  'log print-ended',
  'checkpoint signed',
  ...['checkpoint outside', 'log emptying', 'countersignature write'].flatMap(beforeAndAfter),
];

/** Of a service, whose answer the CMS gives once. */
export const servicePoints: readonly string[] = [
  ...['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED'].flatMap((kind) => beforeAndAfter(`${kind} commit`)),
  ...beforeAndAfter('card-standing request'),
  'card-standing answer',
  ...beforeAndAfter('service request'),
  'service answer',
];

/** Of a session that delivers an envelope: those at which the envelope, the card or the CMS goes a step further. */
export const envelopePoints: readonly string[] = [
  ...['RESERVED', 'ENVELOPE_DRAWN', 'ENVELOPE_SCANNED', 'ENVELOPE_BOUND', 'CHIP_EVIDENCE', 'OUTCOME', 'RECEIPT', 'CLOSED'].flatMap((kind) =>
    beforeAndAfter(`${kind} commit`),
  ),
  ...beforeAndAfter('relay request'),
  'relay answer',
];
