import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inject, vi } from 'vitest';
import { issueCnsCertificate } from '../../devices/card/virtual/certificate.ts';
import { type Specimen, specimens } from '../../devices/card/virtual/specimen.ts';
import { type VirtualScanner, startVirtualScanner } from '../../devices/barcode/virtual/virtual-scanner.ts';
import { startVirtualPrinter, type VirtualPrinter } from '../../devices/printer/virtual/virtual-printer.ts';
import { Secret } from '../../devices/secret.ts';
import type { IdentityDocument } from '../../flows/people/identity-document.ts';
import type { EnvelopeState } from '../../flows/envelopes/envelope.ts';
import { ledgerOf } from '../../flows/envelopes/ledger.ts';
import type { CmsState } from '../../flows/ports/cms.ts';
import type { DeskType } from '../../flows/procedures/vocabulary.ts';
import type { JournalRow, JournalRowKind } from '../../flows/ports/journal.ts';
import type { Configuration } from '../../kiosk/configuration.ts';
import type { CmsConfiguration } from '../../kiosk/reference-cms/configuration.ts';
import { type Pki, readPki } from '../../kiosk/demo/pki.ts';
import { addAccount, createAccount } from '../../kiosk/operators/accounts.ts';
import { readProfile } from '../../kiosk/procedures/profiles.ts';
import { processEntry } from '../../kiosk/project.ts';
import { type History, openHistory } from '../../kiosk/records/history.ts';
import { type Mailbox, startMailbox } from '../../kiosk/reference-cms/mailbox.ts';
import { type TextGateway, startTextGateway } from '../../kiosk/reference-cms/text-gateway.ts';
import { type EnvelopePerson, cardKeys, otherCardKeys, envelopeSpecimens, factoryCodes, signaturePin } from './envelope-specimens.ts';
import { CmsLedger } from './cms-ledger.ts';
import { type Pcscd, startPcscd } from './pcscd.ts';
import { controlLine, firstLine, kill, processes } from './processes.ts';
import { ScreenClient } from './screen-client.ts';
import { type RegisteredCard, rowOf, specimensFile } from './services.ts';

export const identityCard: IdentityDocument = {
  type: 'identity-card',
  number: 'CA00000AA',
  issuingBody: 'Comune di Bologna',
  expires: '2035-07-09',
};
export const operator = { id: 'operatore', pin: '24680' } as const;
export const address = 'mario.rossi@example.org';

const gatewayToken = 'gettone-di-prova';
const WAIT_MS = 15_000;
const DAY_MS = 24 * 3_600_000;

/** Where the card is: in a real pcscd, or in the kiosk's card process with no PC/SC service and no card's slowness in between. */
type Reader = 'pcscd' | 'in-process';

export interface WorldOptions {
  readonly policy?: Partial<Configuration['policy']>;
  readonly trust?: Partial<Configuration['trust']>;
  /** The printer holds its slips in a presenter. */
  readonly presenter?: boolean;
  readonly msPerLine?: number;
  readonly pauseAfter?: JournalRowKind;
  readonly reader?: Reader;
  /** How long the CMS makes its codes, and how much of them goes on paper. */
  readonly codes?: CmsConfiguration['codes'];
  /** Another process instead of the one that tells its rows and can be paused; `onTold` hears each line of it. */
  readonly kiosk?: { readonly entry: string; readonly onTold: (line: Readonly<Record<string, unknown>>) => void };
  /** `sportello run` itself, instead of the process that tells its rows and can be paused. */
  readonly product?: boolean;
  /** Options for the Node that runs the kiosk. */
  readonly nodeOptions?: readonly string[];
  /** What stands before the kiosk's command: a tracer, that leaves it the child of this process. */
  readonly under?: readonly string[];
  /** The codes lie in blind envelopes (Sardinia): those of `envelope-specimens.ts`, eight or so many, and a scanner for their numbers. */
  readonly envelopes?: true | number;
  /** The CMS has the cards of `services.ts` in its register; with a row, the card in the reader too, as the row says. */
  readonly registered?: boolean | Partial<RegisteredCard>;
  /** The CMS is the cards' authority: what services suspend and revoke is on its next CRL, which the kiosk has within seconds. */
  readonly issuesCrl?: true;
  /** The same authority makes signature certificates. */
  readonly signatures?: true;
  /** Cards that know no secure messaging: whoever has the PUK may set their PIN. A CMS that sets it to an envelope's may do so by plain commands. */
  readonly plainCards?: boolean;
  /** The region's; left out: Emilia-Romagna, or Sardinia where there are envelopes. */
  readonly profile?: string;
  /** Left out: the health authority's. */
  readonly desk?: DeskType;
  /** Whose card is there before any other: the only one of the kiosk's own card process, and the one that the CMS has envelopes for. Left out: an adult's. */
  readonly holder?: Specimen;
  /** The CMS has a gateway for text messages: they come to the same mailbox. */
  readonly textMessages?: boolean;
  /** Told what comes to the printer on its line. */
  readonly onPrinterBytes?: (bytes: Uint8Array) => void;
}

