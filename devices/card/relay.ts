import { withDeadline } from '../deadline.ts';
import { type Result, ok } from '../result.ts';
import { decodeCommand } from './apdu.ts';
import type { CardError, RelayCount, RelayEnd, RelayExchange, RelayPolicy } from './contract.ts';
import type { CardInUse } from './driver.ts';
import { decodeObjects, tag } from './secure-messaging/data-objects.ts';

/** What the chip procedures need and no more: PIN commands under secure messaging, what these need before them, and reading. */
export const usualRelayPolicy: RelayPolicy = {
  allowed: ['0C20', '0C24', '0C2C', '0CA4', '0CB0', '0084', '00A4', '00B0', '00C0', '8086'],
  pinsInClear: 'refused',
  maxCommandBytes: 261,
  maxCommands: 64,
  commandLimitMs: 10_000,
  exchangeLimitMs: 20_000,
  totalLimitMs: 120_000,
};

/** The same with the two plain commands by which whoever has a card's PUK sets its PIN and tries it: this machine could read both. */
export const plainRelayPolicy: RelayPolicy = {
  ...usualRelayPolicy,
  allowed: [...usualRelayPolicy.allowed, '0020', '002C'],
  pinsInClear: 'allowed',
};

/**
 * What loading a signature certificate needs: CREATE FILE, GENERATE KEY PAIR and UPDATE BINARY under secure messaging, in DF_DS and nowhere else
 * (card.md, 1.3), and reading. No PIN command of any kind.
 */
export const signatureRelayPolicy: RelayPolicy = {
  ...usualRelayPolicy,
  allowed: ['0CE0', '0C47', '0CD6', '0CA4', '0CB0', '0084', '00A4', '00B0', '00C0', '8086'],
  confined: { folder: '1400', commands: ['0CE0', '0C47', '0CD6'] },
  // A card takes its time to make a key.
  commandLimitMs: 60_000,
  totalLimitMs: 240_000,
};

type Refusal = Extract<RelayEnd, { kind: 'refused' }>['reason'];

/** VERIFY, CHANGE REFERENCE DATA, ENABLE and DISABLE VERIFICATION, RESET RETRY COUNTER, even and odd (ISO 7816-4, 11.6). */
const pinInstructions: readonly number[] = [0x20, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2c, 0x2d];
const secured = 0x0c;

/**
 * The kiosk's side of a relay: brings the card's answer to the other side and that one's next command to the card, and knows neither what
 * they say nor who commands. What the policy does not allow ends it before it reaches the card. `count` goes up as it goes on.
 */
export async function relay(
  card: Pick<CardInUse, 'transmit' | 'signal'>,
  exchange: RelayExchange,
  policy: RelayPolicy,
  count: { -readonly [K in keyof RelayCount]: number },
): Promise<Result<RelayEnd, CardError>> {
  const ended = await withDeadline(policy.totalLimitMs, card.signal, async (signal) => {
    let answer: Uint8Array | undefined;
    let inFolder = false;
    for (;;) {
      const next = await nextCommand(exchange, answer, policy.exchangeLimitMs, signal);
      if (!(next instanceof Uint8Array)) return next;
      const refusal = count.sent === policy.maxCommands ? 'too-many' : refusalOf(next, policy, inFolder);
      if (refusal !== undefined) {
        next.fill(0);
        return ok<RelayEnd>({ kind: 'refused', reason: refusal });
      }
      count.sent += 1;
      const selected = selectedBy(next, policy);
      const answered = await withDeadline(policy.commandLimitMs, signal, () => card.transmit(next));
      next.fill(0);
      if (!answered.ok) return answered;
      if (!answered.value.ok) return answered.value;
      count.answered += 1;
      answer = answered.value.value;
      if (selected !== null) inFolder = selected === 'inside' && (inFolder || isDone(answer));
    }
  });
  if (ended.ok) return ended.value;
  return ended.error.kind === 'aborted' ? ended : ok({ kind: 'took-too-long', afterMs: policy.totalLimitMs });
}

async function nextCommand(
  exchange: RelayExchange,
  answer: Uint8Array | undefined,
  limitMs: number,
  signal: AbortSignal,
): Promise<Uint8Array | Result<RelayEnd, CardError>> {
  let asked: Promise<Uint8Array | 'end' | 'lost'> | undefined;
  const next = await withDeadline(limitMs, signal, (limit) => (asked = exchange(answer, limit)));
  answer?.fill(0);
  if (!next.ok) {
    // What comes too late goes nowhere.
    asked?.then(
      (late) => late instanceof Uint8Array && late.fill(0),
      () => undefined,
    );
    return next.error.kind === 'aborted' ? next : ok({ kind: 'other-side-silent', afterMs: limitMs });
  }
  if (next.value === 'end') return ok({ kind: 'end' });
  return next.value === 'lost' ? ok({ kind: 'other-side-lost' }) : next.value;
}

/** Why a command must not reach the card; `undefined`: it may. `inFolder`: the card is in the folder to which commands are confined. */
export function refusalOf(
  bytes: Uint8Array,
  { allowed, pinsInClear, confined, maxCommandBytes }: RelayPolicy,
  inFolder = true,
): Refusal | undefined {
  if (bytes.length > maxCommandBytes) return 'too-long';
  const command = decodeCommand(bytes);
  if (command === undefined) return 'malformed';
  const { cla, ins, data } = command;
  if (pinInstructions.includes(ins) && pinsInClear === 'refused' && !(cla === secured && isSealed(data))) return 'pin-in-clear';
  const name = nameOf(cla, ins);
  return allowed.includes(name) && (inFolder || confined?.commands.includes(name) !== true) ? undefined : 'not-allowed';
}

function nameOf(cla: number, ins: number): string {
  return Buffer.of(cla, ins).toString('hex').toUpperCase();
}

/** Where a SELECT takes the card if it is obeyed; `null`: it is none. What cannot be read, or goes by no path from the MF, is `outside`. */
function selectedBy(bytes: Uint8Array, { confined }: RelayPolicy): 'inside' | 'outside' | null {
  const command = decodeCommand(bytes);
  if (confined === undefined || command?.ins !== 0xa4) return null;
  const { cla, p1, data } = command;
  const inside = cla === 0x00 && p1 === 0x08 && Buffer.from(data).toString('hex').toUpperCase().startsWith(confined.folder);
  return inside ? 'inside' : 'outside';
}

function isDone(answer: Uint8Array): boolean {
  return answer.at(-2) === 0x90 && answer.at(-1) === 0x00;
}

/**
 * Nothing but a cryptogram, perhaps a length, and a MAC: the class byte alone would let a PIN pass that is not encrypted. A MAC alone is a command
 * without data, as VERIFY that asks for the tries left: there is nothing to read in it.
 */
function isSealed(data: Uint8Array): boolean {
  const objects = decodeObjects(data);
  const mac = objects?.at(-1);
  if (objects === undefined || mac?.tag !== tag.mac || mac.value.length !== 8) return false;
  const [cryptogram, ...others] = objects.slice(0, -1);
  if (cryptogram === undefined) return true;
  const allKnown = others.every((object) => object.tag === tag.le && object.value.length <= 2);
  const wholeBlocks = cryptogram.value.length > 8 && cryptogram.value.length % 8 === 1;
  return cryptogram.tag === tag.cryptogram && wholeBlocks && cryptogram.value[0] === 0x01 && allKnown;
}
