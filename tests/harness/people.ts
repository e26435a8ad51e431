import type { Page } from 'playwright-core';
import type { Holder } from '../../flows/ports/services.ts';
import { address, identityCard, operator, type Sportello } from './sportello.ts';

/** What people do at a kiosk in the browser, each in the words that stand on the screen. */

/** Waits for a screen; what stands instead is told, as a wait that only says that it is over tells nobody why. */
export async function on(page: Page, screen: string): Promise<void> {
  await page.waitForSelector(`[data-screen="${screen}"]`).catch(async (late: unknown) => {
    const words = await page.locator('main').innerText();
    throw new Error(`no screen "${screen}", but: ${words.replace(/\s+/g, ' ')}`, { cause: late });
  });
}

export const touch = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();

/** The operator opens their page and signs on. */
export async function signOn(desk: Page, { client }: Sportello): Promise<void> {
  await desk.goto(`http://127.0.0.1:${client.port}/operator`);
  await desk.getByLabel('Codice operatore').fill(operator.id);
  await desk.getByLabel('PIN').fill(operator.pin);
  await touch(desk, 'Accedi');
}

/** The citizen, whose card was just put in, says what for and has read the notice. */
export async function askForCodes(citizen: Page): Promise<void> {
  await on(citizen, 'recognised');
  await touch(citizen, 'Sì, voglio attivarla');
  await on(citizen, 'notice');
  await touch(citizen, 'Ho letto');
  await on(citizen, 'operator');
}

/** The operator copies the identity card that is shown. */
export async function copyCard(desk: Page): Promise<void> {
  await desk.getByLabel('Numero').fill(identityCard.number);
  await desk.getByLabel('Scadenza (GG/MM/AAAA)').fill('09/07/2035');
  await desk.getByLabel('Ente emittente').fill(identityCard.issuingBody);
}

/** The operator copies the identity card that is shown, and finds that it is the holder's. */
export async function identifyByCard(desk: Page): Promise<void> {
  await copyCard(desk);
  await touch(desk, 'Identificato: i dati coincidono');
}

/** The operator begins a service for who has no card here, and copies who that is, and the document, from what is shown. */
export async function beginService(desk: Page, what: string, { surname, name, fiscalCode, birthDate }: Holder): Promise<void> {
  await desk.getByText('Servizio senza tessera').click();
  await desk.getByLabel('Che cosa chiede').selectOption(what);
  await desk.getByLabel('Cognome').fill(surname);
  await desk.getByLabel('Nome', { exact: true }).fill(name);
  await desk.getByLabel('Codice fiscale').fill(fiscalCode);
  await desk.getByLabel('Data di nascita').fill(birthDate.split('-').reverse().join('/'));
  await touch(desk, 'Comincia');
  await desk.getByRole('heading', { name: what }).waitFor();
  await copyCard(desk);
}

export const askCms = (desk: Page): Promise<void> => touch(desk, 'Identificato: chiedi al sistema centrale');

/** The citizen types an address, and the code that comes there. */
export async function proveAddress(citizen: Page, world: Sportello, typed: string = address): Promise<void> {
  await on(citizen, 'contact');
  const mails = world.mailbox.messages().length;
  await citizen.keyboard.type(typed);
  await citizen.keyboard.press('Enter');
  await on(citizen, 'contact-code');
  await citizen.keyboard.type(await world.oneTimeCode(mails));
  await citizen.keyboard.press('Enter');
}

/** The slip is out: the operator sees it in the right hands. */
export async function handOverSlip(citizen: Page, desk: Page): Promise<void> {
  await on(citizen, 'collect');
  await desk.getByText('Il foglio è nelle mani del titolare?').waitFor();
  await touch(desk, 'Sì, consegnato');
  await on(citizen, 'done');
}
