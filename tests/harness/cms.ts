import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';
import { Secret } from '../../devices/secret.ts';
import type { Cms, ContactChannel, OutcomeReport, Reserve } from '../../flows/ports/cms.ts';
import type { OperatorDecision } from '../../flows/ports/operators.ts';
import { type CmsClient, type CmsClientOptions, createCmsClient } from '../../kiosk/cms/client.ts';
import { type Pki, makePki } from '../../kiosk/demo/pki.ts';
import { type Log, createLog } from '../../kiosk/log/log.ts';
import { assertionAlgorithm, assertionType, publicSigningKey } from '../../kiosk/operators/assertion.ts';
import { processEntry } from '../../kiosk/project.ts';
import { cmsConfiguration } from '../../kiosk/reference-cms/configuration.ts';
import { type Mailbox, startMailbox } from '../../kiosk/reference-cms/mailbox.ts';
import { type RunningCms, startReferenceCms } from '../../kiosk/reference-cms/start.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { makeOneUseKey } from '../../kiosk/printing/one-use-key.ts';

export const signal = new AbortController().signal;
export const address = 'mario.rossi@example.it';

/** A temporary folder with a throw-away PKI, one operator's key, and a mailbox: what a CMS needs around it. */
export interface CmsSurroundings {
  readonly folder: string;
  readonly pki: Pki;
  readonly mailbox: Mailbox;
  readonly operatorKey: CryptoKey;
  /** As `cms serve` takes it; each has its own database. */
  configuration(changes?: Record<string, unknown>): z.input<typeof cmsConfiguration>;
  close(): Promise<void>;
}

export async function cmsSurroundings(): Promise<CmsSurroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'sportello-cms-'));
  const [pki, mailbox, operator] = await Promise.all([
    makePki(join(folder, 'pki')),
    startMailbox(),
    generateKeyPair('ES256', { extractable: true }),
  ]);
  const { kty, crv, x, y } = await exportJWK(operator.publicKey);
  const publicKey = publicSigningKey.parse({ kty, crv, x, y });
  let databases = 0;
  return {
    folder,
    pki,
    mailbox,
    operatorKey: operator.privateKey,
    configuration: (changes = {}) => ({
      port: 0,
      tls: { certificate: pki.files.cmsServer, key: pki.files.cmsServerKey, clientCa: pki.files.kioskCa },
      signingKey: pki.files.cmsSigningKey,
      smtp: { port: mailbox.port },
      operators: [{ id: 'operator-1', publicKey }],
      database: join(folder, `cms-${(databases += 1)}.sqlite`),
      mailPace: { retryMs: 20, longestPauseMs: 100 },
      // One specimen proves its address many times a day.
      codesADay: 1_000,
      ...changes,
    }),
    async close() {
      await mailbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Log lines as they were written. */
export function keptLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  return { log: createLog('test', destination), lines };
}

/** The reference CMS in this process, with a clock that can be set, and a client at it. */
export async function startCms(surroundings: CmsSurroundings, changes: Record<string, unknown> = {}) {
  const clock = { aheadMs: 0, now: (): number => Date.now() + clock.aheadMs };
  const kept = keptLog();
  const cms: RunningCms = await startReferenceCms(cmsConfiguration.parse(surroundings.configuration(changes)), {
    log: kept.log,
    now: clock.now,
  });
  const client = clientAt(cms.url, surroundings, { log: kept.log, clock: new SimulatedClock() });
  return {
    ...surroundings,
    cms,
    client,
    clock,
    lines: kept.lines,
    async close() {
      await client.close();
      await cms.close();
    },
  };
}

export type TestCms = Awaited<ReturnType<typeof startCms>>;

/** The reference CMS as a process of its own, from the build. */
export async function spawnCms(surroundings: CmsSurroundings, changes: Record<string, unknown> = {}) {
  const configuration = surroundings.configuration(changes);
  const file = `${configuration.database}.json`;
  writeFileSync(file, JSON.stringify(configuration));
  return { configuration, file, ...(await spawnCmsWith(file)) };
}

export async function spawnCmsWith(file: string): Promise<{ child: ChildProcess; port: number; url: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [processEntry('kiosk/reference-cms/main.ts'), file], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(10_000) })) as [string];
  const { port, url } = z.object({ port: z.int(), url: z.string() }).parse(JSON.parse(line));
  return {
    child,
    port,
    url,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export function clientAt(url: string, { pki: { files } }: CmsSurroundings, options: Partial<CmsClientOptions> = {}): CmsClient {
  const made = createCmsClient({
    url,
    ca: files.cmsCa,
    clientCertificate: files.kioskClient,
    clientKey: files.kioskClientKey,
    signingKey: files.cmsSigningPublicKey,
    log: keptLog().log,
    ...options,
  });
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

/** UUIDv7 (RFC 9562, 5.7). */
export function newOperationId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const specimen = {
  document: { type: 'identity-card', number: 'CA00000AA', issuingBody: 'COMUNE DI BOLOGNA', expires: '2031-02-09' },
  certificateDigest: 'ab'.repeat(32),
  fiscalCode: 'RSSMRA72L09H501S',
} as const;

export async function signDecision(key: CryptoKey, decision: OperatorDecision, operator = 'operator-1'): Promise<string> {
  const claims = { ...decision, device: 'test', iat: Math.floor(Date.now() / 1000), jti: crypto.randomUUID() };
  return await new SignJWT(claims).setProtectedHeader({ alg: assertionAlgorithm, typ: assertionType, kid: operator }).sign(key);
}

export async function handOver(key: CryptoKey, operationId: string, handedOver = true): Promise<string> {
  return await signDecision(key, { decision: 'hand-over', operationId, attempt: 1, handedOver });
}

/** The one-time code that was mailed for a contact, once it is there. */
export async function codeFromMail(mailbox: Mailbox, contactId: string): Promise<string> {
  for (;;) {
    const mail = mailbox.messages().find(({ messageId }) => messageId.includes(contactId));
    if (mail !== undefined) return /codice di verifica è: (\d{6})/.exec(mail.text)?.[1] ?? '';
    await arrival(mailbox);
  }
}

export async function arrival(mailbox: Mailbox, limitMs = 10_000): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no mail came')), limitMs);
    const stop = mailbox.onMessage(() => {
      clearTimeout(timer);
      stop();
      resolve();
    });
  });
}

