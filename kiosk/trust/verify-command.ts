import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../devices/command.ts';
import { Sources, type VerifyRequest, answerRequest, invalid, verifyRequest } from './verify-request.ts';

interface VerifyOptions {
  readonly anchor: string[];
  readonly trustedList?: string;
  readonly intermediate: string[];
  readonly crl: string[];
  readonly policy: string[];
  readonly at?: string;
  readonly profile: string;
  readonly requireExplicitPolicy?: true;
  readonly inhibitPolicyMapping?: true;
  readonly inhibitAnyPolicy?: true;
  readonly eku?: string;
  readonly maxDepth?: number;
  readonly maxCrlAge?: number;
  readonly allowSha1?: true;
  readonly allowRsa1024?: true;
  readonly revocation: boolean;
  readonly personalData?: string;
  readonly batch?: string;
}

/** `sportello trust verify`. */
export function verifyCommand(): Command {
  // `--anchor a.pem card.pem`: the last file of the last list is the certificate, where none stands apart.
  let last: string[] = [];
  const listed = (value: string, before: string[]): string[] => (last = [...before, value]);
  return new Command('verify')
    .description('is a certificate to be trusted: its path to an anchor, and its revocation')
    .argument('[cert]', 'the certificate; PEM or DER, as all files here')
    .option('--anchor <file...>', 'trust anchors', listed, [])
    .option(
      '--trusted-list <dir>',
      'anchors from the list in this folder too (trust list import): its identity services, as trust list show --help says',
    )
    .option('--intermediate <file...>', 'certificates among which a path is looked for', listed, [])
    .option('--crl <file...>', 'CRLs', listed, [])
    .option('--at <time>', 'ISO 8601; default now')
    .option('--profile <name>', 'rfc5280 or cns (the authentication certificate of an Italian health and service card)', 'rfc5280')
    .option('--policy <oid...>', 'policies that are accepted; default any', listed, [])
    .option('--require-explicit-policy')
    .option('--inhibit-policy-mapping')
    .option('--inhibit-any-policy')
    .option('--eku <oid>', 'the purpose; it binds the authorities too')
    .option('--max-depth <n>', 'certificates between this one and the anchor, at most', count)
    .option('--max-crl-age <seconds>', 'no CRL older than this counts', count)
    .option('--allow-sha1', 'believe signatures with SHA-1, and DSA')
    .option('--allow-rsa-1024', 'believe RSA keys from 1024 bits')
    .option('--no-revocation', 'do not ask for revocation')
    .option('--personal-data <file>', "the card's EF.Dati_personali, whose hash the certificate must hold (profile cns)")
    .option('--batch <file>', 'one JSON request a line, - for standard input; one answer a line')
    .option('--json', 'the answer is JSON in any case')
    .addHelpText(
      'after',
      '\nExamples:\n  sportello trust verify --anchor ca.pem --crl ca.crl card.pem\n  sportello trust verify --batch requests.jsonl',
    )
    .action(async (apart: string | undefined, options: VerifyOptions) => {
      if (options.batch !== undefined) {
        await verifyBatch(options.batch);
        return;
      }
      const certificate = apart ?? last.pop();
      if (certificate === undefined) throw new CommandFailure(exit.unusable, 'trust verify: a certificate is needed');
      const answer = answerRequest(requestOf(certificate, options), new Sources());
      if (!answer.ok) throw new CommandFailure(exit.unusable, answer.error);
      answerJson(answer.value);
      process.exitCode = answer.value.valid ? exit.yes : exit.no;
    });
}

function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('not a whole number.');
  return value;
}

function requestOf(certificate: string, options: VerifyOptions): VerifyRequest {
  const { anchor, intermediate, crl, policy, revocation, allowRsa1024, ...named } = options;
  const request = {
    ...named,
    certificate,
    anchors: anchor,
    intermediates: intermediate,
    crls: crl,
    policies: policy,
    allowRsa1024,
    checkRevocation: revocation,
  };
  const parsed = verifyRequest.safeParse(request);
  if (!parsed.success) throw new CommandFailure(exit.unusable, `trust verify: ${firstFault(parsed.error)}`);
  return parsed.data;
}

function firstFault({ issues: [issue] }: z.ZodError): string {
  return issue === undefined ? 'not a request' : `${issue.path.join('.')}: ${issue.message}`;
}

/** One answer a line, in order. What is wrong with a request is its answer, and never the next one's. */
async function verifyBatch(file: string): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const sources = new Sources();
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (line.trim() !== '') answerJson(batchAnswer(line, sources));
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new CommandFailure(exit.unusable, `${file}: ${String(error.code)}`);
  }
}

const identified = z.object({ id: z.unknown() });

export function batchAnswer(line: string, sources: Sources): { id: unknown; valid: boolean; status: string; reason: string } {
  let item: unknown;
  try {
    item = JSON.parse(line);
  } catch {
    return { id: null, valid: false, status: 'invalid', reason: 'the line is not JSON' };
  }
  const id = identified.safeParse(item).data?.id ?? null;
  const request = verifyRequest.safeParse(item);
  const answer = request.success ? answerRequest(request.data, sources) : { ok: false as const, error: firstFault(request.error) };
  return { id, ...(answer.ok ? answer.value : invalid(answer.error)) };
}
