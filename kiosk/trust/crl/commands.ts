import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../../devices/command.ts';
import { type CrlAnswer, askAbout } from './answer.ts';
import { issuersOf } from './command-issuers.ts';
import { importCrls } from './import.ts';
import { uriPoint } from './scope.ts';
import { serialOfHex } from './serial.ts';
import { type CrlStore, openStore, openStoreReadOnly } from './store.ts';

const many = (value: string, before: readonly string[]): readonly string[] => [...before, value];
const files = z.array(z.string().min(1));
const seconds = z.coerce.number().nonnegative();

const importOptions = z.object({ store: z.string().min(1), issuer: files, allowSha1: z.boolean().default(false) });
const lookupOptions = z.object({
  store: z.string().min(1),
  issuer: files.min(1),
  crlIssuer: files,
  serials: z.literal('-', { error: 'serials are read from standard input: --serials -' }).optional(),
  at: z
    .string()
    .transform((text) => new Date(text))
    .refine((date) => !Number.isNaN(date.getTime()), { error: 'not an ISO time' })
    .optional(),
  grace: seconds.default(0),
  maxCrlAge: seconds.optional(),
  distributionPoint: z.array(z.string().min(1)),
  ca: z.boolean().default(false),
});

const refreshOptions = z.object({ config: z.string().min(1), all: z.boolean().default(false) });

/** `sportello trust crl import|lookup|refresh`: the local cache of CRLs. */
export function crlCommands(): Command {
  const crl = new Command('crl')
    .description('certificate revocation lists, kept as an index that answers at once')
    .addHelpText('after', '\nExample:\n  sportello trust crl import --store state/crl --issuer ca.pem ca.crl');

  crl
    .command('import')
    .description('verifies CRLs and puts them into the store: all of them, or none')
    .argument('<crl...>', 'CRLs, DER or PEM')
    .requiredOption('--store <dir>', 'folder of the store; made if it is not there')
    .option('--issuer <file>', 'certificates of who signs them, PEM or DER; the store remembers those of earlier imports', many, [])
    .option('--allow-sha1', 'accept SHA-1 signatures, and RSA keys of less than 2048 bits')
    .addHelpText('after', '\nExample:\n  sportello trust crl import --store /var/lib/sportello/crl --issuer ca.pem LatestCRL.crl')
    .action((crls: readonly string[], given: unknown) => {
      const options = checked(importOptions, given);
      const issuers = options.issuer.flatMap(issuersOf);
      const store = openStore(options.store);
      if (!store.ok) throw new CommandFailure(exit.unusable, `the store ${options.store} cannot be used: ${store.error}`);
      try {
        const imported = importCrls(store.value, crls, {
          issuers,
          now: new Date(),
          allowSha1: options.allowSha1,
          allowRsa1024: options.allowSha1,
        });
        if (!imported.ok) {
          const { kind, file, detail } = imported.error;
          throw new CommandFailure(kind === 'unreadable' ? exit.unusable : exit.no, `${file}: ${detail}`);
        }
        answerJson(
          imported.value.map(({ number, thisUpdate, nextUpdate, note, ...rest }) => ({
            ...rest,
            number: numberJson(number),
            thisUpdate: isoOf(thisUpdate),
            nextUpdate: nextUpdate === null ? null : isoOf(nextUpdate),
            ...(note === null ? {} : { note }),
          })),
        );
      } finally {
        store.value.close();
      }
    });

  crl
    .command('lookup')
    .description('what the store says of serial numbers of one issuer')
    .argument('[serial...]', 'serial numbers, hexadecimal')
    .requiredOption('--store <dir>', 'folder of the store')
    .requiredOption('--issuer <file>', 'certificate of who issued them; several are keys of one issuer', many, [])
    .option('--serials <source>', '`-`: serial numbers from standard input, one a line')
    .option('--at <time>', 'ISO time to answer for; now without it')
    .option('--grace <seconds>', 'how long past its end a CRL still says "not listed"')
    .option('--max-crl-age <seconds>', 'the most that a CRL is believed to say "not listed", whatever its nextUpdate')
    .option('--distribution-point <uri>', 'a distribution point that the certificates name', many, [])
    .option('--crl-issuer <file>', 'certificate of an issuer of indirect CRLs that the certificates refer to', many, [])
    .option('--ca', 'the certificates are those of authorities')
    .addHelpText('after', '\nExample:\n  sportello trust crl lookup --store /var/lib/sportello/crl --issuer ca.pem 0a01 7f3c')
    .action((serials: readonly string[], given: unknown) => {
      const options = checked(lookupOptions, given);
      const asked = options.serials === undefined ? serials : [...serials, ...serialsFrom(0)];
      if (asked.length === 0) throw new CommandFailure(exit.unusable, 'a serial number is needed, or --serials -');
      const parsed = asked.map((serial) => {
        const read = serialOfHex(serial);
        if (read === null) throw new CommandFailure(exit.unusable, `not a hexadecimal serial number: ${JSON.stringify(serial)}`);
        return { serial, read };
      });
      const subject = {
        issuers: options.issuer.flatMap(issuersOf),
        kind: options.ca ? ('ca' as const) : ('user' as const),
        points: options.distributionPoint.map(uriPoint),
        crlIssuers: options.crlIssuer.flatMap(issuersOf).map(({ name }) => name.key),
      };
      const policy = { grace: options.grace, maxAge: options.maxCrlAge ?? null };
      const store = readableStore(options.store);
      try {
        const ask = store === null ? () => nothingKnown : askAbout(store, subject, options.at ?? new Date(), policy);
        answerJson(parsed.map(({ serial, read }) => ({ serial, ...answerOf(ask(read)) })));
      } finally {
        store?.close();
      }
    });

  crl
    .command('refresh')
    .description('imports the CRL files of the configuration, and fetches what is due from its distribution points')
    .requiredOption('--config <file>', "the kiosk's configuration")
    .option('--all', 'also what is not due')
    .addHelpText('after', '\nExample:\n  sportello trust crl refresh --config /etc/sportello/config.json')
    .action(async (given: unknown) => {
      const { config, all } = checked(refreshOptions, given);
      // Configuration and protocols are loaded where they are needed: an import starts sooner without.
      const { refreshAsConfigured } = await import('./refresh-command.ts');
      await refreshAsConfigured(config, all);
    });

  return crl;
}

