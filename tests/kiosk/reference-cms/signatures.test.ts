import { X509Certificate, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodePublicKey } from '../../../devices/card/public-key-template.ts';
import { refusalOf, signatureRelayPolicy } from '../../../devices/card/relay.ts';
import { selfMadeIssuer } from '../../../devices/card/virtual/certificate.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { Secret } from '../../../devices/secret.ts';
import type { LoadingReceipt } from '../../../flows/ports/services.ts';
import { CmsLedger } from '../../harness/cms-ledger.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, signal, startCms } from '../../harness/cms.ts';
import { type BenchCard, type Scheme, benchCard, specimensFile } from '../../harness/relay-bench.ts';
import { serviceRequest } from '../../harness/services.ts';

const period = { notBefore: new Date('2023-01-01T00:00:00Z'), notAfter: new Date('2033-01-01T00:00:00Z') };
const refused = (type: string): object => ({ ok: false, error: { kind: 'refused', type } });
const { fiscalCode, surname, name, birthDate } = specimens.adult.personalData;
const holder = { fiscalCode, surname, name, birthDate };

let around: CmsSurroundings;
let cms: TestCms;
let mine: BenchCard;
let other: BenchCard;
let ledger: CmsLedger;

async function start(scheme: Scheme | null = 'cns'): Promise<void> {
  const signaturePin = Secret.fromText('86420975');
  [mine, other] = await Promise.all([benchCard(scheme, specimens.adult, { signaturePin }), benchCard(scheme, specimens.secondAdult)]);
  around = await cmsSurroundings();
  const { cardId, certificateDigest } = mine;
  const register = join(around.folder, 'register.json');
  writeFileSync(register, JSON.stringify({ cards: [{ cardId, certificateDigest, ...holder, expiresOn: '2040-01-01' }] }));
  const database = join(around.folder, 'cms.sqlite');
  ledger = new CmsLedger(database);
  cms = await startCms(around, {
    envelopes: { specimens: specimensFile(around.folder, [mine, other]), profiles: ['sardegna'], plainCommands: 'allowed' },
    services: { specimens: register },
    signatures: { certificate: around.pki.files.cnsCa, key: around.pki.files.cnsCaKey },
    // The CMS is the authority, and publishes its list.
    distributionPoint: {
      file: around.pki.files.cnsCrl,
      issue: { certificate: around.pki.files.cnsCa, key: around.pki.files.cnsCaKey, revoked: [] },
    },
    database,
  });
}

beforeEach(() => start());
afterEach(async () => {
  await cms.client.close();
  await cms.cms.close();
  await around.close();
});

async function accepted(): Promise<string> {
  const { cardId, certificateDigest } = mine;
  const card = { cardId, certificateDigest };
  const request = await serviceRequest(cms, { operation: 'signature-certificate', holder, card, forms: ['signature-request'] });
  expect(await cms.client.serve(request, signal)).toMatchObject({ ok: true, value: { state: 'ACCEPTED' } });
  return request.operationId;
}

/** One relay with a card, up to its end or to `most` exchanges; `between`: what whoever holds the reader makes of an answer. */
async function relay(
  operationId: string,
  {
    card = mine,
    most = Infinity,
    between = (answer) => answer,
  }: { card?: BenchCard; most?: number; between?: (answer: Uint8Array, command: Uint8Array) => Uint8Array } = {},
): Promise<LoadingReceipt | null> {
  const id = randomUUID();
  const { certificateDigest } = mine;
  let next = await cms.client.load({ operationId, relay: id, sequence: 0, certificateDigest }, signal);
  for (let sequence = 1; ; sequence += 1) {
    if (!next.ok) throw new Error(JSON.stringify(next.error));
    if ('end' in next.value) return next.value.end;
    if (sequence > most) return null;
    const { command } = next.value;
    expect(refusalOf(command, signatureRelayPolicy)).toBeUndefined();
    const answer = between(card.card.transmit(command), command);
    next = await cms.client.load({ operationId, relay: id, sequence, answer }, signal);
  }
}

const instruction = (command: Uint8Array): number => command[1] ?? 0;
const certificates = (): readonly string[] => ledger.signatures();

test.each(['cns', 'tripleDes', 'aes'] as const)('with %s the card makes a key, and gets the certificate of it', async (scheme) => {
  await cms.client.close();
  await cms.cms.close();
  await around.close();
  await start(scheme);
  const operationId = await accepted();
  expect(await relay(operationId)).toMatchObject({ ended: 'done', certificate: 'loaded', secured: true });
  expect(certificates()).toEqual(['loaded']);
  expect(await cms.client.voidService(operationId, signal)).toMatchObject({ ok: true, value: { state: 'DONE', cardStatus: 'active' } });
  expect(certificates()).toEqual(['loaded']);
});

