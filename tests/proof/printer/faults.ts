import { setImmediate } from 'node:timers/promises';
import type { PrintEvidence, Printer } from '../../../devices/printer/contract.ts';
import { Secret } from '../../../devices/secret.ts';
import { unconfirmed } from '../../../flows/operations/evidence.ts';
import type { Slip } from '../../../flows/ports/printing.ts';
import { feedAndCut } from '../../../kiosk/printing/paper.ts';
import { readPaperPart } from '../../../kiosk/printing/paper-part.ts';
import { composeSlip } from '../../../kiosk/printing/slip.ts';
import type { ProofPart } from '../part.ts';
import { type Fault, FaultyPrinter, faults } from './line.ts';

function slipOf(operation: string, pin: string): { readonly bytes: Buffer; readonly code: string; readonly footer: string } {
  const slip: Slip = {
    operationId: `0198c2a4-7a31-7c55-9d02-${operation}`,
    attempt: 1,
    operation: 'activation',
    siteName: 'Casa della Salute - prova',
    printedAt: '2026-06-15T10:00:00Z',
    language: 'it',
    secondPart: { channel: 'email', masked: 'm•••i@example.it' },
    helpLine: '800.033.033',
  };
  const codes = readPaperPart(new Secret(Buffer.from(`PIN ${pin} 3\n`)));
  if (!codes.ok) throw new Error(codes.error.detail);
  return { bytes: composeSlip(slip, codes.value), code: pin, footer: operation.slice(-8).toUpperCase() };
}

const first = slipOf('6f1c22ab90e1', '73918264');
const second = slipOf('6f1c22ab90e2', '50419637');

/** Offsets in what the driver sends for a slip, from before its first byte to after its completion question: the slip, and what the driver puts round it. */
export const lastOffset = first.bytes.length + 40;

/**
 * One fault at one place while the first slip prints, a person's repair, and the next citizen's slip, with the production driver and what the kiosk does
 * with it (`kiosk/printing/printing.ts`: cleared before anything else, what hangs cut off). Answers what was broken of the promise.
 */
export async function printerFault(fault: Fault, offset: number): Promise<readonly string[]> {
  const broken: string[] = [];
  const never = new AbortController().signal;
  const paper = new FaultyPrinter();
  try {
    paper.befall(fault, offset);
    const evidence = await paper.connect().print(first.bytes, never);
    const whole = (): number => paper.papers.filter((text) => text.includes(first.code) && text.includes(first.footer)).length;
    if (evidence.class === 'E2' && whole() !== 1) broken.push('I3: complete, it says, and no whole slip is there');
    if (evidence.class === 'E0' && paper.papers.length > 0) broken.push('I2: nothing was sent, it says, and paper came out');
    if (unconfirmed(evidence.class).outcome === 'handed-over') broken.push('I3: handed over without anybody’s word');
    if (evidence.class === 'E1' && evidence.buffer !== 'cleared' && evidence.buffer !== 'locked')
      broken.push('I2: neither cleared nor locked after a failure');
    const before = paper.papers.length;

    paper.repair();
    const next = paper.connect();
    await makeReady(next, evidence, broken, never);
    const printed = await next.print(second.bytes, never);
    if (printed.class !== 'E2') broken.push(`liveness: after the repair the printer has ${printed.status.state}`);
    const since = paper.papers.slice(before).filter((text) => text.trim() !== '');
    const theirs = since.filter((text) => text.includes(second.code));
    if (theirs.length !== 1 || theirs.some((text) => text.includes(first.code) || text.includes(first.footer)))
      broken.push('I2: the next citizen’s slip is not theirs alone');
    if (evidence.class === 'E2' && since.some((text) => text.includes(first.code))) broken.push('I2: printed again by itself');
    if (whole() > 1) broken.push('I2: a slip came out twice');
  } finally {
    paper.stop();
  }
  return broken.map((what) => `${fault} at byte ${offset}: ${what}`);
}

/** As the kiosk makes a printer ready that did not finish: cleared with its acknowledgement, and what hangs from it cut off. */
async function makeReady(printer: Printer, evidence: PrintEvidence, broken: string[], never: AbortSignal): Promise<void> {
  await setImmediate();
  if (evidence.class !== 'E1') return;
  if (!(await printer.clear())) broken.push('I2: the printer cannot be cleared');
  const cut = await printer.print(Uint8Array.from(feedAndCut), never);
  if (cut.class !== 'E2') broken.push(`liveness: what hangs cannot be cut off: ${cut.status.state}`);
}

/** Many at once: what takes time is waiting for a printer that does not answer. */
const AT_ONCE = 50;

/** Faults at their places, as many at once as do not wait for each other. */
export async function printerFaults(places: readonly { readonly fault: Fault; readonly offset: number }[]): Promise<readonly string[]> {
  const broken: string[] = [];
  for (let from = 0; from < places.length; from += AT_ONCE) {
    const some = await Promise.all(places.slice(from, from + AT_ONCE).map(({ fault, offset }) => printerFault(fault, offset)));
    broken.push(...some.flat());
  }
  return broken;
}

/** All faults at all offsets in turn, from a place that the seed chooses, until the time is up. */
export const printerPart: ProofPart = {
  name: 'printer',
  share: 0.1,
  async run({ deadline, seed, progress }) {
    const violations: string[] = [];
    const all = faults.flatMap((fault) => Array.from({ length: lastOffset + 1 }, (_, offset) => ({ fault, offset })));
    const places = [...all.slice(seed % all.length), ...all.slice(0, seed % all.length)];
    let tried = 0;
    while (tried < places.length && Date.now() < deadline) {
      const some = places.slice(tried, tried + AT_ONCE);
      violations.push(...(await printerFaults(some)));
      tried += some.length;
    }
    progress(`printer: ${tried} of ${places.length} places`);
    return { counts: { printerFaults: tried }, violations };
  },
};
