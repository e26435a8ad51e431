import { afterAll, beforeAll, expect, test } from 'vitest';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { askForCodes, handOverSlip, identifyByCard, on, proveAddress, signOn, touch } from '../harness/people.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([Sportello.start(), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test(
  'a minor’s card, activated by the parent: who, and for whom, is signed and told to the CMS (C4, C10)',
  { timeout: 120_000 },
  async () => {
    const { minor, parent } = specimens;
    const citizen = await chromium.visit({ width: 1080, height: 1920 });
    const desk = await chromium.visit({ width: 1280, height: 800 });
    const kiosk = `http://127.0.0.1:${world.client.port}`;

    await citizen.page.goto(kiosk);
    await on(citizen.page, 'welcome');
    await world.insertCard(minor);
    await on(citizen.page, 'recognised');
    expect(await citizen.page.textContent('main')).toContain('Tessera di LUCA R.');
    await askForCodes(citizen.page);

    await signOn(desk.page, world);
    await desk.page.getByText(minor.personalData.fiscalCode).first().waitFor();
    const represented = desk.page.getByRole('group', { name: 'minore, con un genitore' });
    await represented.getByLabel('Cognome').fill(parent.personalData.surname);
    await represented.getByLabel('Nome', { exact: true }).fill(parent.personalData.name);
    await represented.getByLabel('Codice fiscale', { exact: true }).fill(parent.personalData.fiscalCode);
    // The code of the parent, typed where the child's belongs.
    await represented.getByLabel('Codice fiscale del titolare').fill(parent.personalData.fiscalCode);
    await identifyByCard(desk.page);
    await desk.page.getByText('non è quello della tessera').waitFor();
    await represented.getByLabel('Codice fiscale del titolare').fill(minor.personalData.fiscalCode.toLowerCase());
    await touch(desk.page, 'Identificato: i dati coincidono');

    await proveAddress(citizen.page, world, 'paola.rossi@example.org');
    await handOverSlip(citizen.page, desk.page);

    await world.closed('CONFIRMED');
    expect(world.row('OP_OPEN')).toMatchObject({ case: 'minor', representative: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(JSON.stringify(world.journal(world.operationId))).not.toMatch(/PAOLA|LUCA|RSSPLA|RSSLCU/);
    expect(world.logs.filter((line) => !line.startsWith('card: ')).join('\n')).not.toMatch(/PAOLA|RSSPLA|RSSLCU/);
    expect(world.ledger.reservation(world.operationId)).toEqual({
      case: 'minor',
      fiscalCode: minor.personalData.fiscalCode,
      representative: {
        relation: 'parent',
        surname: parent.personalData.surname,
        name: parent.personalData.name,
        fiscalCode: parent.personalData.fiscalCode,
      },
    });
    expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
  },
);
