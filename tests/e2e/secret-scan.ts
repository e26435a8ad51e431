/** The ways in which a code's digits may be written somewhere: as text in two encodings, apart, backwards, as base64 and as hexadecimal. */
const writings: Readonly<Record<string, (digits: string) => readonly Buffer[]>> = {
  plain: (digits) => [Buffer.from(digits)],
  'utf-16': (digits) => [Buffer.from(digits, 'utf16le')],
  spaced: (digits) => [Buffer.from([...digits].join(' '))],
  reversed: (digits) => [Buffer.from([...digits].reverse().join(''))],
  hexadecimal: (digits) => [Buffer.from(Buffer.from(digits).toString('hex'))],
  // Base64 of the digits depends on where they begin among the bytes around them: the three cores that are certain.
  base64: (digits) => [0, 1, 2].map((shift) => Buffer.from(base64Core(digits, shift))),
};

function base64Core(digits: string, shift: number): string {
  const text = Buffer.from('\0'.repeat(shift) + digits).toString('base64');
  return text.slice(shift === 0 ? 0 : 4, Math.floor((shift + digits.length) / 3) * 4);
}

/** Fewer bytes than these may stand anywhere by chance. */
const SHORTEST = 8;

/** In which writing `digits` stand in `bytes`; `null`: in none. */
export function findSecret(bytes: Buffer, digits: string): string | null {
  for (const [name, write] of Object.entries(writings)) {
    if (write(digits).some((wanted) => wanted.length >= SHORTEST && bytes.includes(wanted))) return name;
  }
  return null;
}
