import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Specimen, specimens } from '../../devices/card/virtual/specimen.ts';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { identityCard, operator, Sportello } from '../harness/sportello.ts';

/** Mario's, had Lombardy issued it. */
const lombard: Specimen = { cardId: '6030100000000017', personalData: { ...specimens.adult.personalData, issuer: '0030' } };
const mobile = '3331234567';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([Sportello.start({ profile: 'lombardia', textMessages: true }), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test(
  'in Lombardy the second part goes by text message, to the mobile that a code proved, and never what is on paper (COD-07)',
  { timeout: 120_000 },
  async () => {
    const citizen = await chromium.visit({ width: 1080, height: 1920 });
    const desk = await chromium.visit({ width: 1280, height: 800 });
    const kiosk = `http://127.0.0.1:${world.client.port}`;
    const on = (screen: string): Promise<unknown> => citizen.page.waitForSelector(`[data-screen="${screen}"]`);
    const touch = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

    await citizen.page.goto(kiosk);
    await on('welcome');
    await world.insertCard(lombard);
    await on('recognised');
    await touch(citizen.page, 'Sì, voglio attivarla');
    await on('notice');
    await touch(citizen.page, 'Ho letto');
    await on('operator');

    await desk.page.goto(`${kiosk}/operator`);
    await desk.page.getByLabel('Codice operatore').fill(operator.id);
    await desk.page.getByLabel('PIN').fill(operator.pin);
    await touch(desk.page, 'Accedi');
    await desk.page.getByText(lombard.personalData.fiscalCode).first().waitFor();
    await desk.page.getByLabel('Numero').fill(identityCard.number);
    await desk.page.getByLabel('Scadenza (GG/MM/AAAA)').fill('09/07/2035');
    await desk.page.getByLabel('Ente emittente').fill(identityCard.issuingBody);
    await touch(desk.page, 'Identificato: i dati coincidono');

    await on('contact');
    await citizen.page.getByRole('button', { name: 'SMS' }).click();
    await citizen.page.getByLabel('Il tuo cellulare').waitFor();
    await citizen.page.keyboard.type(mobile);
    await citizen.page.keyboard.press('Enter');
    await on('contact-code');
    expect(await citizen.page.textContent('main')).toContain('+39 ••• ••67');
    expect(await citizen.page.textContent('main')).not.toContain(mobile);
    await citizen.page.keyboard.type(await world.oneTimeCode());
    await citizen.page.keyboard.press('Enter');
    await on('collect');
    await desk.page.getByText('Il foglio è nelle mani del titolare?').waitFor();
    await touch(desk.page, 'Sì, consegnato');
    await on('done');
    const done = await citizen.page.textContent('main');
    expect(done).toContain('+39 *** **67');
    expect(done).not.toContain('posta indesiderata');

    await world.closed('CONFIRMED');
    const text = await world.secondPart();
    expect(world.mailbox.messages().every(({ subject, to }) => subject === 'SMS' && to === `+39${mobile}`)).toBe(true);
    const [operationId] = world.operations();
    const slip = world.printer.slips().at(-1)!;
    for (const { label, value, paperCharacters } of world.ledger.codes(operationId!)) {
      expect(text).toContain(`${label} ${value.slice(paperCharacters)}`);
      expect(slip.text).not.toContain(value.slice(paperCharacters));
    }
    expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
  },
);
