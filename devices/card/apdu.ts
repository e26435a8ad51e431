import { type Result, ok } from '../result.ts';

/** A short command APDU (ISO 7816-4, 5.1). `le` is the number of bytes wished for, 1 to 256. */
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

export function encodeCommand({ cla, ins, p1, p2, data, le }: Command): Uint8Array {
  const body = data === undefined ? [] : [data.length, ...data];
  return Uint8Array.from([cla, ins, p1, p2, ...body, ...(le === undefined ? [] : [le & 0xff])]);
}

export function decodeResponse(bytes: Uint8Array): Response {
  return { data: bytes.slice(0, -2), status: ((bytes.at(-2) ?? 0) << 8) | (bytes.at(-1) ?? 0) };
}

/** At most this many GET RESPONSE for one command: a card that always has more is lying. */
const maxContinuations = 16;

/**
 * One command and its whole answer: sends it again with the length the card asks for (`6Cxx`), and fetches what it keeps back (`61xx`) with
 * GET RESPONSE (ISO 7816-4, 5.6 and 11.7.1).
 */
export async function exchange<E>(transmit: Transmit<E>, command: Command): Promise<Result<Response, E>> {
  const first = await transmit(encodeCommand(command));
  if (!first.ok) return first;
  let answer = decodeResponse(first.value);
  if (answer.status >> 8 === 0x6c) {
    const again = await transmit(encodeCommand({ ...command, le: lengthOf(answer.status) }));
    if (!again.ok) return again;
    answer = decodeResponse(again.value);
  }
  const parts = [answer.data];
  for (let count = 0; answer.status >> 8 === 0x61 && count < maxContinuations; count += 1) {
    const more = await transmit(encodeCommand({ cla: command.cla, ins: 0xc0, p1: 0, p2: 0, le: lengthOf(answer.status) }));
    if (!more.ok) return more;
    answer = decodeResponse(more.value);
    parts.push(answer.data);
  }
  return ok({ data: new Uint8Array(Buffer.concat(parts)), status: answer.status });
}

function lengthOf(word: number): number {
  return word & 0xff || 256;
}
