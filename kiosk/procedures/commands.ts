import { readFileSync, createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../devices/command.ts';
import { type Result, err, ok } from '../../devices/result.ts';
import { toBring } from '../../flows/procedures/bring.ts';
import { type Decision, decide } from '../../flows/procedures/decide.ts';
import type { Profile } from '../../flows/procedures/profile.ts';
import { procedureRequest } from '../../flows/procedures/request.ts';
import { holderCases, operations } from '../../flows/procedures/vocabulary.ts';
import { faultsLine, profileIds, readProfile, readProfileFile } from './profiles.ts';

/** `sportello procedure list|decide|bring|check`: what the regions' rules say, without a kiosk. */
export function procedureCommands(): Command {
  return new Command('procedure')
    .description('the regions’ procedures: which there are, and what they say of a request')
    .addCommand(listCommand())
    .addCommand(decideCommand())
    .addCommand(bringCommand())
    .addCommand(checkCommand())
    .addHelpText('after', '\nExample:\n  sportello procedure bring --profile sardegna --case minor --operation activation');
}

function listCommand(): Command {
  return new Command('list')
    .description('the profiles that there are')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello procedure list')
    .action(({ json }: { json?: true }) => {
      const profiles = profileIds().map((id) => {
        const { version, sources, regions } = usable(id);
        return { profile: id, version, source: sources.map(({ name }) => name).join('; '), regions };
      });
      if (json === true) answerJson(profiles);
      else for (const { profile, version, source, regions } of profiles) print(`${profile} ${version}  ${regions.join(', ')}  (${source})`);
    });
}

function decideCommand(): Command {
  return new Command('decide')
    .description('may this be done: the refusals with their sources, what is required, the steps, the delivery')
    .option('--batch <file>', 'one JSON request a line, - for standard input; one answer a line')
    .option('--json', 'answer as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  sportello procedure decide --json < request.json\n  sportello procedure decide --batch requests.jsonl',
    )
    .action(async ({ batch, json }: { batch?: string; json?: true }) => {
      const profiles = new Map<string, Result<Profile, string>>();
      if (batch !== undefined) {
        await decideBatch(batch, profiles);
        return;
      }
      const decided = decisionOn(readFileSync(0, 'utf8'), profiles);
      if (!decided.ok) throw new CommandFailure(exit.unusable, `procedure decide: ${decided.error}`);
      if (json === true) answerJson(decided.value);
      else printDecision(decided.value);
      process.exitCode = decided.value.allowed ? exit.yes : exit.no;
    });
}

/** One answer a line, in order. What is wrong with a request is its answer, and never the next one's. */
async function decideBatch(file: string, profiles: Map<string, Result<Profile, string>>): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (line.trim() === '') continue;
      const decided = decisionOn(line, profiles);
      answerJson(decided.ok ? decided.value : unusableItem(decided.error));
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new CommandFailure(exit.unusable, `${file}: ${String(error.code)}`);
  }
}

function unusableItem(text: string): Decision & { readonly error: string } {
  const refusals = [{ rule: 'request', text, citation: '[P] commands.md, procedure decide' }];
  return { allowed: false, refusals, required: [], steps: [], delivery: { scheme: 'none', channels: [] }, notes: [], error: text };
}

function decisionOn(text: string, profiles: Map<string, Result<Profile, string>>): Result<Decision, string> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return err('the request is not JSON');
  }
  const request = procedureRequest.safeParse(data);
  if (!request.success) return err(request.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  const { profile: id } = request.data;
  const known = profiles.get(id) ?? loaded(id);
  profiles.set(id, known);
  return known.ok ? ok(decide(known.value, request.data)) : known;
}

function loaded(id: string): Result<Profile, string> {
  const read = readProfile(id);
  return read.ok ? read : err(faultsLine(read.error));
}

function usable(id: string): Profile {
  const read = loaded(id);
  if (!read.ok) throw new CommandFailure(exit.unusable, read.error);
  return read.value;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function printDecision({ allowed, refusals, required, steps, delivery, notes }: Decision): void {
  print(allowed ? 'Sì: si può cominciare.' : 'No:');
  for (const { rule, text, citation } of refusals) print(`  ${rule}  ${text}  (${citation})`);
  if (required.length > 0) print('Serve:');
  for (const { text, present, citation } of required) print(`  [${present ? 'x' : ' '}] ${text}  (${citation})`);
  if (steps.length > 0) print('Passi:');
  for (const [at, { text, citation }] of steps.entries()) print(`  ${at + 1}. ${text}  (${citation})`);
  print(`Consegna: ${delivery.scheme}${delivery.channels.length > 0 ? ` (${delivery.channels.join(', ')})` : ''}`);
  for (const note of notes) print(`Nota ${note}`);
}

const bringOptions = z.object({
  profile: z.string(),
  case: z.enum(holderCases),
  operation: z.enum(operations),
  lang: z.enum(['it', 'en']),
  json: z.boolean().default(false),
});

function bringCommand(): Command {
  return new Command('bring')
    .description('what the applicant must bring')
    .requiredOption('--profile <id>', 'as `procedure list` names it')
    .addOption(new Option('--case <case>', 'for whom').choices(holderCases).makeOptionMandatory())
    .addOption(new Option('--operation <operation>', 'what for').choices(operations).makeOptionMandatory())
    .addOption(new Option('--lang <language>', 'of the text').choices(['it', 'en']).default('it'))
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello procedure bring --profile vda --case minor --operation activation')
    .action((given: unknown) => {
      const { profile, case: holderCase, operation, lang, json } = bringOptions.parse(given);
      const list = toBring(usable(profile), operation, holderCase, lang);
      if (json) answerJson(list);
      else {
        print(list.title);
        for (const { text, citation } of list.items) print(`- ${text} (${citation})`);
        for (const { rule, text, citation } of list.refusals) print(`${rule}: ${text} (${citation})`);
        for (const note of list.notes) print(`Nota ${note}`);
      }
      process.exitCode = list.possible ? exit.yes : exit.no;
    });
}

function checkCommand(): Command {
  return new Command('check')
    .description('is a profile file sound; each fault with its path in the file')
    .argument('<file...>')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello procedure check flows/procedures/profiles/sardegna.json')
    .action((files: string[], { json }: { json?: true }) => {
      const missing = files.find((file) => !existsSync(file));
      if (missing !== undefined) throw new CommandFailure(exit.unusable, `procedure check: no file ${JSON.stringify(missing)}`);
      const checked = files.map((file) => {
        const read = readProfileFile(file);
        return { file, ok: read.ok, faults: read.ok ? [] : read.error };
      });
      if (json === true) answerJson(checked);
      else {
        for (const { file, ok: sound, faults } of checked) {
          if (sound) print(`${file}: ok`);
          for (const { path, message } of faults) print(`${file}: ${path === '' ? '' : `${path}: `}${message}`);
        }
      }
      process.exitCode = checked.every(({ ok: sound }) => sound) ? exit.yes : exit.no;
    });
}
