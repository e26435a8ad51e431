import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Command } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../../devices/command.ts';
import { signingKeyOf } from '../signed.ts';
import { type Bench, readBench } from './bench.ts';
import { type CheckReport, type CheckResult, checkCms, checkIds } from './check.ts';
import type { Identity } from './conversation.ts';

const options = z.object({
  clientCert: z.string().optional(),
  clientKey: z.string().optional(),
  ca: z.string().optional(),
  signingKey: z.string().optional(),
  bench: z.string().optional(),
  only: z.array(z.string()).optional(),
  json: z.boolean().default(false),
});

/** `sportello cms check URL`: what the author of a connector runs until it says yes. */
export function cmsCheckCommand(): Command {
  return new Command('check')
    .description('Runs the contract suite for connectors against any server')
    .argument('<url>', 'where the CMS takes calls (https)')
    .option('--client-cert <file>', "the kiosk's certificate (PEM)")
    .option('--client-key <file>', 'and its key (PEM)')
    .option('--ca <file>', 'who vouches for the server (PEM)')
    .option('--signing-key <file>', "the CMS's public signing key (JWK): receipts and proofs are verified by it")
    .option('--bench <file>', 'what the test bench lends: one-time codes, an operator, specimens (docs/connectors.md)')
    .option('--only <id...>', 'these checks and no other')
    .option('--json', 'answer as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  sportello cms check https://localhost:8443 --client-cert kiosk.pem --client-key kiosk-key.pem --ca ca.pem --bench bench.json',
    )
    .action(async (address: string, given: unknown) => {
      const { json, only, ...files } = options.parse(given);
      const url = urlOf(address);
      const unknown = only?.find((id) => !checkIds.includes(id));
      if (unknown !== undefined) throw unusable(`no check is called ${JSON.stringify(unknown)}; there are: ${checkIds.join(' ')}`);
      const report = await checkCms({
        url,
        identity: identityOf(files),
        bench: benchOf(files.bench),
        signingKey: files.signingKey === undefined ? null : reading(files.signingKey, (text) => signingKeyOf(JSON.parse(text))),
        ...(only === undefined ? {} : { only }),
        onResult: (result) => process[json ? 'stderr' : 'stdout'].write(line(result)),
      });
      if (!report.ok) throw new CommandFailure(exit.unreachable, `${url.href} cannot be reached: ${report.error}`);
      if (json) answerJson(report.value);
      else process.stdout.write(summary(report.value));
      if (!report.value.ok) process.exitCode = exit.no;
    });
}

const unusable = (message: string): CommandFailure => new CommandFailure(exit.unusable, message);

function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address.endsWith('/') ? address : `${address}/`) : null;
  if (url?.protocol !== 'https:') throw unusable(`${JSON.stringify(address)} is no https URL`);
  return url;
}

function reading<T>(file: string, read: (text: string) => T): T {
  try {
    return read(readFileSync(file, 'utf8'));
  } catch (error) {
    const detail =
      error instanceof z.ZodError || error instanceof SyntaxError ? 'not such a key' : error instanceof Error ? error.message : '';
    throw unusable(`${file}: ${detail}`);
  }
}

function identityOf({ clientCert, clientKey, ca }: Pick<z.infer<typeof options>, 'clientCert' | 'clientKey' | 'ca'>): Identity {
  if ((clientCert === undefined) !== (clientKey === undefined)) throw unusable('--client-cert and --client-key go together');
  const text = (file: string): string => reading(file, (content) => content);
  const identity = {
    ...(ca === undefined ? {} : { ca: text(ca) }),
    ...(clientCert === undefined || clientKey === undefined ? {} : { cert: text(clientCert), key: text(clientKey) }),
  };
  try {
    createSecureContext(identity);
  } catch (error) {
    throw unusable(`the certificates cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
  return identity;
}

function benchOf(file: string | undefined): Bench {
  if (file === undefined) return {};
  const bench = readBench(file);
  if (!bench.ok) throw unusable(`${file}: ${bench.error}`);
  return bench.value;
}

const line = ({ id, title, ok, detail }: CheckResult): string =>
  `${ok ? 'ok  ' : 'FAIL'}  ${id.padEnd(22)}  ${title}\n${' '.repeat(30)}${detail}\n`;

function summary({ checks, left }: CheckReport): string {
  const failed = checks.filter(({ ok }) => !ok).length;
  const rest = left.length === 0 ? '' : `; ${left.length} more need --bench: ${left.join(' ')}`;
  return `${checks.length - failed} of ${checks.length} hold${rest}\n`;
}
