import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { drawn, scan } from '../harness/envelope-desk.ts';
import { factoryCodes, ofAnother, pinIn, userCodeIn } from '../harness/envelope-specimens.ts';
import { verifyPin } from '../harness/opensc.ts';
import { identifyByCard, signOn, touch } from '../harness/people.ts';
import { Sportello } from '../harness/sportello.ts';
import { filesBelow, findSecret } from '../proof/secrets/writings.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([Sportello.start({ product: true, envelopes: true }), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test(
  'from the pile to the hand, in the browser, on real parts: the PIN in the envelope opens the card in OpenSC, the old one does not',
  { timeout: 180_000 },
  async () => {
    const citizen = await chromium.visit({ width: 1080, height: 1920 });
    const desk = await chromium.visit({ width: 1280, height: 800 });
    const kiosk = `http://127.0.0.1:${world.client.port}`;
    const pages: string[] = [];
    const on = async (page: Page, screen: string): Promise<void> => {
      await page.waitForSelector(`[data-screen="${screen}"]`);
      pages.push(await page.content());
    };

    await signOn(desk.page, world);
    await desk.page.getByText('Nessun turno aperto').waitFor();
    await touch(desk.page, 'Apri il turno e ricevi l’elenco');
    await desk.page.getByText('Turno aperto: 8 buste nella pila.').waitFor();

    await citizen.page.goto(kiosk);
    await on(citizen.page, 'welcome');
    await world.insertCard();
    await on(citizen.page, 'recognised');
    await touch(citizen.page, 'Sì, voglio attivarla');
    await on(citizen.page, 'notice');
    await touch(citizen.page, 'Ho letto');
    await on(citizen.page, 'operator');
    await desk.page.getByText('RSSMRA72L09H501S').waitFor();
    await identifyByCard(desk.page);

    await on(citizen.page, 'envelope');
    await desk.page.getByRole('heading', { name: /^Prendi la busta n\. \d della pila$/ }).waitFor();
    world.operationId = world.operations()[0]!;
    const number = drawn(world);
    await desk.page.getByText(`finisce con ${number.slice(-4)}`).waitFor();
    scan(world, ofAnother.number);
    await desk.page.getByText('Questa busta è di un altro operatore').waitFor();
    scan(world, number);
    await desk.page.getByText(`La tessera ha il PIN della busta ${number}.`).waitFor();
    await citizen.page.getByRole('heading', { name: 'Prendi la busta' }).waitFor();
    pages.push(await citizen.page.content(), await desk.page.content());
    await touch(desk.page, 'Sì, consegnata');
    await on(citizen.page, 'envelope-done');
    expect(await citizen.page.textContent('main')).toContain('Abbiamo impostato il PIN della tessera.');
    await citizen.page.getByText('Prendi il promemoria di carta.').waitFor();
    const notice = world.printer.slips().find(({ text }) => text.includes('Promemoria di quanto fatto oggi'))?.text ?? '';
    expect(notice).toContain(`Busta ${number} consegnata chiusa`);
    expect(notice).not.toMatch(/ROSSI|RSSMRA|non sa cifrare/);
    pages.push(notice);
    await world.closed('CONFIRMED');
    expect(world.journal().map(({ kind }) => kind)).toEqual([
      ...['OP_OPEN', 'RESERVE_INTENT', 'RESERVED', 'ENVELOPE_DRAWN', 'ENVELOPE_SCANNED', 'ENVELOPE_BOUND', 'CHIP_EVIDENCE'],
      ...['OUTCOME', 'RECEIPT', 'CLOSED'],
    ]);
    expect(world.envelope(number)).toBe('handed');
    expect(world.row('CHIP_EVIDENCE')).toMatchObject({ pin: 'set', evidence: 'verified', secured: true });

    await touch(desk.page, 'Aggiorna l’elenco');
    await desk.page.getByLabel('Buste contate a mano, in tutte le pile').fill('8');
    await touch(desk.page, 'Chiudi il turno');
    await desk.page.getByText('Contate 8, attese 8. Il sistema centrale è d’accordo.').waitFor();
    expect([...citizen.complaints, ...desk.complaints]).toEqual([]);

    // The old PIN first: it costs a try, and the right one gives it back.
    await world.stopKiosk();
    expect(await verifyPin(world, factoryCodes.pin)).not.toBe(0);
    expect(await verifyPin(world, pinIn(number))).toBe(0);

    const places: [string, Buffer][] = [
      ...filesBelow(join(world.folder, 'state')).map((file): [string, Buffer] => [file, readFileSync(file)]),
      ...world.logs.map((line): [string, Buffer] => ['log', Buffer.from(line)]),
      ...world.client.heard.map((text): [string, Buffer] => ['stream', Buffer.from(text)]),
      ...pages.map((text): [string, Buffer] => ['page', Buffer.from(text)]),
    ];
    for (const secret of [pinIn(number), userCodeIn(number)])
      for (const [where, bytes] of places) expect(findSecret(bytes, secret), `${where} holds what lies in the envelope`).toBeNull();
  },
);