export interface Around {
  /** Where codes go; left out: to `address`. */
  readonly contact?: { readonly channel: ContactChannel; readonly value: string };
  readonly client: Cms;
  readonly mailbox: Mailbox;
  readonly operatorKey: CryptoKey;
}

/** Has a code sent, reads it in the mail, proves the contact. */
export async function proveContact(
  { client, mailbox, contact = { channel: 'email', value: address } }: Around,
  operationId: string,
): Promise<string> {
  const sent = await client.sendContactCode({ operationId, send: 1, ...contact, language: 'it' }, signal);
  if (!sent.ok) throw new Error(JSON.stringify(sent.error));
  const code = Secret.fromText(await codeFromMail(mailbox, sent.value.contactId));
  const proved = await client.proveContact({ operationId, contactId: sent.value.contactId, code, attempt: 1 }, signal);
  if (!proved.ok) throw new Error(JSON.stringify(proved.error));
  return proved.value;
}

/** A whole, good reservation request for a new operation, and for a card of its own: nobody's had codes before. */
export async function reserveRequest(
  around: Around,
  operationId = newOperationId(),
  operation: Reserve['operation'] = 'activation',
): Promise<Reserve> {
  const { document, certificateDigest, fiscalCode } = specimen;
  return {
    operationId,
    operation,
    case: 'adult',
    desk: 'health-authority',
    profile: { id: 'emilia-romagna', version: '1' },
    card: { cardId: operationId, certificateDigest, chip: true },
    applicant: { relation: 'holder', fiscalCode, surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' },
    document,
    proofOfContact: await proveContact(around, operationId),
    operatorAssertion: await signDecision(around.operatorKey, {
      decision: 'identified',
      operationId,
      operation,
      certificateDigest,
      fiscalCode,
      case: 'adult',
      document,
    }),
  };
}

export async function reserved(around: Around): Promise<string> {
  const request = await reserveRequest(around);
  const answer = await around.client.reserve(request, signal);
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return request.operationId;
}

/** Reserved, with the paper part released; what stood in it, as text. */
export async function released(around: Around): Promise<{ operationId: string; paper: string }> {
  const operationId = await reserved(around);
  const key = makeOneUseKey();
  const sealed = await around.client.releasePaperPart({ operationId, attempt: 1, key: key.publicKey }, signal);
  if (!sealed.ok) throw new Error(JSON.stringify(sealed.error));
  const paper = key.unseal(sealed.value.jwe);
  if (!paper.ok) throw new Error(paper.error.detail);
  return { operationId, paper: Buffer.from(paper.value.expose()).toString('ascii') };
}

export async function handedOver(around: Around, operationId: string): Promise<OutcomeReport> {
  return {
    operationId,
    attempt: 1,
    outcome: 'handed-over',
    evidence: { class: 'E4', raw: '37223030303100' },
    exposed: false,
    reason: 'handed-over',
    operatorAssertion: await handOver(around.operatorKey, operationId),
  };
}