/**
 * A whole kiosk on real parts: pcscd with a virtual card, a printer on a pseudo-terminal, the reference CMS, a mail server; each of
 * core, CMS, card and print worker a process of its own. Everything ends with the test that started it.
 */
export class Sportello {
  readonly folder = mkdtempSync(join(tmpdir(), 'sportello-'));
  readonly logs: string[] = [];
  readonly ledger = new CmsLedger(join(this.folder, 'cms.db'));
  /** Rows of the journal, as the kiosk told them. */
  readonly rows: JournalRowKind[] = [];
  client!: ScreenClient;
  printer!: VirtualPrinter;
  mailbox!: Mailbox;
  scanner: VirtualScanner | null = null;
  pki!: Pki;
  operationId = '';
  #pcscd: Pcscd | null = null;
  #kiosk: ChildProcess | null = null;
  #cms: ChildProcess | null = null;
  #cmsPort = 0;
  #card: ChildProcess | null = null;
  #reader: Reader = 'pcscd';
  readonly #workers = new Set<number>();
  #policy: Partial<Configuration['policy']> = {};
  #trust: Partial<Configuration['trust']> = {};
  /** The product's own command instead of the process that can be paused. */
  #product = false;
  #nodeOptions: readonly string[] = [];
  #under: readonly string[] = [];
  #kioskProcess: WorldOptions['kiosk'];
  #profile = 'emilia-romagna';
  #desk: DeskType = 'health-authority';
  #plainCards = false;
  #texts: TextGateway | null = null;
  #paused: JournalRowKind | null = null;

