import { Command } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../devices/command.ts';
import { Secret } from '../../devices/secret.ts';
import { addAccount, createAccount } from './accounts.ts';
import { operatorId } from './assertion.ts';

const addOptions = z.object({
  file: z.string().min(1),
  id: operatorId,
  name: z.string().trim().min(1).max(80),
  json: z.boolean().default(false),
});

/** Bytes: shorter is guessed from a stolen file, longer is not a PIN. */
const pinLength = { least: 5, most: 64 };

/** `sportello operator add`: the PIN is read from standard input, never from the arguments, which every process can see. */
export function operatorCommands(): Command {
  const operator = new Command('operator').description("the operators' accounts");
  operator
    .command('add')
    .description('adds an operator with a new signing key, wrapped under the PIN that is read from standard input')
    .requiredOption('--file <file>', 'the accounts file; made where absent')
    .requiredOption('--id <id>', 'small letters, digits, ".", "_" and "-"')
    .requiredOption('--name <name>', 'what the screen shows')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello operator add --file operators.json --id mrossi --name "Mario Rossi" < pin-file')
    .action(async (given: unknown) => {
      const options = addOptions.safeParse(given);
      if (!options.success) {
        const issue = options.error.issues[0];
        throw new CommandFailure(exit.unusable, `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
      }
      const { file, id, name, json } = options.data;
      if (process.stdin.isTTY) process.stderr.write('PIN: ');
      const pin = await readPin(process.stdin);
      const account = await createAccount({ id, displayName: name, pin });
      const added = addAccount(file, account);
      if (!added.ok)
        throw added.error.kind === 'account-exists'
          ? new CommandFailure(exit.no, `${file} has an operator ${id} already`)
          : new CommandFailure(exit.unusable, `${added.error.file}: ${added.error.detail}`);
      const { publicKey } = account;
      if (json) answerJson({ id, displayName: name, publicKey });
      else process.stdout.write(`${id} (${name}) can sign on at a kiosk that reads ${file}\n`);
    });
  return operator;
}

const enter = 0x0a;
const interrupt = 0x03;

/** The first line, as bytes. At a terminal nothing is echoed. */
async function readPin(input: typeof process.stdin): Promise<Secret> {
  const bytes = new Uint8Array(pinLength.most + 1);
  let length = 0;
  if (input.isTTY) input.setRawMode(true);
  try {
    reading: for await (const chunk of input) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('standard input gives text');
      for (const byte of chunk) {
        if (input.isTTY && byte === interrupt) throw new CommandFailure(exit.unusable, 'interrupted');
        if (byte === enter || length === bytes.length) break reading;
        if (input.isTTY && byte === 0x0d) break reading;
        bytes[length] = byte;
        length += 1;
      }
      chunk.fill(0);
    }
  } finally {
    if (input.isTTY) {
      input.setRawMode(false);
      process.stderr.write('\n');
    }
  }
  if (bytes[length - 1] === 0x0d) length -= 1;
  if (length < pinLength.least || length > pinLength.most) {
    bytes.fill(0);
    throw new CommandFailure(exit.unusable, `standard input: a PIN has ${pinLength.least} to ${pinLength.most} characters`);
  }
  const pin = new Secret(bytes.slice(0, length));
  bytes.fill(0);
  return pin;
}
