import type { EnvelopeState } from '../../../flows/envelopes/envelope.ts';
import type { CmsState } from '../../../flows/ports/cms.ts';
import type { JournalRow } from '../../../flows/ports/journal.ts';
import { scan, toEnvelope } from '../../harness/envelope-desk.ts';
import type { Sportello } from '../../harness/sportello.ts';
import { chainFaults } from './chain.ts';
import type { Delivery } from './delivery.ts';

/** Each session may use one up. */
const envelopes = 200;

/** Codes that lie in a sealed envelope: kiosk, CMS and card each know something of it. */
export const blindEnvelope: Delivery = {
  world: { reader: 'in-process', envelopes },
  sessions: envelopes,
  async session(world) {
    const number = await toEnvelope(world);
    scan(world, number);
    await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.client.on('envelope-done');
  },
  before: (world) => (operationId) => {
    const left = world.journal(operationId);
    return {
      agreed: () => agreed(world, operationId),
      contradictions: () => contradictions(world, operationId, left),
    };
  },
};

function agreed(world: Sportello, operationId: string): boolean {
  const last = world.journal(operationId).at(-1);
  const state = world.ledger.state(operationId);
  return last?.kind === 'RECEIPT' ? last.state === 'HELD' && state === 'HELD' : last?.kind === 'CLOSED' && last.state === state;
}

/** Where the envelope that an operation drew is, here; `null`: it drew none. */
export function endOfEnvelope(world: Sportello, operationId: string): EnvelopeState | null {
  const drawn = world.journal(operationId).find((row) => row.kind === 'ENVELOPE_DRAWN');
  return drawn?.kind === 'ENVELOPE_DRAWN' ? (world.envelope(drawn.number) ?? null) : null;
}

/** What becomes of envelope and operation, from the last row that stood; once it was bound, the CMS alone knows whether the card has its PIN. */
function endingOf(left: readonly JournalRow[], pinAtCms: string | undefined): readonly [EnvelopeState | null, CmsState] {
  const last = left.at(-1)?.kind;
  switch (last) {
    case 'OP_OPEN':
    case 'RESERVE_INTENT':
    case 'RESERVED':
      return [null, 'VOIDED'];
    case 'ENVELOPE_DRAWN':
      return ['assigned', 'VOIDED'];
    case 'ENVELOPE_SCANNED':
      return ['aborted', 'VOIDED'];
    case 'ENVELOPE_BOUND':
      return pinAtCms === 'set' ? ['quarantined', 'HELD'] : ['aborted', 'VOIDED'];
    case 'CHIP_EVIDENCE':
      return ['quarantined', 'HELD'];
    case 'OUTCOME':
    case 'RECEIPT':
    case 'CLOSED':
      return ['handed', 'CONFIRMED'];
    default:
      throw new Error(`no session ends at ${last ?? 'nothing'}`);
  }
}

function contradictions(world: Sportello, operationId: string, left: readonly JournalRow[]): readonly string[] {
  const rows = world.journal(operationId);
  const has = (kind: JournalRow['kind']): boolean => rows.some((row) => row.kind === kind);
  const here = endOfEnvelope(world, operationId);
  const there = world.ledger.envelope(operationId);
  const state = world.ledger.state(operationId);
  const rules: readonly (readonly [string, boolean])[] = [
    ['R3 it ended as the row at which it stood says', JSON.stringify([here, state]) === JSON.stringify(endingOf(left, there?.pin))],
    ['I1 the rows that stood before the kill stand', JSON.stringify(rows.slice(0, left.length)) === JSON.stringify(left)],
    ['B1 no envelope is under way', here === null || !['drawn', 'scanned', 'bound'].includes(here)],
    ['B1 handed here if and only if the CMS confirmed', (here === 'handed') === (state === 'CONFIRMED')],
    ['B1 handed at the CMS if and only if here', (there?.state === 'handed') === (here === 'handed')],
    ['B2 the CMS bound nothing that the journal had not bound', there === null || has('ENVELOPE_BOUND')],
    ['B3 one that was never read lies in its pile', has('ENVELOPE_SCANNED') || here === 'assigned' || here === null],
    ['B3 one that was read is in no pile', !has('ENVELOPE_SCANNED') || here !== 'assigned'],
    ['B4 set at the CMS: handed, or put apart and held', there?.pin !== 'set' || here === 'handed' || here === 'quarantined'],
    ['B4 put apart if and only if held', (here === 'quarantined') === (state === 'HELD')],
  ];
  return [...rules.flatMap(([rule, holds]) => (holds ? [] : [rule])), ...chainFaults(world)].map(
    (line) =>
      `${line} (${operationId}: ${rows.map(({ kind }) => kind).join(' ')}; here ${here ?? 'none'}, CMS ${state} ${there?.state ?? 'none'} ${there?.pin ?? ''})`,
  );
}
