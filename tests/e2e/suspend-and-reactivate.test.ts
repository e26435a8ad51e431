import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Visitor, openChromium } from '../harness/browser.ts';
import { startRegistered } from '../harness/service-desk.ts';
import { mario, marioCard } from '../harness/services.ts';
import { copyCard, signOn, touch } from '../harness/people.ts';
import { type Sportello } from '../harness/sportello.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([startRegistered(), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test('a card that was lost is suspended without it, and reactivated when it is found: in the browser, each with its receipt', async () => {
  const citizen = await chromium.visit({ width: 1080, height: 1920 });
  const desk = await chromium.visit({ width: 1280, height: 800 });
  const kiosk = `http://127.0.0.1:${world.client.port}`;
  await citizen.page.goto(kiosk);
  await citizen.page.waitForSelector('[data-screen="welcome"]');
  await signOn(desk.page, world);

  /** The operator begins, copies the holder's data from the document, and enters the document. */
  const begin = async (what: string, confirmed = true): Promise<void> => {
    await desk.page.getByText('Servizio senza tessera').click();
    await desk.page.getByLabel('Che cosa chiede').selectOption(what);
    await desk.page.getByLabel('Cognome').fill(mario.surname);
    await desk.page.getByLabel('Nome', { exact: true }).fill(mario.name);
    await desk.page.getByLabel('Codice fiscale').fill(mario.fiscalCode);
    await desk.page.getByLabel('Data di nascita').fill('09/07/1972');
    await touch(desk.page, 'Comincia');
    await desk.page.getByRole('heading', { name: what }).waitFor();
    await citizen.page.waitForSelector('[data-screen="operator"]');
    await copyCard(desk.page);
    if (what.startsWith('Sospendere')) await desk.page.getByLabel('Motivo', { exact: true }).selectOption('smarrimento');
    await touch(desk.page, 'Identificato: chiedi al sistema centrale');
    if (confirmed) await touch(desk.page, 'Conferma e firma');
  };

  await begin('Sospendere la tessera');
  await citizen.page.waitForSelector('[data-screen="service-done"]');
  expect(await citizen.page.textContent('h1')).toBe('La tessera è sospesa');
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('suspended');
  const [first] = world.operations();
  expect(world.journal(first).map(({ kind }) => kind)).toEqual(['OP_OPEN', 'SERVICE_INTENT', 'SERVICE_RECEIPT', 'CLOSED']);
  await world.client.citizenDoes({ type: 'stay' });
  await citizen.page.waitForSelector('[data-screen="welcome"]');

  // Twice is refused, and it is said by which rule.
  await begin('Sospendere la tessera', false);
  await desk.page.getByText('La tessera è sospesa: va prima riattivata.').waitFor();
  await touch(desk.page, 'Rifiuta');
  await citizen.page.waitForSelector('[data-screen="stopped"]');
  expect(await citizen.page.textContent('main')).toContain('Non è stato cambiato nulla.');
  await world.client.citizenDoes({ type: 'stay' });
  await citizen.page.waitForSelector('[data-screen="welcome"]');

  await begin('Riattivare la tessera sospesa');
  await citizen.page.waitForSelector('[data-screen="service-done"]');
  expect(await citizen.page.textContent('h1')).toBe('La tessera è di nuovo attiva');
  expect(world.ledger.cardStatus(marioCard.cardId)).toBe('active');
  expect(world.operations()).toHaveLength(2);
  expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
}, 120_000);
