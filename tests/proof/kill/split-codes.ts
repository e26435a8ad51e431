import type { CmsState } from '../../../flows/ports/cms.ts';
import type { JournalRow } from '../../../flows/ports/journal.ts';
import { shortOperation } from '../../../kiosk/printing/slip.ts';
import { endings } from '../../crash/expectations.ts';
import type { Sportello } from '../../harness/sportello.ts';
import { straightWay } from '../../harness/straight-way.ts';
import { chainFaults } from './chain.ts';
import type { Delivery } from './delivery.ts';

/** Codes of which a part is printed and the other is sent: kiosk, CMS, mailer and paper each know something of it. */
export const splitCodes: Delivery = {
  world: { reader: 'in-process', msPerLine: 0 },
  sessions: Infinity,
  async session(world) {
    await world.toCollect();
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.client.on('done');
  },
  before(world) {
    const mails = world.secondParts().length;
    return (operationId) => {
      const left = leftOf(world, operationId);
      const ending = endingOf(left);
      return {
        agreed: () => agreed(world, left, ending, mails),
        contradictions: () => contradictions(world, left, ending, mails),
      };
    };
  },
};

type Ending = Exclude<CmsState, 'NONE' | 'RESERVED'>;

/** How an operation stood when the core was dead and its print worker gone, before anything was started again. */
interface Left {
  readonly operationId: string;
  readonly rows: readonly JournalRow[];
  readonly releases: number;
  readonly slips: number;
}

function leftOf(world: Sportello, operationId: string): Left {
  return {
    operationId,
    rows: world.journal(operationId),
    releases: world.ledger.releases(operationId),
    slips: slipsOf(world, operationId),
  };
}

/** Whole slips of an operation: cut, or still hanging from the printer. */
function slipsOf(world: Sportello, operationId: string): number {
  const paper = [...world.wholeSlips(), world.printer.hanging()].join('\n');
  return paper.split(`operazione ${shortOperation(operationId)}/`).length - 1;
}

/** What the operation must come to, from how it was left. */
function endingOf({ rows, releases }: Left): Ending {
  const last = rows.at(-1)?.kind;
  // The part was released and nobody knows what became of it (R3).
  if (last === 'PRINT_INTENT' && releases > 0) return 'HELD';
  const straight = straightWay.find((kind) => kind === last);
  if (straight === undefined) throw new Error(`no session ends at ${last ?? 'nothing'}`);
  return endings[straight].core;
}

/** Journal and CMS both say how it ended, and the mailer has what it should. */
function agreed(world: Sportello, { operationId }: Left, ending: Ending, mailsBefore: number): boolean {
  const last = world.journal(operationId).at(-1);
  const ended = ending === 'HELD' ? last?.kind === 'RECEIPT' : last?.kind === 'CLOSED';
  const mailed = world.secondParts().length >= mailsBefore + (ending === 'CONFIRMED' ? 1 : 0);
  return ended && mailed && world.ledger.state(operationId) === ending;
}

/** What the three ledgers and the journal contradict each other in, by the invariants of reliability.md (1.3). */
function contradictions(world: Sportello, left: Left, ending: Ending, mailsBefore: number): readonly string[] {
  const { operationId } = left;
  const rows = world.journal(operationId);
  const find = <Kind extends JournalRow['kind']>(kind: Kind): Extract<JournalRow, { kind: Kind }> | undefined =>
    rows.find((row) => row.kind === kind) as Extract<JournalRow, { kind: Kind }> | undefined;
  const outcome = find('OUTCOME');
  const slips = slipsOf(world, operationId);
  const mails = world.secondParts().length - mailsBefore;
  const rules: readonly (readonly [string, boolean])[] = [
    ['I1 the rows that stood before the kill stand', JSON.stringify(rows.slice(0, left.rows.length)) === JSON.stringify(left.rows)],
    ['I1 the CMS ended it as it had to end', world.ledger.state(operationId) === ending],
    ['I1 the receipt says what the CMS says', find('RECEIPT')?.state === ending],
    ['I2 nothing was printed after the kill', slips === left.slips],
    ['I2 no more slips than announced prints', slips <= rows.filter(({ kind }) => kind === 'PRINT_INTENT').length],
    [
      'I2 no more releases than announced prints',
      world.ledger.releases(operationId) <= rows.filter(({ kind }) => kind === 'PRINT_INTENT').length,
    ],
    ['I2 a slip that nobody is known to have is exposed', slips === 0 || outcome?.outcome === 'handed-over' || outcome?.exposed === true],
    ['I3 confirmed if and only if handed over', (outcome?.outcome === 'handed-over') === (ending === 'CONFIRMED')],
    ['I3 handed over means that a slip is out', outcome?.outcome !== 'handed-over' || slips === 1],
    ['I3 the second part left if and only if confirmed', mails === (ending === 'CONFIRMED' ? 1 : 0)],
    ['I4 no mail came twice', world.mailbox.deliveries() === world.mailbox.messages().length],
    ['I4 one second part queued for each one sent', world.ledger.queuedSecondParts() === world.secondParts().length],
  ];
  return [...rules.flatMap(([rule, holds]) => (holds ? [] : [rule])), ...chainFaults(world)].map(
    (line) => `${line} (${operationId}: ${rows.map(({ kind }) => kind).join(' ')}; slips ${slips}, mails ${mails})`,
  );
}
