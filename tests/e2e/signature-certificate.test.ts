import { X509Certificate, createHash, verify } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { signaturePin } from '../harness/envelope-specimens.ts';
import { transmit } from '../harness/opensc.ts';
import { copyCard, signOn, touch } from '../harness/people.ts';
import { settled, startSignatures } from '../harness/signature-desk.ts';
import type { Sportello } from '../harness/sportello.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([startSignatures({ product: true }), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

const digestInfo = '3031300D060960864801650304020105000420';

test('the form is printed and signed, the card stays in, and what it holds then is a certificate of the authority whose key it signs with', async () => {
  const citizen = await chromium.visit({ width: 1080, height: 1920 });
  const desk = await chromium.visit({ width: 1280, height: 800 });
  const on = async (screen: string): Promise<unknown> => citizen.page.waitForSelector(`[data-screen="${screen}"]`, { timeout: 30_000 });
  await signOn(desk.page, world);
  await citizen.page.goto(`http://127.0.0.1:${world.client.port}`);
  await on('welcome');
  await world.insertCard();
  await on('recognised');
  await touch(citizen.page, 'Altro');
  await touch(citizen.page, 'Chiedere il certificato di firma');
  await on('notice');
  await touch(citizen.page, 'Ho letto');
  await on('operator');

  await desk.page.getByText('RSSMRA72L09H501S').waitFor();
  await copyCard(desk.page);
  await touch(desk.page, 'Identificato: chiedi al sistema centrale');
  await desk.page.getByText('SAR 9.3.2(8)').first().waitFor();
  await touch(desk.page, 'Stampa: la richiesta di firma');
  await desk.page.getByText('Stampato.').waitFor();
  expect(world.printer.slips().at(-1)?.text).toContain('Firma del titolare');
  await desk.page.getByLabel('modulo per il certificato di firma').check();
  await touch(desk.page, 'Identificato: chiedi al sistema centrale');
  await desk.page.getByText('la tessera resta nel lettore fino alla fine').waitFor();
  await world.card('slow 30');
  await touch(desk.page, 'Conferma e firma');
  await citizen.page.getByRole('heading', { name: 'Non togliere la tessera' }).waitFor({ timeout: 15_000 });
  await desk.page.getByText('Il sistema centrale carica il certificato: la tessera resta nel lettore.').waitFor();
  await on('service-done');
  expect(await citizen.page.textContent('h1')).toBe('Il certificato di firma è sulla tessera');
  await citizen.page.getByText('Prendi il promemoria di carta.').waitFor();
  const notice = world.printer.slips().find(({ text }) => text.includes('Promemoria di quanto fatto oggi'))?.text ?? '';
  expect(notice.replace(/\s+/g, ' ')).toContain('Certificato di firma caricato sulla tessera e riletto.');
  world.operationId = world.operations()[0] ?? '';
  expect(await settled(world)).toBe('DONE');
  expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
  await world.stopKiosk();

  // By anybody, with a tool that is not ours.
  const blocks = Array.from({ length: 8 }, (_, block) => `00B00${block}0000`);
  const [, ...read] = await transmit(world, ['00A4080C0414009010', ...blocks]);
  const content = Buffer.concat(read);
  const certificate = new X509Certificate(content.subarray(0, 4 + content.readUInt16BE(2)));
  expect(certificate.verify(new X509Certificate(Buffer.from(world.pki.cnsCa.certificate)).publicKey)).toBe(true);
  expect(certificate.subject).toContain('TINIT-RSSMRA72L09H501S');
  const text = Buffer.from('firmato con la tessera');
  const digest = createHash('sha256').update(text).digest('hex').toUpperCase();
  const [, , , signature] = await transmit(world, [
    '00A4080C021400',
    `0020001A08${Buffer.from(signaturePin).toString('hex').toUpperCase()}`,
    '0022F1B603840102',
    `002A9E9A33${digestInfo}${digest}00`,
  ]);
  expect(verify('sha256', text, certificate.publicKey, signature ?? Buffer.alloc(0))).toBe(true);
}, 180_000);
