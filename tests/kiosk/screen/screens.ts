import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { startScreen } from '../../../kiosk/screen/server.ts';
import { openChromium } from '../../harness/browser.ts';
import { citizenScreens, operator, operatorPin, heldScreens, operatorScreens, revocationScreens, site, stage } from './fixtures.ts';

const tall = { width: 1080, height: 1920 };
const low = { width: 1280, height: 800 };
const lowToo = [
  'welcome',
  'recognised',
  'notice',
  'contact',
  'contact-code-wrong',
  'unblock-wrong-puk',
  'issuing-printing',
  'collect',
  'done-pending',
  'stopped-printer-failed',
  'out-of-service-printer',
];
const englishToo = ['welcome', 'contact', 'contact-code', 'done-received', 'stopped-card-expired'];

/**
 * Draws every screen from its fixture status into the folder `out`, and all of them on one contact sheet; `only`: those whose name holds it.
 * Gives the names of the pictures. The page must be built.
 */
export async function drawScreens(out: string, only?: string): Promise<readonly string[]> {
  const set = stage();
  const started = await startScreen({ port: 0, session: set.session, operators: set.operators, site, bring: set.bring, log: set.log });
  if (!started.ok) throw new Error(started.error.kind);
  const address = `http://127.0.0.1:${started.value.port}`;
  const chromium = await openChromium();
  await mkdir(out, { recursive: true });
  const pictures = new Map<string, string>();
  const shoot = async (page: Page, name: string): Promise<void> => {
    await page.evaluate('document.fonts.ready');
    // What fades in is there before it is drawn; what turns for ever is not waited for.
    await page.locator('.fade:not(.show)').first().waitFor({ state: 'detached' });
    await page.evaluate(
      'Promise.allSettled(document.getAnimations().filter((each) => each.effect.getTiming().iterations !== Infinity).map((each) => each.finished))',
    );
    const picture = await page.screenshot({ path: join(out, `${name}.png`) });
    pictures.set(name, picture.toString('base64'));
  };

  for (const [suffix, size, language, wanted] of [
    ['', tall, 'it', Object.keys(citizenScreens)],
    ['.low', low, 'it', lowToo],
    ['.en', tall, 'en', englishToo],
  ] as const) {
    const { page, context } = await chromium.visit(size, 0.5);
    await page.goto(address);
    for (const name of wanted) {
      const screen = citizenScreens[name];
      if (screen === undefined) throw new Error(name);
      if (only !== undefined && !name.includes(only)) continue;
      // By way of another screen: two of a kind could not be told apart, and the first would be taken for the second.
      set.show({ screen: 'reading' });
      await page.waitForSelector('[data-screen="reading"]');
      set.show(screen);
      await page.waitForSelector(`[data-screen="${screen.screen}"]`);
      if (language === 'en' && (await page.getAttribute('html', 'lang')) !== 'en') {
        await page.getByRole('button', { name: 'Lingua' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'English' }).click();
        await page.keyboard.press('Escape');
      }
      if (screen.screen === 'contact' && screen.problem === null) await page.keyboard.type('mario.rossi@example.it');
      if (screen.screen === 'contact-code' && screen.problem === null) await page.keyboard.type('204');
      await shoot(page, `${name}${suffix}`);
    }
    await context.close();
  }

  {
    const { page, context } = await chromium.visit(tall, 0.5);
    await page.goto(address);
    for (const [name, open] of [
      ['overlay-help', 'Aiuto'],
      ['overlay-language', 'Lingua'],
      ['overlay-accessibility', 'Accessibilità'],
      ['overlay-cancel', 'Annulla'],
    ] as const) {
      if (only !== undefined && !name.includes(only)) continue;
      set.show({ screen: 'operator' });
      await page.waitForSelector('[data-screen="operator"]');
      await page.getByRole('button', { name: open }).click();
      await shoot(page, name);
      await page.keyboard.press('Escape');
    }
    if (only === undefined || 'bring'.includes(only)) {
      set.show({ screen: 'welcome' });
      await page.waitForSelector('[data-screen="welcome"]');
      await page.getByRole('button', { name: 'Cosa serve?' }).click();
      await page.getByRole('button', { name: 'Minore', exact: true }).waitFor();
      await shoot(page, 'bring-for-whom');
      await page.getByRole('button', { name: 'Minore', exact: true }).click();
      await page.getByRole('button', { name: 'L’attivazione della tessera', exact: true }).waitFor();
      await shoot(page, 'bring-for-what');
      await page.getByRole('button', { name: 'L’attivazione della tessera', exact: true }).click();
      await page.locator('figure img').evaluate('(picture) => picture.decode()');
      await shoot(page, 'bring-list');
      await page.setViewportSize(low);
      await shoot(page, 'bring-list.low');
      await page.setViewportSize(tall);
      await page.getByRole('button', { name: 'Torna indietro' }).click();
      await page.getByRole('button', { name: 'Torna indietro' }).click();
      await page.getByRole('button', { name: 'Mi serve una tessera nuova' }).click();
      await page.getByText('Dove andare:').waitFor();
      await shoot(page, 'bring-sent');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'English', exact: true }).click();
      await page.getByRole('button', { name: 'What do I need?' }).click();
      await page.getByRole('button', { name: 'A minor', exact: true }).click();
      await page.getByRole('button', { name: 'The activation of the card', exact: true }).click();
      await page.locator('figure img').evaluate('(picture) => picture.decode()');
      await shoot(page, 'bring-list.en');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Italiano', exact: true }).click();
    }
    if (only === undefined || 'overlay-warning'.includes(only)) {
      set.show({ screen: 'contact', channels: ['email'], problem: null }, 24);
      await page.waitForSelector('[role=alertdialog]');
      await shoot(page, 'overlay-warning');
      set.show({ screen: 'recognised', greeting: 'MARIO R.', maskedFiscalCode: 'RSS•••••••••501S', ofAge: true, others: false });
      await page.waitForSelector('[data-screen="recognised"]');
      await page.getByRole('button', { name: 'Accessibilità' }).click();
      for (const choice of ['Contrasto alto', 'Testo più grande']) await page.getByRole('button', { name: choice }).click();
      await page.keyboard.press('Escape');
      await shoot(page, 'recognised.contrast-larger');
    }
    await context.close();
  }

  if (only === undefined || only.startsWith('operator')) {
    const { page, context } = await chromium.visit(low, 0.6);
    await page.goto(`${address}/operator`);
    await page.waitForSelector('.sign-on');
    await shoot(page, 'operator-sign-on.desk');
    await page.getByLabel('Codice operatore').fill(operator.id);
    await page.getByLabel('PIN').fill(operatorPin);
    await page.keyboard.press('Enter');
    set.show({ screen: 'operator' });
    for (const [name, waiting] of Object.entries(operatorScreens)) {
      if (waiting?.task === 'hand-over') set.show({ screen: 'collect', cardIn: true });
      if (waiting?.task === 'reprint') set.show({ screen: 'print-failed' });
      if (waiting?.task === 'envelope') set.show({ screen: 'envelope', stage: 'taking', cardIn: true, encrypted: true });
      if (waiting?.task === 'hand-envelope') set.show({ screen: 'envelope', stage: 'handing', cardIn: true, encrypted: true });
      // By way of nobody: what was typed for one is not the next one's.
      set.ask(null);
      await page.waitForSelector('.nobody');
      set.ask(waiting, name === 'nobody' ? 'paper-near-end' : 'ready');
      await page.waitForSelector(
        waiting === null ? '.nobody' : ['identify', 'service'].includes(waiting.task) ? '.side-by-side' : '.hand-over',
      );
      if (name === 'identify-document-expired') {
        await page.getByLabel('Numero').fill('CA12345AA');
        await page.getByLabel('Scadenza').fill('31/12/2020');
        await page.getByLabel('Ente').fill('Comune di Bologna');
      }
      await shoot(page, `operator-${name}.desk`);
    }
    set.show({ screen: 'welcome' });
    set.ask(null);
    for (const [name, held] of Object.entries(heldScreens)) {
      set.hold(held);
      await page.waitForSelector('.held');
      if (name === 'held') await page.getByLabel('Il titolare ha il foglio intero').check();
      await shoot(page, `operator-${name}.desk`);
    }
    set.hold([]);
    set.leave(['01890a5d-ac96-774b-bcce-b302099a8058']);
    await page.waitForSelector('.left-slip');
    await shoot(page, 'operator-left-slip.desk');
    set.leave([]);
    const referred = citizenScreens['stopped-document-mismatch'];
    if (referred !== undefined) set.show(referred);
    await page.waitForSelector('.referred');
    await shoot(page, 'operator-referred.desk');
    set.show({ screen: 'welcome' });
    for (const [name, revocation] of Object.entries(revocationScreens)) {
      set.know(revocation);
      await page.waitForSelector('.revocation');
      await shoot(page, `operator-${name}.desk`);
    }
    await context.close();
  }

  if (only === undefined) {
    const { page } = await chromium.visit({ width: 2400, height: 1200 }, 0.5);
    const cells = [...pictures].map(
      ([name, picture]) => `<figure><img src="data:image/png;base64,${picture}"><figcaption>${name}</figcaption></figure>`,
    );
    await page.setContent(
      `<style>body{margin:20px;display:flex;flex-wrap:wrap;gap:12px;font:16px sans-serif;background:#ccd}figure{margin:0}img{height:360px;display:block}</style>${cells.join('')}`,
    );
    await page.screenshot({ path: join(out, 'contact-sheet.jpg'), type: 'jpeg', quality: 70, fullPage: true });
  }
  await chromium.close();
  await started.value.close();
  return [...pictures.keys()];
}