  static async start(options: WorldOptions = {}): Promise<Sportello> {
    const world = new Sportello();
    world.#policy = options.policy ?? {};
    world.#trust = options.trust ?? {};
    world.#product = options.product ?? false;
    world.#nodeOptions = options.nodeOptions ?? [];
    world.#under = options.under ?? [];
    world.#kioskProcess = options.kiosk;
    world.#desk = options.desk ?? 'health-authority';
    world.#profile = options.profile ?? (options.envelopes !== undefined ? 'sardegna' : 'emilia-romagna');
    world.#reader = options.reader ?? 'pcscd';
    world.#plainCards = options.plainCards ?? false;
    const in_ = (name: string): string => join(world.folder, name);
    const [pki, pcscd, mailbox, printer, account] = await Promise.all([
      copyPki(in_('pki')),
      world.#reader === 'pcscd' ? startPcscd() : null,
      startMailbox(),
      startVirtualPrinter({
        link: in_('printer'),
        out: in_('slips'),
        msPerLine: options.msPerLine ?? 5,
        presenter: options.presenter ?? false,
        ...(options.onPrinterBytes === undefined ? {} : { onReceived: options.onPrinterBytes }),
      }),
      createAccount({ id: operator.id, displayName: 'Operatore di prova', pin: Secret.fromText(operator.pin), cost: 2 ** 15 }),
    ]);
    Object.assign(world, { pki, mailbox, printer });
    if (options.textMessages === true) world.#texts = await startTextGateway(mailbox, gatewayToken);
    world.#pcscd = pcscd;
    await pki.writeCrl({ revoked: [], thisUpdate: new Date(Date.now() - DAY_MS), nextUpdate: new Date(Date.now() + DAY_MS), number: 100 });
    addAccount(in_('operators.json'), account);
    const { files } = pki;
    let cms: object = {
      port: 0,
      tls: { certificate: files.cmsServer, key: files.cmsServerKey, clientCa: files.kioskCa },
      signingKey: files.cmsSigningKey,
      smtp: { port: mailbox.port },
      ...(world.#texts === null ? {} : { sms: { url: world.#texts.url, token: gatewayToken } }),
      // One specimen proves its address many times a day.
      codesADay: 1_000,
      operators: [{ id: operator.id, publicKey: account.publicKey }],
      database: in_('cms.db'),
      control: in_('cms.sock'),
      ...(options.codes === undefined ? {} : { codes: options.codes }),
      mailPace: { retryMs: 50, longestPauseMs: 200 },
    };
    if (world.#reader === 'in-process' || options.envelopes !== undefined) await world.#makePerson(options.holder ?? specimens.adult);
    if (options.envelopes !== undefined) {
      world.scanner = await startVirtualScanner({ link: in_('scanner') });
      const person = JSON.parse(readFileSync(world.#person, 'utf8')) as EnvelopePerson;
      const many = options.envelopes === true ? 8 : options.envelopes;
      world.#write('envelopes.json', envelopeSpecimens(person, { operatorId: operator.id, many, plainCards: world.#plainCards }));
      const plainCommands = world.#plainCards ? 'allowed' : 'refused';
      cms = { ...cms, envelopes: { specimens: in_('envelopes.json'), profiles: [world.#profile], plainCommands } };
    }
    if (options.registered !== undefined && options.registered !== false) {
      const further = options.registered === true ? [] : [rowOf(world.#person, options.registered)];
      cms = { ...cms, services: { specimens: specimensFile(world.folder, further) } };
    }
    if (options.issuesCrl === true) {
      const issue = { certificate: files.cnsCa, key: files.cnsCaKey, revoked: [] };
      cms = { ...cms, distributionPoint: { file: files.cnsCrl, issue } };
    }
    if (options.signatures === true) {
      cms = { ...cms, signatures: { certificate: files.cnsCa, key: files.cnsCaKey } };
    }
    world.#write('cms.json', cms);
    await world.startCms();
    await world.startKiosk(options.pauseAfter);
    return world;
  }

  // The CMS

  async startCms(): Promise<void> {
    const configuration = JSON.parse(readFileSync(join(this.folder, 'cms.json'), 'utf8')) as { port: number };
    this.#write('cms.json', { ...configuration, port: this.#cmsPort });
    const child = this.#spawn('cms', [processEntry('kiosk/reference-cms/main.ts'), join(this.folder, 'cms.json')], {});
    this.#cms = child;
    const told = await firstLine(child, (line) => 'port' in line);
    this.#cmsPort = told['port'] as number;
  }

  async killCms(): Promise<void> {
    await kill(this.#cms);
  }

  /** A line of the CMS's control socket: `unreachable`, `lose-answer call=reserve times=1`, `normal`. */
  async cms(fault: string): Promise<void> {
    const answer = await controlLine(join(this.folder, 'cms.sock'), fault);
    if (answer !== 'ok') throw new Error(`the CMS answered ${answer}`);
  }

  // The kiosk

  /** Starts the kiosk; with `pauseAfter`, it stops in its tracks after that row until `resume`. */
  async startKiosk(pauseAfter?: JournalRowKind, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const { files } = this.pki;
    this.#write('kiosk.json', {
      site: {
        id: 'prova-1',
        name: 'Casa della Salute - prova',
        desk: this.#desk,
        profile: this.#profile,
      },
      ...(this.scanner === null ? {} : { barcode: { device: this.scanner.address } }),
      policy: { attended: true, ...this.#policy },
      cms: {
        url: `https://localhost:${this.#cmsPort}`,
        ca: files.cmsCa,
        clientCertificate: files.kioskClient,
        clientKey: files.kioskClientKey,
        signingKey: files.cmsSigningPublicKey,
      },
      trust: { anchors: [files.cnsCa], crls: [files.cnsCrl], ...this.#trust },
      printer: { device: this.printer.address },
      operators: 'operators.json',
      screen: { port: 0 },
      state: 'state',
    });
    rmSync(this.#resumeFile, { force: true });
    this.#paused = null;
    const entry = this.#product
      ? ['bin/sportello.js', 'run', '--config']
      : [processEntry(this.#kioskProcess?.entry ?? 'tests/processes/kiosk.ts')];
    const before = this.logs.length;
    const words = [...this.#nodeOptions, ...entry, join(this.folder, 'kiosk.json')];
    const environment = {
      ...(this.#pcscd?.env ?? { CARD_HOST: 'tests/processes/card-host.ts', CARD_PERSON: this.#person, CARD_CONTROL: this.#cardSocket }),
      PAUSE_UNTIL: this.#resumeFile,
      ...(pauseAfter === undefined ? {} : { PAUSE_AFTER: pauseAfter }),
      ...env,
    };
    const child = this.#spawn('core', words, environment, this.#under);
    this.#kiosk = child;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const told = JSON.parse(line) as { row?: JournalRowKind; operationId?: string; paused?: JournalRowKind };
      if (told.row !== undefined) this.rows.push(told.row);
      if (told.operationId !== undefined) this.operationId = told.operationId;
      if (told.paused !== undefined) this.#paused = told.paused;
      this.#kioskProcess?.onTold(told);
    });
    const ready = (): string | undefined =>
      this.logs.slice(before).find((line) => line.startsWith('core: ') && line.includes('"kiosk-ready"'));
    const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await vi.waitUntil(() => ready() !== undefined || ended(), { timeout: WAIT_MS, interval: 5 });
    const line = ready();
    if (line === undefined) throw new Error(`the kiosk did not start:\n${this.logs.join('\n')}`);
    const { port } = JSON.parse(line.slice('core: '.length)) as { port: number };
    this.client = await ScreenClient.open(port);
  }

  get kioskPid(): number {
    return this.#kiosk?.pid ?? 0;
  }

  /** A line on the standard input of the kiosk's process. */
  tellKiosk(line: string): void {
    this.#kiosk?.stdin?.write(`${line}\n`);
  }

  /** The kiosk's process is gone. */
  get kioskIsGone(): boolean {
    return this.#kiosk === null || this.#kiosk.exitCode !== null || this.#kiosk.signalCode !== null;
  }

  /** The print workers that live now: the kiosk's own, and those once seen as its own that outlived it. */
  printWorkers(): readonly number[] {
    const entry = processEntry('kiosk/printing/worker.ts');
    const alive = processes().filter(({ words }) => words.includes(entry));
    for (const { pid, parent } of alive) if (parent === this.kioskPid) this.#workers.add(pid);
    return alive.map(({ pid }) => pid).filter((pid) => this.#workers.has(pid));
  }

  async paused(kind: JournalRowKind): Promise<void> {
    await vi.waitUntil(() => this.#paused === kind, { timeout: WAIT_MS, interval: 2 });
  }

  resume(): void {
    writeFileSync(this.#resumeFile, '');
  }

  /** It stops again after the next row of the kind that it stopped at. */
  pauseAgain(): void {
    rmSync(this.#resumeFile, { force: true });
    this.#paused = null;
  }

  /** Where the card is in a process of its own. */
  get cardPid(): number {
    return this.#card?.pid ?? 0;
  }

  async killKiosk(): Promise<void> {
    this.client.close();
    await kill(this.#kiosk);
  }

  /** Asks the kiosk to stop, as the service manager does. */
  async stopKiosk(): Promise<void> {
    this.client.close();
    await kill(this.#kiosk, 'SIGTERM');
  }

  get #resumeFile(): string {
    return join(this.folder, 'resume');
  }

  /** The ids of all operations in the records, oldest first. */
  operations(): readonly string[] {
    return this.#history((history) => history.list().map(({ operationId }) => operationId));
  }

  /** The environment of a further program at the reader's PC/SC service. */
  get readerEnvironment(): Readonly<Record<string, string>> {
    return this.#pcscd?.env ?? {};
  }

  /** Where an envelope is, by the rows of the journal. */
  envelope(number: string): EnvelopeState | undefined {
    return this.#history((history) => ledgerOf(history.rows()).get(number)?.state);
  }

  /** The rows of an operation as they stand in the records. */
  journal(operationId = this.operationId): readonly JournalRow[] {
    return this.#history((history) => history.rowsOf(operationId).map(({ row }) => row));
  }

  #history<T>(read: (history: History) => T): T {
    const history = openHistory(join(this.folder, 'state', 'records'));
    if (!history.ok) throw new Error(JSON.stringify(history.error));
    try {
      return read(history.value);
    } finally {
      history.value.close();
    }
  }

  row<Kind extends JournalRowKind>(kind: Kind): Extract<JournalRow, { kind: Kind }> | undefined {
    return this.journal().find((row) => row.kind === kind) as Extract<JournalRow, { kind: Kind }> | undefined;
  }

  // The card

  /** A card goes in: `specimen`'s, with a certificate of the CA that the kiosk trusts. In the kiosk's card process there is only the adult's. */
  async insertCard(specimen: Specimen = specimens.adult): Promise<void> {
    if (this.#pcscd === null) {
      await this.card('insert');
      return;
    }
    if (this.scanner === null) await this.#makePerson(specimen);
    await this.#startCard(this.#pcscd);
  }

  /** Another card in the place of the one that is in, within moments. It shares no key with it. */
  async swapCard(specimen: Specimen): Promise<void> {
    if (this.#pcscd === null) throw new Error('the card process has one card');
    await kill(this.#card);
    await this.#makePerson(specimen, otherCardKeys);
    await this.#startCard(this.#pcscd);
  }

  async #startCard({ ports }: Pcscd): Promise<void> {
    const inserted = (): number => this.logs.filter((line) => line.startsWith('card: inserted')).length;
    const before = inserted();
    const args = ['virtual', '--vpcd', `127.0.0.1:${ports[0] ?? 0}`, '--person', this.#person, '--control', this.#cardSocket];
    const child = this.#spawn('card', [join('bin', 'sportello.js'), 'card', ...args], {});
    this.#card = child;
    await vi.waitUntil(() => inserted() > before || child.exitCode !== null, {
      timeout: WAIT_MS,
      interval: 5,
    });
  }

  async #makePerson(known: Specimen, messaging: typeof cardKeys | typeof otherCardKeys = cardKeys): Promise<void> {
    const specimen = this.#ofThisRegion(known);
    const { certificate, privateKey } = await issueCnsCertificate({
      ...specimen,
      issuer: this.pki.cnsCa,
      serialNumber: '0a01',
      notBefore: new Date(Date.now() - 30 * DAY_MS),
      notAfter: new Date(Date.now() + 365 * DAY_MS),
    });
    const keys = this.#plainCards ? {} : { secureMessaging: messaging };
    this.#write('person.json', { ...specimen, ...factoryCodes, signaturePin, certificate: pemOf(certificate), privateKey, ...keys });
  }

  /** The suite's specimens are Emilia-Romagna's: at another region's desk they are that one's. Whose card says another region keeps it. */
  #ofThisRegion(specimen: Specimen): Specimen {
    const { personalData } = specimen;
    const profile = readProfile(this.#profile);
    const own = profile.ok ? profile.value.ownCards.issuers.find((code) => code.length === personalData.issuer.length) : undefined;
    if (own === undefined || personalData.issuer !== specimens.adult.personalData.issuer) return specimen;
    return { ...specimen, personalData: { ...personalData, issuer: own } };
  }

  get #person(): string {
    return join(this.folder, 'person.json');
  }

  get #cardSocket(): string {
    return join(this.folder, 'card.sock');
  }

  /** A line of the card's control socket: `remove`, `insert`, `pull 3`, `mute`. */
  async card(line: string): Promise<void> {
    const answer = await controlLine(this.#cardSocket, line);
    if (answer !== 'ok') throw new Error(`the card answered ${answer}`);
  }

  /** The holder takes the card and touches the screen, so that nobody waits until the last screen goes by itself. */
  async takeCard(): Promise<void> {
    await this.card('remove');
    const over = async (): Promise<boolean> => {
      await this.client.citizenDoes({ type: 'stay' });
      return this.client.citizen().screen === 'welcome';
    };
    await vi.waitUntil(over, { timeout: WAIT_MS, interval: 20 });
  }

  // The way through

  /** A card is in, and read. */
  async toRecognised(): Promise<void> {
    await this.client.on('welcome');
    if (this.#card === null) await this.insertCard();
    else await this.card('insert');
    await this.client.on('recognised');
  }

  /** Card, wish, notice, sign-on: up to where the operator decides. */
  async toOperator(): Promise<void> {
    if (this.client.citizen().screen !== 'recognised') await this.toRecognised();
    await this.client.citizenDoes({ type: 'wish', operation: this.#hadCodes() ? 'reissue' : 'activation' });
    await this.client.on('notice');
    await this.client.citizenDoes({ type: 'notice-read' });
    await this.client.on('operator');
    if (this.client.operator()?.signedOn == null) await this.client.signOn(operator.id, operator.pin);
  }

  async toContact(): Promise<void> {
    await this.toOperator();
    await this.client.identify(identityCard);
    await this.client.on('contact');
  }

  async toContactCode(): Promise<string> {
    const before = this.mailbox.messages().length;
    await this.toContact();
    await this.client.citizenDoes({ type: 'contact', email: address, language: 'it' });
    await this.client.on('contact-code');
    return this.oneTimeCode(before);
  }

  /** The newest one-time code in the mailbox, after `before` mails. */
  async oneTimeCode(before = 0): Promise<string> {
    const newest = (): string | undefined =>
      this.mailbox
        .messages()
        .slice(before)
        .map(({ text }) => /\b\d{6}\b/.exec(text)?.[0])
        .findLast((code) => code !== undefined);
    // Mail of an operation before this one may come in between.
    return await vi.waitUntil(newest, { timeout: WAIT_MS, interval: 5 });
  }

  /** Up to the last touch before the codes are issued; the kiosk goes on by itself from here. */
  async issue(): Promise<void> {
    const code = await this.toContactCode();
    await this.client.citizenDoes({ type: 'contact-code', code });
  }

  async toCollect(): Promise<void> {
    await this.issue();
    await this.client.on('collect');
  }

  /** The whole way for the next citizen. */
  async activateAgain(): Promise<void> {
    await this.toCollect();
    await this.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await this.client.on('done');
  }

  /** The card was given codes before, as the CMS has it: new ones are a reissue. */
  #hadCodes(): boolean {
    return this.operations().some((id) => this.ledger.state(id) === 'CONFIRMED');
  }

  // What came of it

  /** The slips that came out to their last line; a piece that was cut off is none. */
  wholeSlips(): readonly string[] {
    return this.printer.slips().flatMap(({ text }) => (text.includes('operazione') ? [text] : []));
  }

  /** Mails with a second part; one-time codes are not counted. */
  secondParts(): readonly string[] {
    return this.mailbox
      .messages()
      .filter(({ text }) => /PIN/.test(text))
      .map(({ text }) => text);
  }

  /** Waits for the second part's mail: one, and no more. */
  async secondPart(): Promise<string> {
    await vi.waitUntil(() => this.secondParts().length > 0, { timeout: WAIT_MS, interval: 5 });
    if (this.secondParts().length > 1 || this.mailbox.deliveries() > this.mailbox.messages().length)
      throw new Error('the second part was sent twice');
    return this.secondParts()[0]!;
  }

  /** How a code's paper part stands on the slip: characters apart, what is withheld as dashes. */
  paperPart(label: string): string {
    const code = this.ledger.codes(this.operationId).find((each) => each.label === label);
    if (code === undefined) throw new Error(`no ${label}`);
    return [...code.value].map((digit, index) => (index < code.paperCharacters ? digit : '_')).join(' ');
  }

  /** Waits until journal and CMS both say how the operation ended, or that it is held: that one stays open. */
  async closed(state: CmsState): Promise<void> {
    try {
      await vi.waitUntil(
        () => this.journal().at(-1)?.kind === (state === 'HELD' ? 'RECEIPT' : 'CLOSED') && this.ledger.state(this.operationId) === state,
        {
          timeout: WAIT_MS,
          interval: 20,
        },
      );
    } catch {
      throw new Error(
        `waited for ${state}; the CMS has ${this.ledger.state(this.operationId)}, the journal ${JSON.stringify(this.journal())}\n${this.logs.slice(-20).join('\n')}`,
      );
    }
    const receipt = this.journal().findLast((row) => row.kind === 'RECEIPT');
    if (receipt?.state !== state) throw new Error(`the receipt says ${receipt?.state ?? 'nothing'}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    this.client.close();
    await Promise.all([kill(this.#kiosk), kill(this.#cms), kill(this.#card)]);
    await Promise.all([this.printer.close(), this.mailbox.close(), this.#pcscd?.close(), this.scanner?.close(), this.#texts?.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(name: string, content: unknown): void {
    writeFileSync(join(this.folder, name), JSON.stringify(content), { mode: 0o600 });
  }

  #spawn(name: string, args: readonly string[], env: Readonly<Record<string, string>>, under: readonly string[] = []): ChildProcess {
    const [program = '', ...words] = [...under, process.execPath, ...args];
    const child = spawn(program, words, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    // What is still told to a process that was killed is lost, as it should be.
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stderr }).on('line', (line) => this.logs.push(`${name}: ${line}`));
    return child;
  }
}

/** The suite's PKI (`tests/harness/pki.setup.ts`) in a folder of its own: its CRL is this test's to change. */
async function copyPki(folder: string): Promise<Pki> {
  cpSync(inject('pki'), folder, { recursive: true });
  const pki = await readPki(folder);
  if (pki === null) throw new Error('the PKI of the suite cannot be read');
  return pki;
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
