import { type Result, err, ok } from '../result.ts';

/** A command APDU (ISO 7816-4, 5.1). `le` is the number of bytes wished for: to 256 in a short APDU, to 65536 in an extended one. */
export interface Command {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data?: Uint8Array;
  readonly le?: number;
}

export interface Response {
  readonly data: Uint8Array;
  /** SW1 and SW2 as one number: `0x9000`. */
  readonly status: number;
}

/** Carries one command APDU to the card and its response APDU (two bytes or more) back. */
export type Transmit<E> = (command: Uint8Array) => Promise<Result<Uint8Array, E>>;

export const status = {
  done: 0x9000,
  endOfFile: 0x6282,
  wrongOffset: 0x6b00,
  fileNotFound: 0x6a82,
  wrongParameters: 0x6a86,
} as const;

/** CLA bit 5: more of this command follows (ISO 7816-4, 5.4.1). */
const moreFollows = 0x10;
const maxShortData = 255;
const maxShortAnswer = 256;
/** At most this many GET RESPONSE for one command: a card that always has more is lying. */
const maxContinuations = 16;

/** Short where data and `le` allow it, else extended (ISO 7816-4, 5.2). Makes no copy of `data` but the one it answers with. */
export function encodeCommand({ cla, ins, p1, p2, data = new Uint8Array(), le }: Command): Uint8Array {
  const extended = data.length > maxShortData || (le ?? 0) > maxShortAnswer;
  const number = (value: number): number[] => (extended ? [(value >> 8) & 0xff, value & 0xff] : [value & 0xff]);
  const marker = extended ? [0] : [];
  const head = [cla, ins, p1, p2, ...(data.length > 0 ? [...marker, ...number(data.length)] : [])];
  const tail = le === undefined ? [] : [...(data.length > 0 ? [] : marker), ...number(le)];
  const bytes = new Uint8Array(head.length + data.length + tail.length);
  bytes.set(head);
  bytes.set(data, head.length);
  bytes.set(tail, head.length + data.length);
  return bytes;
}

/** A command APDU as it stands on the wire. `data` is a view into `bytes`. `undefined`: its length fields do not add up. */
export function decodeCommand(bytes: Uint8Array): (Required<Omit<Command, 'le'>> & Pick<Command, 'le'>) | undefined {
  const [cla, ins, p1, p2, first] = bytes;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const header = { cla, ins, p1, p2 };
  if (first === undefined) return { ...header, data: bytes.subarray(4) };
  const extended = first === 0 && bytes.length > 5;
  const width = extended ? 2 : 1;
  const lengths = bytes.subarray(extended ? 5 : 4);
  const number = (at: number): number => lengths.subarray(at, at + width).reduce((value, byte) => value * 256 + byte, 0);
  const most = extended ? 65_536 : maxShortAnswer;
  if (lengths.length < width) return undefined;
  if (lengths.length === width) return { ...header, data: lengths.subarray(width), le: number(0) || most };
  const length = number(0);
  const data = lengths.subarray(width, width + length);
  if (length === 0 || data.length < length) return undefined;
  const rest = lengths.length - width - length;
  if (rest === 0) return { ...header, data };
  return rest === width ? { ...header, data, le: number(width + length) || most } : undefined;
}

export function decodeResponse(bytes: Uint8Array): Response {
  return { data: bytes.slice(0, -2), status: ((bytes.at(-2) ?? 0) << 8) | (bytes.at(-1) ?? 0) };
}

/**
 * One command and its whole answer: sends data that are too long for a short APDU in a chain, sends the command again with the length the
 * card asks for (`6Cxx`), and fetches what it keeps back (`61xx`) with GET RESPONSE (ISO 7816-4, 5.4.1, 5.6 and 11.7.1). The bytes it makes
 * for the way are wiped when they have been sent; the caller's `data` are the caller's to wipe.
 */
export async function exchange<E>(transmit: Transmit<E>, command: Command): Promise<Result<Response, E>> {
  const chain = chainOf(command);
  for (const link of chain.slice(0, -1)) {
    const answer = await send(transmit, link);
    if (!answer.ok || answer.value.status !== status.done) return answer;
  }
  const last = chain.at(-1) ?? command;
  let answer = await send(transmit, last);
  if (answer.ok && answer.value.status >> 8 === 0x6c) answer = await send(transmit, { ...last, le: lengthOf(answer.value.status) });
  const parts: Uint8Array[] = [];
  for (let count = 0; answer.ok && answer.value.status >> 8 === 0x61 && count < maxContinuations; count += 1) {
    parts.push(answer.value.data);
    answer = await send(transmit, { cla: command.cla, ins: 0xc0, p1: 0, p2: 0, le: lengthOf(answer.value.status) });
  }
  if (!answer.ok) return err(answer.error);
  return ok({ data: new Uint8Array(Buffer.concat([...parts, answer.value.data])), status: answer.value.status });
}

/** Data and an answer within 256 bytes go in short APDUs, whatever their length: every card takes a chain, not every card an extended one. */
function chainOf(command: Command): readonly Command[] {
  const { data, le, ...header } = command;
  if (data === undefined || data.length <= maxShortData || (le ?? 0) > maxShortAnswer) return [command];
  const links = Math.ceil(data.length / maxShortData);
  return Array.from({ length: links }, (_, index) => {
    const part = data.subarray(index * maxShortData, (index + 1) * maxShortData);
    if (index < links - 1) return { ...header, cla: header.cla | moreFollows, data: part };
    return { ...header, data: part, ...(le === undefined ? {} : { le }) };
  });
}

async function send<E>(transmit: Transmit<E>, command: Command): Promise<Result<Response, E>> {
  const bytes = encodeCommand(command);
  const answer = await transmit(bytes);
  bytes.fill(0);
  return answer.ok ? ok(decodeResponse(answer.value)) : answer;
}

function lengthOf(word: number): number {
  return word & 0xff || maxShortAnswer;
}
