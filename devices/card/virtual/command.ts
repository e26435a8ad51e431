/** A command APDU as a card sees it, short or extended (ISO 7816-4, 5.2). */
export interface ReceivedCommand {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** Bytes wished for; `undefined`: no answer wanted but the status word. */
  readonly le: number | undefined;
  /** Its length fields have two bytes. */
  readonly extended: boolean;
}

/**
 * `undefined`: its length fields do not add up. Read apart from the driver's codec (`apdu.ts`) on purpose: the two are to agree by the
 * standard, not by sharing a mistake.
 */
export function decodeCommand(bytes: Uint8Array): ReceivedCommand | undefined {
  const [cla, ins, p1, p2, ...body] = bytes;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const extended = body.length > 1 && body[0] === 0;
  const lengths = extended ? extendedBody(body.slice(1)) : shortBody(body);
  return lengths === undefined ? undefined : { cla, ins, p1, p2, ...lengths, extended };
}

type Body = Pick<ReceivedCommand, 'data' | 'le'>;

function shortBody(body: readonly number[]): Body | undefined {
  const [first, ...rest] = body;
  if (first === undefined) return { data: new Uint8Array(), le: undefined };
  if (rest.length === 0) return { data: new Uint8Array(), le: first || 256 };
  if (rest.length === first) return { data: Uint8Array.from(rest), le: undefined };
  return rest.length === first + 1 ? { data: Uint8Array.from(rest.slice(0, first)), le: (rest[first] ?? 0) || 256 } : undefined;
}

function extendedBody(body: readonly number[]): Body | undefined {
  const [high = 0, low = 0, ...rest] = body;
  const first = high * 256 + low;
  if (rest.length === 0) return { data: new Uint8Array(), le: first || 65_536 };
  if (rest.length === first) return { data: Uint8Array.from(rest), le: undefined };
  if (rest.length !== first + 2) return undefined;
  return { data: Uint8Array.from(rest.slice(0, first)), le: (rest[first] ?? 0) * 256 + (rest[first + 1] ?? 0) || 65_536 };
}
