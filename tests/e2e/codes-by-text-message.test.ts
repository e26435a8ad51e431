import { afterAll, beforeAll, expect, test } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { askForCodes, handOverSlip, identifyByCard, on, signOn } from '../harness/people.ts';
import { Sportello } from '../harness/sportello.ts';

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

    await citizen.page.goto(kiosk);
    await on(citizen.page, 'welcome');
    await world.insertCard();
    await askForCodes(citizen.page);

    await signOn(desk.page, world);
    await desk.page.getByText(specimens.adult.personalData.fiscalCode).first().waitFor();
    await identifyByCard(desk.page);

    await on(citizen.page, 'contact');
    await citizen.page.getByRole('button', { name: 'SMS' }).click();
    await citizen.page.getByLabel('Il tuo cellulare').waitFor();
    await citizen.page.keyboard.type(mobile);
    await citizen.page.keyboard.press('Enter');
    await on(citizen.page, 'contact-code');
    expect(await citizen.page.textContent('main')).toContain('+39 ••• ••67');
    expect(await citizen.page.textContent('main')).not.toContain(mobile);
    await citizen.page.keyboard.type(await world.oneTimeCode());
    await citizen.page.keyboard.press('Enter');
    await handOverSlip(citizen.page, desk.page);
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
