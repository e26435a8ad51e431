import { request } from 'node:https';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { CommandingDriver } from '../../../devices/card/commanding.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { Secret } from '../../../devices/secret.ts';
import { type CmsSurroundings, type TestCms, cmsSurroundings, signal, startCms } from '../../harness/cms.ts';
import { type BenchCard, benchCard, factoryCodes, specimensFile } from '../../harness/relay-bench.ts';

let surroundings: CmsSurroundings;
let cms: TestCms;
let mine: BenchCard;
let other: BenchCard;
let reader: CommandingDriver;
beforeEach(async () => {
  surroundings = await cmsSurroundings();
  [mine, other] = await Promise.all([benchCard('cns', specimens.adult), benchCard('cns', specimens.secondAdult)]);
  const file = specimensFile(surroundings.folder, [mine, other]);
  cms = await startCms(surroundings, { envelopes: { specimens: file, profiles: ['sardegna'], portalPort: 0 } });
  // The portal knows an activated card; how it becomes one is the relay's to show.
  for (const { cardId } of [mine, other]) cms.cms.store.envelopes.activateCard(cardId);
  const slot = new InProcessReader(mine.card);
  reader = new CommandingDriver(slot);
  await slot.insert();
});
afterEach(async () => {
  await reader.close();
  await cms.close();
  await surroundings.close();
});

/** As a holder's own program would ask: no client certificate. */
async function ask(path: string, body: object = {}): Promise<{ status: number; body: string }> {
  const url = new URL(path, cms.cms.portalUrl ?? '');
  const bytes = Buffer.from(JSON.stringify(body));
  return await new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      ca: readFileSync(surroundings.pki.files.cmsCa),
      headers: { 'Content-Type': 'application/json', 'Content-Length': bytes.length },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
    });
    asked.end(bytes);
  });
}

async function challengeFor(cardId: string): Promise<string> {
  return z.object({ challenge: z.string() }).parse(JSON.parse((await ask(`cards/${cardId}/puk-challenge`)).body)).challenge;
}

async function signedBy(challenge: string, pin: string): Promise<string> {
  const certificate = Buffer.from(mine.certified.certificate).toString('base64');
  const signed = await reader.authenticate({ pin: Secret.fromText(pin), certificate, challenge: Buffer.from(challenge) }, signal);
  if (!signed.ok) throw new Error(signed.error.kind);
  return Buffer.from(signed.value).toString('base64');
}

const certificateOf = ({ certified }: BenchCard): string => Buffer.from(certified.certificate).toString('base64');

test('who has the card and its PIN gets the PUK, and the PUK is right', async () => {
  const challenge = await challengeFor(mine.cardId);
  const signature = await signedBy(challenge, factoryCodes.pin);
  const given = await ask(`cards/${mine.cardId}/puk`, { challenge, certificate: certificateOf(mine), signature });
  expect(given.status).toBe(200);
  expect(JSON.parse(given.body)).toEqual({ puk: factoryCodes.puk });
  expect(cms.lines.join('')).not.toContain(factoryCodes.puk);

  // The same challenge serves once.
  expect((await ask(`cards/${mine.cardId}/puk`, { challenge, certificate: certificateOf(mine), signature })).status).toBe(403);
});

test('without the PIN the card signs nothing', async () => {
  await expect(signedBy(await challengeFor(mine.cardId), '99999')).rejects.toThrow('wrong-pin');
});

test('a signature by another card, over another challenge, too late, or for a card that is not activated gives nothing, and does not say why', async () => {
  const challenge = await challengeFor(mine.cardId);
  const signature = await signedBy(challenge, factoryCodes.pin);
  const certificate = certificateOf(mine);
  const refused = { status: 403, body: JSON.stringify({ refused: 'not-proved' }) };
  const forOther = await challengeFor(other.cardId);
  expect(await ask(`cards/${other.cardId}/puk`, { challenge, certificate, signature })).toEqual(refused);
  expect(
    await ask(`cards/${other.cardId}/puk`, { challenge: forOther, certificate, signature: await signedBy(forOther, factoryCodes.pin) }),
  ).toEqual(refused);
  expect(await ask(`cards/${mine.cardId}/puk`, { challenge: await challengeFor(mine.cardId), certificate, signature })).toEqual(refused);
  const made = challenge.replace(mine.cardId, other.cardId);
  expect(
    await ask(`cards/${mine.cardId}/puk`, { challenge: made, certificate, signature: await signedBy(made, factoryCodes.pin) }),
  ).toEqual(refused);
  expect(await ask(`cards/6080100000000099/puk`, { challenge, certificate, signature })).toEqual(refused);
  cms.clock.aheadMs = 6 * 60_000;
  expect(await ask(`cards/${mine.cardId}/puk`, { challenge, certificate, signature })).toEqual(refused);
  cms.clock.aheadMs = 0;
  expect((await ask(`cards/${mine.cardId}/puk`, { challenge, certificate, signature })).status).toBe(200);
  expect((await ask('cards/x/puk', {})).status).toBe(400);
});
