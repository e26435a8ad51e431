import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The ways in which a code's digits may be written somewhere. */
const writings: Readonly<Record<string, (digits: string) => readonly Buffer[]>> = {
  // UTF-8, and every code page that a printer has for digits.
  plain: (digits) => [Buffer.from(digits)],
  'utf-16': (digits) => [Buffer.from(digits, 'utf16le')],
  // As the slip has them: characters apart.
  spaced: (digits) => [Buffer.from([...digits].join(' '))],
  reversed: (digits) => [Buffer.from([...digits].reverse().join(''))],
  hexadecimal: (digits) => [Buffer.from(Buffer.from(digits).toString('hex'))],
  // Base64 of the digits depends on where they begin among the bytes around them: the three cores that are certain.
  base64: (digits) => [0, 1, 2].map((shift) => Buffer.from(base64Core(digits, shift))),
  // Two digits a byte, either nibble first, beginning at the first digit or at the second.
  bcd: (digits) => [digits, digits.slice(1)].flatMap((from) => [bcd(from, false), bcd(from, true)]),
};

function base64Core(digits: string, shift: number): string {
  const text = Buffer.from('\0'.repeat(shift) + digits).toString('base64');
  return text.slice(shift === 0 ? 0 : 4, Math.floor((shift + digits.length) / 3) * 4);
}

function bcd(digits: string, reversed: boolean): Buffer {
  const pairs = digits.match(/\d\d/g) ?? [];
  return Buffer.from(pairs.map((pair) => (reversed ? `${pair[1]}${pair[0]}` : pair)).join(''), 'hex');
}

/** Fewer bytes than these may stand anywhere by chance: in a gigabyte of dumps, six of them once in 280,000 times. */
const SHORTEST = 6;

function writingsOf(digits: string): readonly (readonly [name: string, bytes: Buffer])[] {
  return Object.entries(writings)
    .flatMap(([name, write]) => write(digits).map((bytes) => [name, bytes] as const))
    .filter(([, bytes]) => bytes.length >= SHORTEST);
}

/** In which writing `digits` stand in `bytes`; `null`: in none. */
export function findSecret(bytes: Buffer, digits: string): string | null {
  return writingsOf(digits).find(([, wanted]) => bytes.includes(wanted))?.[0] ?? null;
}

/** A secret found in a file. It is named by its own name: its digits are not told. */
export interface Hit {
  readonly file: string;
  readonly secret: string;
  readonly writing: string;
}

/** Looks for secrets in files of any size, each read once by grep; `secrets` are digits by name. `folder` takes the list of what is looked for. */
export async function scanFiles(
  files: readonly string[],
  secrets: Readonly<Record<string, string>>,
  folder: string,
): Promise<readonly Hit[]> {
  const wanted = Object.entries(secrets).flatMap(([secret, digits]) =>
    writingsOf(digits).map(([writing, bytes]) => ({ secret, writing, bytes })),
  );
  const list = join(folder, 'wanted');
  writeFileSync(list, Buffer.concat(wanted.flatMap(({ bytes }) => [bytes, Buffer.from('\n')])), { mode: 0o600 });
  const hits: Hit[] = [];
  for (const file of files) {
    const found = await grep(list, file);
    for (const { secret, writing, bytes } of wanted) if (found.includes(bytes)) hits.push({ file, secret, writing });
  }
  return hits;
}

/** What of the list stands in the file, one after the other. */
function grep(list: string, file: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: 16 << 20, env: { ...process.env, LC_ALL: 'C' } } as const;
    execFile('grep', ['-aoF', '-f', list, '--', file], options, (error, out) => {
      // 1: nothing found. A database's -wal and -shm go when its last reader does: what is gone holds nothing.
      if (error === null || error.code === 1 || !existsSync(file)) resolve(out);
      else reject(new Error(`grep of ${file}: ${error.message}`));
    });
  });
}

/** Every file at or below a folder that is still there when it is looked at. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}