const nothingKnown: CrlAnswer = { status: 'unknown', reason: null, since: null, crl: null, stale: false };

function checked<T>(shape: z.ZodType<T>, given: unknown): T {
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CommandFailure(exit.unusable, `--${String(issue?.path[0] ?? '')}: ${issue?.message ?? 'not valid'}`);
}

function readableStore(folder: string): CrlStore | null {
  const opened = openStoreReadOnly(folder);
  if (!opened.ok) throw new CommandFailure(exit.unusable, `the store ${folder} cannot be used: ${opened.error}`);
  return opened.value;
}

function serialsFrom(input: number): readonly string[] {
  return readFileSync(input, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function answerOf({ status, reason, since, crl, stale }: CrlAnswer): Record<string, unknown> {
  return {
    status,
    ...(reason === null ? {} : { reason }),
    ...(since === null ? {} : { since: isoOf(since) }),
    crl:
      crl === null
        ? null
        : {
            number: numberJson(crl.number),
            thisUpdate: isoOf(crl.thisUpdate),
            nextUpdate: crl.nextUpdate === null ? null : isoOf(crl.nextUpdate),
            stale,
          },
  };
}

/** CRL numbers may be of 20 octets: one that JSON's readers would round is written as a string. */
function numberJson(number: bigint | null): number | string | null {
  if (number === null) return null;
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number.toString();
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
