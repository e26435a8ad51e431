import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../../devices/command.ts';
import type { Result } from '../../../devices/result.ts';
import { readDeviceKey } from '../../device-key.ts';
import { publicJwk, publicKeyOf } from '../../jws.ts';
import { readCountersignature, verifyCheckpoint, verifyCountersignature } from '../checkpoint.ts';
import { publicKeyFile } from '../checkpoints.ts';
import { describeRecordsError } from '../failure.ts';
import { type ExportError, exportRecords, verifyExport } from './export.ts';
import { type StoredRecords, openStored } from './stored.ts';
import { type Fault, type Verdict, type Witness, startVerification } from './verification.ts';

const verifyOptions = z
  .object({
    state: z.string().min(1).optional(),
    export: z.string().min(1).optional(),
    witness: z.array(z.string()).default([]),
    key: z.string().optional(),
    cmsKey: z.string().optional(),
    json: z.boolean().default(false),
  })
  .refine(({ state, export: file }) => (state === undefined) !== (file === undefined));

/** `sportello records verify`: the chain, its checkpoints, and what witnesses saw. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('whether the journal is whole: every edit, deletion, reordering, rollback and fork by its name')
    .option('--state <dir>', "the kiosk's state, as in its configuration, or a copy of it")
    .option('--export <file>', 'an export in its place')
    .option('--witness <file...>', 'checkpoints or countersignatures that were kept elsewhere, one a line')
    .option('--key <file>', "the device's public key (JWK), in the place of the one beside the records")
    .option('--cms-key <file>', "the CMS's public signing key (JWK): countersignatures are checked with it")
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello records verify --state /var/lib/sportello')
    .action((given: unknown) => {
      const options = verifyOptions.safeParse(given);
      if (!options.success) throw new CommandFailure(exit.unusable, 'say either --state DIR or --export FILE');
      const { data } = options;
      const verdict = data.export === undefined ? verifyState(data.state ?? '', data) : verifyFile(data.export, data);
      if (data.json) answerJson(verdict);
      else process.stdout.write(described(verdict));
      if (!verdict.ok) process.exitCode = exit.no;
    });
}

const exportOptions = z.object({
  state: z.string().min(1),
  out: z.string().min(1),
  key: z.string().optional(),
  json: z.boolean().default(false),
});

/** `sportello records export`: the journal as a file that can be verified anywhere. */
export function exportCommand(): Command {
  return new Command('export')
    .description("the whole journal as a file of JSON lines, signed with the device's key")
    .requiredOption('--state <dir>', "the kiosk's state, as in its configuration")
    .requiredOption('--out <file>', 'the file to write')
    .option('--key <file>', "the device's private key (JWK), if the configuration names one")
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello records export --state /var/lib/sportello --out journal.jsonl')
    .action((given: unknown) => {
      const { state, out, key: keyFile, json } = exportOptions.parse(given);
      const key = usable(readDeviceKey(keyFile ?? join(state, 'device-key.jwk')));
      const { records } = withStored(state, (stored) => usable(exportRecords(stored, out, key, new Date())));
      if (json) answerJson({ out, records });
      else process.stdout.write(`${records} records in ${out}\n`);
    });
}

type VerifyOptions = z.infer<typeof verifyOptions>;

function verifyState(state: string, { key, cmsKey, witness }: VerifyOptions): Verdict {
  return withStored(state, (stored) => {
    const deviceKey = publicKeyIn(key ?? join(state, 'records', publicKeyFile));
    const cms = cmsKey === undefined ? {} : { cmsKey: publicKeyIn(cmsKey) };
    const { witnesses, faults } = witnessesOf(witness, deviceKey, cms.cmsKey);
    const beside = stored.beside === null ? null : verifyCheckpoint(stored.beside, deviceKey);
    const verification = startVerification({ deviceKey, ...cms, witnesses: beside === null ? witnesses : [...witnesses, beside] });
    for (const { kind, seq, detail } of faults) verification.fault(kind, seq, detail);
    usable(stored.give(verification));
    return verification.finish();
  });
}

function verifyFile(file: string, { key, cmsKey, witness }: VerifyOptions): Verdict {
  const cms = cmsKey === undefined ? {} : { cmsKey: publicKeyIn(cmsKey) };
  const device = key === undefined ? {} : { deviceKey: publicKeyIn(key) };
  if (witness.length > 0 && device.deviceKey === undefined)
    throw new CommandFailure(exit.unusable, '--witness with --export needs --key: an export brings its own key');
  const { witnesses, faults } =
    device.deviceKey === undefined ? { witnesses: [], faults: [] } : witnessesOf(witness, device.deviceKey, cms.cmsKey);
  const verdict = usable(verifyExport(file, { ...device, ...cms, witnesses }));
  return { ...verdict, ok: verdict.ok && faults.length === 0, faults: [...faults, ...verdict.faults] };
}

function withStored<T>(state: string, work: (stored: StoredRecords) => T): T {
  const stored = usable(openStored(join(state, 'records')));
  try {
    return work(stored);
  } finally {
    stored.close();
  }
}

/** What witnesses saw, by their signatures; what they did not sign is a fault. */
function witnessesOf(
  files: readonly string[],
  deviceKey: KeyObject,
  cmsKey: KeyObject | undefined,
): { readonly witnesses: readonly Witness[]; readonly faults: readonly Fault[] } {
  const witnesses: Witness[] = [];
  const faults: Fault[] = [];
  for (const file of files) {
    const lines = readText(file)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    if (lines.length === 0) throw new CommandFailure(exit.unusable, `${file} has no checkpoint in it`);
    for (const line of lines) {
      const countersigned = readCountersignature(line);
      if (countersigned !== null && cmsKey === undefined)
        throw new CommandFailure(exit.unusable, `${file} has a countersignature: say --cms-key`);
      const seen =
        countersigned !== null && cmsKey !== undefined ? verifyCountersignature(line, cmsKey) : verifyCheckpoint(line, deviceKey);
      if (seen !== null) witnesses.push(seen);
      else faults.push({ kind: 'signature', seq: countersigned?.sequence ?? 0, detail: `nobody known signed what is in ${file}` });
    }
  }
  return { witnesses, faults };
}

function publicKeyIn(file: string): KeyObject {
  const text = readText(file);
  try {
    return publicKeyOf(publicJwk.parse(JSON.parse(text)));
  } catch {
    throw new CommandFailure(exit.unusable, `${file} is no public key (JWK, Ed25519 or P-256)`);
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(exit.unusable, error instanceof Error ? error.message : String(error));
  }
}

function usable<T>(result: Result<T, Parameters<typeof describeRecordsError>[0] | ExportError>): T {
  if (result.ok) return result.value;
  const { error } = result;
  throw new CommandFailure(
    exit.unusable,
    error.kind === 'export-unusable' ? `${error.file}: ${error.detail}` : describeRecordsError(error),
  );
}

function described({ ok, records, checkpoint, faults, more }: Verdict): string {
  const sealed =
    checkpoint === null
      ? 'no checkpoint'
      : `last checkpoint over row ${checkpoint.sequence}, ${checkpoint.at}${checkpoint.countersigned ? ', countersigned' : ''}`;
  const told = faults.map(({ kind, seq, detail }) => `  ${kind.padEnd(10)}  ${String(seq).padStart(6)}  ${detail}\n`);
  if (more > 0) told.push(`  and ${more} more\n`);
  return `${ok ? 'whole' : 'NOT WHOLE'}: ${records} records, ${sealed}\n${told.join('')}`;
}
