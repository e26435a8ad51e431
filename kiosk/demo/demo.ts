import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { type Result, err, ok } from '../../devices/result.ts';
import { Secret } from '../../devices/secret.ts';
import { type Configuration, configuration } from '../configuration.ts';
import { type Account, addAccount, createAccount, readAccounts } from '../operators/accounts.ts';
import { makeCards, revokedCards } from './cards.ts';
import { startPart } from './part.ts';
import { type Pki, makePki } from './pki.ts';
import { type DemoRegion, readRegion } from './region.ts';
import { pileOf, registerOf } from './registers.ts';
import { type kioskIsUp, kioskFacts, type kioskSettings, worldFacts, type worldSettings } from './settings.ts';

export interface DemoOptions {
  /** The screen's port; the bench is on the next one. 0 takes free ones. */
  readonly port: number;
  /** By its profile's id. */
  readonly region: string;
  /** Where the demo keeps what it must not forget; without it, a folder that goes when the demo does. */
  readonly state?: string;
}

export interface Demo {
  readonly screen: string;
  readonly operatorPage: string;
  readonly bench: string;
  readonly operator: { readonly id: string; readonly pin: string };
  readonly state: string;
  /** Resolves with which part ended and how, if one does before the demo is stopped. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

/** The specimen operator: whoever sees the bench may sign on with it. */
const operator = { id: 'operatore', displayName: 'Operatore di prova', pin: '135790' } as const;

/** Unix sockets have short paths (`sun_path`, 108 bytes), temporary folders of a system need not. */
const longestSocketPath = 107;

/** Starts the whole demo: PKI, cards, operator, configuration, then the world, then the kiosk. What cannot be started is named. */
export async function startDemo(options: DemoOptions): Promise<Result<Demo, string>> {
  const temporary = await mkdtemp(join(tmpdir(), 'sportello-demo-'));
  const state = options.state === undefined ? temporary : resolve(options.state);
  const ends: (() => Promise<void> | void)[] = [() => rm(temporary, { recursive: true, force: true })];
  // The last first: the kiosk may still have something to tell the CMS.
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const failed = async (detail: string): Promise<Result<never, string>> => {
    await stop();
    return err(detail);
  };

  const region = readRegion(options.region);
  if (!region.ok) return await failed(region.error);
  const reader = join(temporary, 'reader.sock');
  if (Buffer.byteLength(reader) > longestSocketPath)
    return await failed(`the temporary folder's path is too long for a socket: ${temporary}`);
  const at = pathsIn(state);
  let account: Account;
  let pki: Pki;
  try {
    await mkdir(state, { recursive: true, mode: 0o700 });
    pki = await makePki(at.pki);
    const cards = await makeCards(at.cards, pki, region.value);
    account = await operatorAccount(at.operators);
    await writeFile(at.register, JSON.stringify(registerOf(cards)), { mode: 0o600 });
    await writeFile(at.pile, JSON.stringify(pileOf(cards, region.value, operator.id)), { mode: 0o600 });
  } catch (error) {
    return await failed(`${state}: ${error instanceof Error ? error.message : String(error)}`);
  }

  const world = await startPart({
    name: 'world',
    source: 'kiosk/demo/world-process.ts',
    settings: worldOf(options, region.value, pki, account, at, {
      printer: join(temporary, 'printer'),
      scanner: join(temporary, 'scanner'),
      reader,
    }),
    facts: worldFacts,
    logFile: at.worldLog,
  });
  if (!world.ok) return await failed(`the demo's world (CMS, mailbox, printer, bench): ${world.error}`);
  ends.push(() => world.value.stop());

  const { benchPort } = world.value.facts;
  const written = JSON.stringify(configurationOf(options, region.value, pki, at, world.value.facts), null, 2);
  await writeFile(at.configuration, written, { mode: 0o600 });
  const kiosk = await startPart({
    name: 'kiosk',
    source: 'kiosk/demo/kiosk-process.ts',
    settings: { configuration: at.configuration, cards: at.cards, reader } satisfies z.infer<typeof kioskSettings>,
    facts: kioskFacts,
    logFile: at.kioskLog,
  });
  if (!kiosk.ok) return await failed(`the kiosk: ${kiosk.error}`);
  ends.push(() => kiosk.value.stop());
  const { port } = kiosk.value.facts;
  world.value.tell({ kioskPort: port } satisfies z.infer<typeof kioskIsUp>);

  return ok({
    screen: `http://127.0.0.1:${port}/`,
    operatorPage: `http://127.0.0.1:${port}/operator`,
    bench: `http://127.0.0.1:${benchPort}/`,
    operator: { id: operator.id, pin: operator.pin },
    state,
    broken: Promise.race([
      world.value.ended.then((how) => `the demo's world (CMS, mailbox, printer, bench) ended: ${how}; see ${at.worldLog}`),
      kiosk.value.ended.then((how) => `the kiosk ended: ${how}; see ${at.kioskLog}`),
    ]),
    stop,
  });
}

type Paths = ReturnType<typeof pathsIn>;

function pathsIn(state: string) {
  const at = (name: string): string => join(state, name);
  return {
    pki: at('pki'),
    cards: at('cards.json'),
    operators: at('operators.json'),
    register: at('register.json'),
    pile: at('envelopes.json'),
    configuration: at('kiosk.json'),
    kioskState: at('kiosk'),
    cmsDatabase: at('cms.sqlite'),
    slips: at('slips'),
    kioskLog: at('kiosk.log'),
    worldLog: at('world.log'),
  };
}

async function operatorAccount(file: string): Promise<Account> {
  const there = existsSync(file) ? readAccounts(file) : ok([]);
  if (!there.ok) throw new Error(there.error.kind);
  const known = there.value.find(({ id }) => id === operator.id);
  if (known !== undefined) return known;
  const account = await createAccount({ id: operator.id, displayName: operator.displayName, pin: Secret.fromText(operator.pin) });
  const added = addAccount(file, account);
  if (!added.ok) throw new Error(added.error.kind);
  return account;
}

function worldOf(
  { port }: DemoOptions,
  { profile, envelopes }: DemoRegion,
  { files }: Pki,
  { id, publicKey }: Account,
  at: Paths,
  links: { readonly printer: string; readonly scanner: string; readonly reader: string },
): z.input<typeof worldSettings> {
  return {
    benchPort: port === 0 ? 0 : port + 1,
    cms: {
      host: '127.0.0.1',
      tls: { certificate: files.cmsServer, key: files.cmsServerKey, clientCa: files.kioskCa },
      signingKey: files.cmsSigningKey,
      operators: [{ id, publicKey }],
      database: at.cmsDatabase,
      // Whoever tries the demo gives one address again and again.
      codesADay: 1_000,
      services: { specimens: at.register },
      ...(envelopes.length === 0 ? {} : { envelopes: { specimens: at.pile, profiles: [profile] } }),
      distributionPoint: {
        file: files.cnsCrl,
        issue: {
          certificate: files.cnsCa,
          key: files.cnsCaKey,
          revoked: revokedCards(new Date()).map(({ date, ...card }) => ({ ...card, date: date.toISOString() })),
        },
      },
    },
    ...links,
    slips: at.slips,
    envelopes: [...envelopes],
    operator: { id: operator.id, pin: operator.pin },
  };
}

function configurationOf(
  { port }: DemoOptions,
  { profile, desk, envelopes }: DemoRegion,
  { files }: Pki,
  at: Paths,
  { cmsUrl, crlUrl, printer, scanner }: z.infer<typeof worldFacts>,
): Configuration {
  return configuration.parse({
    site: { id: 'sportello-demo', name: 'Casa della salute (dimostrazione)', desk, profile },
    policy: { attended: true },
    cms: {
      url: cmsUrl,
      ca: files.cmsCa,
      clientCertificate: files.kioskClient,
      clientKey: files.kioskClientKey,
      signingKey: files.cmsSigningPublicKey,
    },
    trust: { anchors: [files.cnsCa], points: [{ issuer: files.cnsCa, urls: [crlUrl] }] },
    printer: { device: printer },
    ...(envelopes.length === 0 ? {} : { barcode: { device: scanner } }),
    operators: at.operators,
    screen: { port },
    state: at.kioskState,
  } satisfies z.input<typeof configuration>);
}
