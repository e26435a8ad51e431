import { accessSync, constants, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type Result, err, ok } from '../../result.ts';
import { type MemoryStore, imageLength } from './non-volatile-memory.ts';
import { recordLength } from './reference-data.ts';

/** The memory of one card: PIN and PUK, each with its counter. */
const length = imageLength(2 * recordLength);
const state = z.strictObject({
  /** Whose state it is: EF.ID_Carta. */
  cardId: z.string(),
  memory: z.base64().refine((text) => Buffer.from(text, 'base64').length === length, `has not ${length} bytes`),
});

/**
 * The memory of the card `cardId` in a file, which need not be there yet; mode 0600, as it holds PIN and PUK. It is replaced, never written
 * over: a process that is killed leaves the state before its last write or after it.
 */
export function stateFile(path: string, cardId: string): Result<MemoryStore, string> {
  if (!isWritable(dirname(path))) return err(`${path}: cannot be written`);
  const saved = read(path);
  if (!saved.ok) return saved;
  if (saved.value !== undefined && saved.value.cardId !== cardId) return err(`${path}: of another card, ${saved.value.cardId}`);
  const image = saved.value && new Uint8Array(Buffer.from(saved.value.memory, 'base64'));
  return ok({
    load: () => image,
    save: (bytes) => {
      const next = `${path}.new`;
      const content: z.infer<typeof state> = { cardId, memory: Buffer.from(bytes).toString('base64') };
      writeFileSync(next, `${JSON.stringify(content)}\n`, { mode: 0o600 });
      renameSync(next, path);
    },
  });
}

function read(path: string): Result<z.infer<typeof state> | undefined, string> {
  try {
    return ok(state.parse(JSON.parse(readFileSync(path, 'utf8'))));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ok(undefined);
    return err(`${path}: is not the state of a virtual card`);
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