describe('whatever is torn', () => {
  test('after any exchange the same operation begins anew, and its one certificate is loaded', async () => {
    const operationId = await accepted();
    for (let most = 1; most < 29; most += 3) {
      expect(await relay(operationId, { most })).toBeNull();
      mine.card.reset();
    }
    expect(await relay(operationId)).toMatchObject({ ended: 'done', certificate: 'loaded' });
    expect(certificates()).toEqual(['loaded']);
  });

  test('a card that has lost its key since gets no certificate of it; the operation is void, and what was made revoked', async () => {
    const operationId = await accepted();
    await relay(operationId, { most: 22 });
    expect(certificates()).toEqual(['issued']);
    const other = await accepted();
    // The newest request of a card counts.
    expect(certificates()).toEqual(['revoked']);
    await expect(relay(operationId)).rejects.toThrow('service-voided');
    await relay(other, { most: 22 });
    mine.card.reset();
    const again = new Map<number, number>();
    expect(
      await relay(other, {
        between: (answer, command) => {
          again.set(instruction(command), (again.get(instruction(command)) ?? 0) + 1);
          return instruction(command) === 0x47 ? Uint8Array.of(0x6a, 0x88) : answer;
        },
      }),
    ).toMatchObject({ ended: 'key-changed', certificate: 'not-loaded' });
    expect(again.get(0xd6)).toBeUndefined();
    expect(await cms.client.voidService(other, signal)).toMatchObject({ ok: true, value: { state: 'VOIDED' } });
    expect(certificates()).toEqual(['revoked', 'revoked']);
  });

  test('silence voids what was accepted, and revokes what was made', async () => {
    const operationId = await accepted();
    await relay(operationId, { most: 22 });
    cms.clock.aheadMs = 16 * 60_000;
    await cms.cms.round();
    expect(certificates()).toEqual(['revoked']);
    expect(await cms.client.voidService(operationId, signal)).toMatchObject({ ok: true, value: { state: 'VOIDED' } });
    await cms.cms.round();
    const [revoked] = cms.cms.store.signatures.revoked();
    expect(readFileSync(around.pki.files.cnsCrl).includes(Buffer.from(revoked?.serial ?? '', 'hex'))).toBe(true);
  });
});

describe('whoever holds the reader', () => {
  test('cannot have a key of their own certified as the holder’s', async () => {
    const operationId = await accepted();
    const { publicKey } = new X509Certificate((await selfMadeIssuer(period)).certificate);
    const forged = Uint8Array.of(...encodePublicKey(publicKey).subarray(0, 254), 0x90, 0x00);
    const ended = await relay(operationId, { between: (answer, command) => (instruction(command) === 0x47 ? forged : answer) });
    expect(ended).toMatchObject({ ended: 'other-card', certificate: 'not-loaded' });
    expect(certificates()).toEqual([]);
  });

  test('loads nothing into another card', async () => {
    const operationId = await accepted();
    expect(await relay(operationId, { card: other })).toMatchObject({ ended: 'other-card', certificate: 'not-loaded' });
    const wrong = { operationId, relay: randomUUID(), sequence: 0 as const, certificateDigest: other.certificateDigest };
    expect(await cms.client.load(wrong, signal)).toMatchObject(refused('relay-of-another-card'));
    expect(certificates()).toEqual([]);
  });

  test('swallows what is to be written, and is not told that it is done', async () => {
    const operationId = await accepted();
    const id = randomUUID();
    let next = await cms.client.load({ operationId, relay: id, sequence: 0, certificateDigest: mine.certificateDigest }, signal);
    for (let sequence = 1; next.ok && 'command' in next.value; sequence += 1) {
      const { command } = next.value;
      const answer = instruction(command) === 0xd6 ? Uint8Array.of(0x90, 0x00) : mine.card.transmit(command);
      next = await cms.client.load({ operationId, relay: id, sequence, answer }, signal);
    }
    expect(next).toMatchObject({ ok: true, value: { end: { ended: 'not-read-back', certificate: 'unknown' } } });
    expect(await cms.client.voidService(operationId, signal)).toMatchObject({ ok: true, value: { state: 'VOIDED' } });
    expect(certificates()).toEqual(['revoked']);
  });
});

test('one a card: once it is there, no other is made', async () => {
  await relay(await accepted());
  const card = { cardId: mine.cardId, certificateDigest: mine.certificateDigest };
  const request = await serviceRequest(cms, { operation: 'signature-certificate', holder, card, forms: ['signature-request'] });
  expect(await cms.client.serve(request, signal)).toMatchObject(refused('signature-asked-before'));
});

test('a card without secure messaging, or that is not here, gets none', async () => {
  await cms.client.close();
  await cms.cms.close();
  await around.close();
  await start(null);
  const card = { cardId: mine.cardId, certificateDigest: mine.certificateDigest };
  const asked = { operation: 'signature-certificate', holder, forms: ['signature-request'] } as const;
  expect(await cms.client.serve(await serviceRequest(cms, { ...asked, card }), signal)).toMatchObject(
    refused('card-without-secure-messaging'),
  );
  expect(await cms.client.serve(await serviceRequest(cms, asked), signal)).toMatchObject(refused('card-unknown'));
});
