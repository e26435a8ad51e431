import { type Result, err, ok } from '../result.ts';
import type { Secret } from '../secret.ts';
import { type Transmit, exchange } from './apdu.ts';
import type { CardError, CodeError } from './contract.ts';
import { word } from './files.ts';
import type { Series } from './series.ts';

/** How a series wants its codes: references and padding, bytes in hexadecimal. */
export type CodeConventions = Pick<Series, 'pin' | 'puk' | 'padding'>;

const blockLength = 8;
const instruction = { verify: 0x20, change: 0x24, unblock: 0x2c } as const;

/** VERIFY (ISO 7816-4, 11.6.6). The PIN stays verified until the card is reset. */
export async function verifyPin(
  transmit: Transmit<CardError>,
  conventions: CodeConventions,
  { pin }: { readonly pin: Secret },
): Promise<Result<void, CodeError>> {
  return await present(transmit, conventions, 'verify', [pin]);
}

/** CHANGE REFERENCE DATA (ISO 7816-4, 11.6.7): old PIN and new. */
export async function changePin(
  transmit: Transmit<CardError>,
  conventions: CodeConventions,
  { pin, newPin }: { readonly pin: Secret; readonly newPin: Secret },
): Promise<Result<void, CodeError>> {
  return await present(transmit, conventions, 'change', [pin, newPin]);
}

/** RESET RETRY COUNTER (ISO 7816-4, 11.6.10): PUK and new PIN. It sets the PIN whether or not it was blocked. */
export async function unblockPin(
  transmit: Transmit<CardError>,
  conventions: CodeConventions,
  { puk, newPin }: { readonly puk: Secret; readonly newPin: Secret },
): Promise<Result<void, CodeError>> {
  return await present(transmit, conventions, 'unblock', [puk, newPin]);
}

async function present(
  transmit: Transmit<CardError>,
  { pin: reference, padding }: CodeConventions,
  operation: keyof typeof instruction,
  codes: readonly Secret[],
): Promise<Result<void, CodeError>> {
  if (!codes.every(isCode)) return err({ kind: 'malformed-code' });
  const data = new Uint8Array(codes.length * blockLength).fill(Number.parseInt(padding, 16));
  codes.forEach((code, at) => data.set(code.expose(), at * blockLength));
  const answer = await exchange(transmit, { cla: 0x00, ins: instruction[operation], p1: 0x00, p2: Number.parseInt(reference, 16), data });
  data.fill(0);
  return answer.ok ? outcome(answer.value.status, operation) : answer;
}

/** What the card says of the code that came first: the PUK where it unblocks, else the PIN (card.md, 1.6). */
function outcome(status: number, operation: keyof typeof instruction): Result<void, CodeError> {
  const code = operation === 'unblock' ? 'puk' : 'pin';
  if (status === 0x9000) return ok();
  if (status >> 4 === 0x63c) return err({ kind: `wrong-${code}`, triesLeft: status & 0x0f });
  switch (status) {
    case 0x6300:
      return err({ kind: `wrong-${code}`, triesLeft: null });
    case 0x6983:
      return err({ kind: `${code}-blocked` });
    case 0x6984:
    case 0x6985:
      return err({ kind: 'not-activated' });
    case 0x6982:
      return err({ kind: 'not-allowed' });
    case 0x6a80:
      return err(operation === 'verify' ? { kind: 'malformed-code' } : { kind: 'new-pin-refused' });
    default:
      return err({ kind: 'unreadable', what: code.toUpperCase(), detail: `${operation} answers ${word(status)}` });
  }
}

/** 5 to 8 ASCII digits. */
function isCode(code: Secret): boolean {
  return code.length >= 5 && code.length <= blockLength && code.expose().every((byte) => byte >= 0x30 && byte <= 0x39);
}
