import { createCipheriv, createDecipheriv } from 'node:crypto';

/** The primitives of secure messaging, by the names that `node:crypto` (OpenSSL 3) has for what they are made of. All blocks, no padding of OpenSSL's. */

/** ISO 9797-1 padding method 2: `80`, then zeros up to a whole block; always at least one byte. */
export function pad(data: Uint8Array, blockLength: number): Uint8Array {
  const padded = new Uint8Array((Math.floor(data.length / blockLength) + 1) * blockLength);
  padded.set(data);
  padded[data.length] = 0x80;
  return padded;
}

/** A view of what `pad` has padded; `undefined`: it has not. */
export function unpad(padded: Uint8Array, blockLength: number): Uint8Array | undefined {
  let end = padded.length - 1;
  while (end >= 0 && padded[end] === 0) end -= 1;
  return padded[end] === 0x80 && padded.length - end <= blockLength ? padded.subarray(0, end) : undefined;
}

/** Triple DES in CBC with two keys (16 bytes) or three (24). */
export const tripleDes = {
  encrypt: (key: Uint8Array, iv: Uint8Array, blocks: Uint8Array) => run(createCipheriv('des-ede3-cbc', threeKeys(key), iv), blocks),
  decrypt: (key: Uint8Array, iv: Uint8Array, blocks: Uint8Array) => run(createDecipheriv('des-ede3-cbc', threeKeys(key), iv), blocks),
};

/** AES in CBC, by the length of the key: 16, 24 or 32 bytes. */
export const aes = {
  encrypt: (key: Uint8Array, iv: Uint8Array, blocks: Uint8Array) => run(createCipheriv(`aes-${key.length * 8}-cbc`, key, iv), blocks),
  decrypt: (key: Uint8Array, iv: Uint8Array, blocks: Uint8Array) => run(createDecipheriv(`aes-${key.length * 8}-cbc`, key, iv), blocks),
};

/**
 * The retail MAC (ISO 9797-1, MAC algorithm 3 with DES) over whole blocks, under two keys (16 bytes): single DES in CBC, and the last block
 * with both keys. Single DES is triple DES with one key three times: OpenSSL 3 has no other by default.
 */
export function retailMac(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const single = key.subarray(0, 8);
  const last = blocks.length - 8;
  const chained = tripleDes.encrypt(Buffer.concat([single, single, single]), new Uint8Array(8), blocks.subarray(0, last));
  return tripleDes.encrypt(key, last === 0 ? new Uint8Array(8) : chained.subarray(-8), blocks.subarray(last));
}

/** CMAC with AES (NIST SP 800-38B), 16 bytes, over data of any length. */
export function aesCmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const zero = new Uint8Array(16);
  const whole = data.length > 0 && data.length % 16 === 0;
  const firstSubkey = doubled(aes.encrypt(key, zero, zero));
  const mask = whole ? firstSubkey : doubled(firstSubkey);
  const blocks = whole ? data.slice() : pad(data, 16);
  const last = blocks.subarray(-16);
  mask.forEach((byte, at) => (last[at] = (last[at] ?? 0) ^ byte));
  return aes.encrypt(key, zero, blocks).slice(-16);
}

/** Multiplied by x in GF(2^128) (SP 800-38B, 6.1). */
function doubled(block: Uint8Array): Uint8Array {
  const shifted = block.map((byte, at) => (byte << 1) | ((block[at + 1] ?? 0) >> 7));
  if (((block[0] ?? 0) & 0x80) !== 0) shifted[15] = (shifted[15] ?? 0) ^ 0x87;
  return shifted;
}

function threeKeys(key: Uint8Array): Uint8Array {
  return key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
}

function run(cipher: ReturnType<typeof createCipheriv> | ReturnType<typeof createDecipheriv>, blocks: Uint8Array): Uint8Array {
  cipher.setAutoPadding(false);
  return new Uint8Array(Buffer.concat([cipher.update(blocks), cipher.final()]));
}
