/** A serial number as it is compared: its octets without the one leading zero that keeps a positive number positive, and its sign. */
export interface Serial {
  readonly octets: Buffer;
  readonly negative: boolean;
}

/**
 * From hexadecimal, as `openssl x509 -serial` writes it (`-` before a negative one); `null` if it is none. Octets count, not the value: a number written
 * with more zeros than DER allows is another one.
 */
export function serialOfHex(hex: string): Serial | null {
  const [, sign, digits = ''] = /^(-?)(?:0x)?([0-9a-f]{1,400})$/i.exec(hex.replaceAll(':', '')) ?? [];
  if (digits === '') return null;
  const even = digits.length % 2 === 1 ? `0${digits}` : digits;
  if (sign !== '-') return withoutSignOctet(Buffer.from(even, 'hex'));
  const magnitude = BigInt(`0x${even}`);
  if (magnitude === 0n) return null;
  let octets = 1;
  while (magnitude > 1n << BigInt(octets * 8 - 1)) octets += 1;
  return { octets: Buffer.from(((1n << BigInt(octets * 8)) - magnitude).toString(16).padStart(octets * 2, '0'), 'hex'), negative: true };
}

function withoutSignOctet(octets: Buffer): Serial {
  return { octets: octets.length > 1 && octets[0] === 0 ? octets.subarray(1) : octets, negative: false };
}

/** From the content octets of an INTEGER. */
export function serialOfInteger(content: Buffer): Serial {
  return (content[0] ?? 0) >= 0x80 ? { octets: content, negative: true } : withoutSignOctet(content);
}
