import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import { type Screen, startScreen } from '../../../kiosk/screen/server.ts';
import { type Visit, type Visitor, openChromium } from '../../harness/browser.ts';
import {
  citizenScreens,
  heldScreens,
  unansweredServices,
  operator,
  operatorPin,
  operatorScreens,
  revocationScreens,
  sessionId,
  site,
  stage,
} from './fixtures.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sizes = [
  { width: 1080, height: 1920 },
  { width: 1280, height: 800 },
];
const recognised = {
  screen: 'recognised',
  greeting: 'MARIO R.',
  maskedFiscalCode: 'RSS•••••••••501S',
  ofAge: true,
  others: false,
} as const;
const codeScreen = {
  screen: 'contact-code',
  masked: 'm•••••@e••••••.it',
  triesLeft: 3,
  resendAfter: '2020-01-01T00:00:00Z',
  problem: null,
} as const;

let chromium: Visitor;
beforeAll(async () => {
  chromium = await openChromium();
});
afterAll(() => chromium.close());

let set: ReturnType<typeof stage>;
let screen: Screen;
let address: string;
beforeEach(async () => {
  set = stage();
  const started = await startScreen({ port: 0, session: set.session, operators: set.operators, site, bring: set.bring, log: set.log });
  if (!started.ok) throw new Error(started.error.kind);
  screen = started.value;
  address = `http://127.0.0.1:${screen.port}`;
  return () => screen.close();
});

async function open(path = '/', size = sizes[0]): Promise<Visit & { [Symbol.asyncDispose](): Promise<void> }> {
  const visit = await chromium.visit(size);
  await visit.page.goto(address + path);
  return { ...visit, [Symbol.asyncDispose]: () => visit.context.close() };
}
/** Shows a status by way of another screen: two of a kind could not be told apart, and the first would be taken for the second. */
const showAnew = async (visit: Visit, shown: CitizenScreen): Promise<void> => {
  set.show({ screen: 'reading' });
  await onScreen(visit, 'reading');
  set.show(shown);
  await onScreen(visit, shown.screen);
};
const onScreen = async ({ page }: Visit, name: string): Promise<void> => {
  await page.waitForSelector(`[data-screen="${name}"]`);
};

/** WCAG A and AA, with the rules' ids and the places at fault. */
async function violations({ page }: Visit): Promise<unknown> {
  // In a world of its own: the page's policy stays as it is.
  return await page.evaluate(`${axe}; axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    .then((found) => found.violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ target, failureSummary }) => [target, failureSummary]) })))`);
}

/** What cannot be seen or reached as designed: what scrolls, sticks out, is set too small, or is too small for a finger. */
const misfits = `(() => {
  const found = [];
  const u = Math.min(innerWidth / (innerWidth < innerHeight ? 1080 : 1280), innerHeight / (innerWidth < innerHeight ? 1920 : 800));
  const root = document.scrollingElement;
  if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) found.push('the page scrolls');
  for (const room of document.querySelectorAll('.kiosk, .middle, dialog')) if (room.scrollHeight > room.clientHeight + 1 || room.scrollWidth > room.clientWidth + 1) found.push(room.className + ' overflows');
  const middle = document.querySelector('.middle').getBoundingClientRect();
  for (const child of document.querySelectorAll('.middle > *')) {
    const box = child.getBoundingClientRect();
    if (box.height > 0 && (box.top < middle.top - 1 || box.bottom > middle.bottom + 1)) found.push(child.className + ' sticks out of the middle');
  }
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('.visually-hidden, svg, .whole-notice') || ![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < 28 * u - 0.1) found.push(element.textContent + ' is set in ' + size);
    const box = element.getBoundingClientRect();
    if (box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) found.push(element.textContent + ' is cut off');
  }
  for (const h1 of document.querySelectorAll('h1')) if (parseFloat(getComputedStyle(h1).fontSize) < 48 * u - 0.1) found.push('the main line is small');
  for (const target of document.querySelectorAll('button, input')) {
    const { width, height } = target.getBoundingClientRect();
    if (width < 64 * u - 0.5 || height < 64 * u - 0.5) found.push((target.getAttribute('aria-label') ?? target.textContent) + ' is ' + width + ' x ' + height);
  }
  return found;
})()`;

describe.each(sizes)('at $width × $height', (size) => {
  test('every screen fits, is accessible, and asks for nothing outside', { timeout: 120_000 }, async () => {
    await using visit = await open('/', size);
    for (const [name, shown] of Object.entries(citizenScreens)) {
      await showAnew(visit, shown);
      expect(await visit.page.evaluate(misfits), name).toEqual([]);
      expect(await violations(visit), name).toEqual([]);
    }
    expect(visit.complaints).toEqual([]);
  });

  test('larger text, contrast and English fit as well', { timeout: 120_000 }, async () => {
    await using visit = await open('/', size);
    set.show(recognised);
    await onScreen(visit, 'recognised');
    await visit.page.getByRole('button', { name: 'Accessibilità' }).click();
    for (const choice of ['Contrasto alto', 'Testo più grande']) await visit.page.getByRole('button', { name: choice }).click();
    await visit.page.keyboard.press('Escape');
    for (const language of ['Italiano', 'English']) {
      await visit.page.getByRole('button', { name: language === 'English' ? 'Lingua' : /Lingua/ }).click();
      await visit.page.getByRole('dialog').getByRole('button', { name: language }).click();
      await visit.page.keyboard.press('Escape');
      for (const [name, shown] of Object.entries(citizenScreens)) {
        if (['starting', 'welcome', 'out-of-service'].includes(shown.screen)) continue;
        await showAnew(visit, shown);
        if ('referral' in shown && shown.referral !== null) {
          await visit.page.locator('.main-button button').click();
          await visit.page.locator('[role=status]', { hasText: language === 'English' ? 'sheet' : 'foglio' }).waitFor();
        }
        expect(await visit.page.evaluate(misfits), `${name} in ${language}`).toEqual([]);
      }
      expect(await violations(visit), language).toEqual([]);
    }
    expect(visit.complaints).toEqual([]);
  });

  test('what is laid over fits and is accessible', async () => {
    await using visit = await open('/', size);
    const look = async (name: string): Promise<void> => {
      await visit.page.getByRole('dialog').or(visit.page.getByRole('alertdialog')).waitFor();
      expect(await visit.page.evaluate(misfits), name).toEqual([]);
      expect(await violations(visit), name).toEqual([]);
      await visit.page.keyboard.press('Escape');
    };
    for (const name of ['Cosa serve?', 'Aiuto', 'Lingua', 'Accessibilità']) {
      await visit.page.getByRole('button', { name }).click();
      await look(name);
    }
    set.show({ screen: 'notice' });
    for (const name of ['Annulla', 'Leggi tutto']) {
      await visit.page.getByRole('button', { name }).click();
      await look(name);
    }
    set.show({ screen: 'notice' }, 20);
    await look('warning');
    expect(visit.complaints).toEqual([]);
  });
});

describe('the citizen', () => {
  const commands = (): unknown[] => set.sent.filter(({ type }) => type !== 'stay');
  /** Waits for the commands, not for a time. */
  const sends = (...expected: unknown[]): Promise<void> => expect.poll(commands).toEqual(expected);

  test('goes the whole way by touch', async () => {
    await using visit = await open();
    const { page } = visit;
    const press = (name: string, exact = true): Promise<void> => page.getByRole('button', { name, exact }).click();
    set.show(recognised);
    await press('Sì, voglio attivarla');
    await sends({ type: 'wish' });
    set.show({ screen: 'notice' });
    await press('Ho letto');
    set.show({ screen: 'contact', channels: ['email'], problem: null });
    const send = page.getByRole('button', { name: 'Manda il codice' });
    await send.waitFor();
    expect(await send.isDisabled()).toBe(true);
    for (const key of ['m', 'a', 'x', 'Cancella', '.', 'r', '_', '1', '@gmail.com']) await press(key);
    await send.click();
    await sends({ type: 'wish' }, { type: 'notice-read' }, { type: 'contact', email: 'ma.r_1@gmail.com', language: 'it' });
    set.show(codeScreen);
    for (const key of ['2', '0', '4', '9', 'Cancella', '1', '9', '7']) await press(key);
    await press('Conferma');
    await expect.poll(() => set.codes).toEqual(['204197']);
    set.show({ screen: 'collect', cardIn: true });
    await press('L’ho preso');
    await expect.poll(() => set.sent.at(-1)).toEqual({ type: 'taken' });
    expect(visit.complaints).toEqual([]);
  });

  test('takes a mobile number where the region sends text messages', async () => {
    await using visit = await open();
    const press = (name: string): Promise<void> => visit.page.getByRole('button', { name, exact: true }).click();
    set.show({ screen: 'contact', channels: ['email', 'sms'], problem: null });
    await onScreen(visit, 'contact');
    await press('Per SMS');
    const send = visit.page.getByRole('button', { name: 'Manda il codice' });
    for (const key of ['3', '3', '3', '1', '2', '3', '4', '5']) await press(key);
    expect(await send.isDisabled()).toBe(true);
    await visit.page.keyboard.type('x67');
    await send.click();
    await sends({ type: 'contact-mobile', mobile: '3331234567', language: 'it' });
    expect(visit.complaints).toEqual([]);
  });

  test('goes by a real keyboard', async () => {
    await using visit = await open();
    set.show({ screen: 'contact', channels: ['email'], problem: null });
    await onScreen(visit, 'contact');
    await visit.page.keyboard.type('mario.rossi@example.it');
    await visit.page.keyboard.press('Enter');
    await sends({ type: 'contact', email: 'mario.rossi@example.it', language: 'it' });
    set.show(codeScreen);
    await onScreen(visit, 'contact-code');
    await visit.page.keyboard.type('20a4197');
    await visit.page.keyboard.press('Enter');
    await expect.poll(() => set.codes).toEqual(['204197']);
  });

  test('types into a field from the moment in which its screen stands', async () => {
    await using visit = await open();
    for (const shown of [{ screen: 'contact', channels: ['email'], problem: null } as const, codeScreen]) {
      await visit.page.evaluate(`focused = new Promise((tell) => {
        new MutationObserver(() => document.querySelector('[data-screen="${shown.screen}"]') && tell(document.activeElement.tagName))
          .observe(document.body, { subtree: true, childList: true, attributes: true });
      }); null`);
      set.show(shown);
      expect(await visit.page.evaluate('focused'), shown.screen).toBe('INPUT');
    }
  });

  test('leaves no trace of the one-time code on the page once it is sent', async () => {
    await using visit = await open();
    set.show(codeScreen);
    await onScreen(visit, 'contact-code');
    await visit.page.keyboard.type('204197');
    expect(await visit.page.locator('.boxes').textContent()).toBe('204197');
    await visit.page.keyboard.press('Enter');
    await expect.poll(() => set.codes).toEqual(['204197']);
    const left = await visit.page
      .evaluate(`document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((field) => field.value).join() + location.href
      + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie`);
    expect(left).not.toContain('204197');
    expect(left).not.toContain('197');
  });

  test('asks for another code only when it may, and may change the address', async () => {
    await using visit = await open();
    set.show({ ...codeScreen, resendAfter: '2099-01-01T00:00:00Z' });
    expect(await visit.page.getByRole('button', { name: 'Un altro codice' }).isDisabled()).toBe(true);
    set.show(codeScreen);
    await visit.page.getByRole('button', { name: 'Manda un altro codice' }).click();
    await visit.page.getByRole('button', { name: 'Cambia recapito' }).click();
    await sends({ type: 'resend-code' }, { type: 'change-contact' });
  });

  test('stops only after saying so twice', async () => {
    await using visit = await open();
    set.show(recognised);
    await onScreen(visit, 'recognised');
    await visit.page.getByRole('button', { name: 'Annulla' }).click();
    await visit.page.getByRole('button', { name: 'No, continua' }).click();
    await visit.page.getByRole('button', { name: 'Annulla' }).click();
    expect(commands()).toEqual([]);
    await visit.page.getByRole('button', { name: 'Sì, interrompi' }).click();
    await sends({ type: 'cancel' });
  });

  test('is warned, and goes on with one touch', async () => {
    await using visit = await open();
    set.show({ screen: 'operator' }, 20);
    await visit.page.getByRole('alertdialog').getByText('Tra 20 secondi').waitFor();
    set.show({ screen: 'operator' }, 1);
    await visit.page.getByText('Tra 1 secondo').waitFor();
    await visit.page.getByRole('button', { name: 'Sono ancora qui' }).click();
    await expect.poll(() => set.sent).toEqual([{ type: 'stay' }]);
    set.show({ screen: 'operator' });
    await expect.poll(() => visit.page.getByRole('alertdialog').count()).toBe(0);
  });

  test('is taken to be there while typing', async () => {
    await using visit = await open();
    set.show({ screen: 'contact', channels: ['email'], problem: null });
    await onScreen(visit, 'contact');
    await visit.page.keyboard.type('mario');
    await expect.poll(() => set.sent).toEqual([{ type: 'stay' }]);
  });

  test('changes language without losing what is typed, and leaves no choice to the next', async () => {
    await using visit = await open();
    set.show({ screen: 'contact', channels: ['email'], problem: null });
    await onScreen(visit, 'contact');
    await visit.page.keyboard.type('mario@');
    await visit.page.getByRole('button', { name: 'Lingua' }).click();
    await visit.page.getByRole('dialog').getByRole('button', { name: 'English' }).click();
    await visit.page.keyboard.press('Escape');
    expect(await visit.page.getAttribute('html', 'lang')).toBe('en');
    expect(await visit.page.getByRole('textbox').inputValue()).toBe('mario@');
    set.show({ screen: 'welcome' });
    await onScreen(visit, 'welcome');
    await expect.poll(() => visit.page.getAttribute('html', 'lang')).toBe('it');
  });

  test('hears the main line of each screen', async () => {
    await using visit = await open();
    for (const [shown, words] of [
      [{ screen: 'reading' }, 'Leggo la tessera…. Non toglierla. Ci vuole un secondo.'],
      [{ screen: 'collect', cardIn: true }, 'Prendi il foglio. È qui sotto.'],
    ] as const) {
      set.show(shown);
      await expect.poll(() => visit.page.locator('[aria-live=polite]').textContent()).toContain(words);
    }
  });

  test('sees a plain screen when the kiosk is gone, and the right one when it is back', async () => {
    await using visit = await open();
    set.show(recognised);
    await onScreen(visit, 'recognised');
    const port = screen.port;
    await screen.close();
    await onScreen(visit, 'lost');
    expect(await visit.page.content()).not.toContain('MARIO');
    const again = await startScreen({ port, session: set.session, operators: set.operators, site, bring: set.bring, log: set.log });
    if (!again.ok) throw new Error(again.error.kind);
    screen = again.value;
    // Another boot, another cookie: the page finds out, and starts afresh.
    await onScreen(visit, 'recognised');
  });

  test('is never shown a whole name with a whole fiscal code', () => {
    for (const shown of Object.values(citizenScreens))
      expect(JSON.stringify(shown)).not.toMatch(/[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]|ROSSI/i);
  });
});

describe('the operator', () => {
  const signedOn = async (): ReturnType<typeof open> => {
    const visit = await open('/operator', sizes[1]);
    await visit.page.getByLabel('Codice operatore').fill(operator.id);
    await visit.page.getByLabel('PIN').fill(operatorPin);
    await visit.page.keyboard.press('Enter');
    await visit.page.getByText('Nessuno aspetta').waitFor();
    return visit;
  };

  test('every screen is accessible and fits across', async () => {
    await using visit = await open('/operator', sizes[1]);
    await visit.page.getByLabel('PIN').waitFor();
    expect(await violations(visit)).toEqual([]);
    await using desk = await signedOn();
    // Who stands here for somebody, with all papers, is more than one screen's height.
    const tall = ['identify-minor', 'remote-of-a-minor'];
    for (const [name, waiting] of Object.entries(operatorScreens)) {
      set.ask(null);
      await desk.page.waitForSelector('.nobody');
      set.ask(waiting);
      await desk.page.waitForSelector(
        waiting === null ? '.nobody' : ['identify', 'service'].includes(waiting.task) ? '.side-by-side' : '.hand-over',
      );
      expect(await violations(desk), name).toEqual([]);
      expect(
        await desk.page.evaluate(
          `document.scrollingElement.scrollWidth > innerWidth${tall.includes(name) ? '' : ' || document.scrollingElement.scrollHeight > innerHeight'}`,
        ),
        name,
      ).toBe(false);
    }
    set.show({ screen: 'welcome' });
    set.ask(null);
    for (const [name, held] of Object.entries(heldScreens)) {
      set.hold(held);
      await desk.page.waitForSelector('.held');
      expect(await violations(desk), name).toEqual([]);
      expect(await desk.page.evaluate('document.scrollingElement.scrollWidth > innerWidth'), name).toBe(false);
    }
    set.hold([]);
    set.miss(unansweredServices);
    await desk.page.getByRole('heading', { name: 'Servizi senza risposta del sistema centrale' }).waitFor();
    expect(await violations(desk), 'unanswered').toEqual([]);
    expect(await desk.page.locator('#unanswered-title + ul li').allInnerTexts()).toEqual([
      'Sospendere la tessera · B73A0001 · 22/11/26, 10:30: in attesa',
      'Revocare la tessera per sempre · B73A0002 · 22/11/26, 10:40: fatto, la risposta è arrivata dopo',
      'Ricevere il lettore di tessere · B73A0003 · 22/11/26, 10:50: non fatto: se serve ancora, va chiesto di nuovo',
    ]);
    set.miss([]);
    set.show(citizenScreens['stopped-document-mismatch']!);
    await desk.page.getByRole('heading', { name: 'Il cittadino legge dove andare (OP-RDT)' }).waitFor();
    await desk.page.getByText('rivolgiti all’Agenzia delle Entrate').waitFor();
    expect(await violations(desk), 'referred').toEqual([]);
    set.show({ screen: 'welcome' });
    await desk.page.locator('.referred').waitFor({ state: 'detached' });
    for (const [name, revocation] of Object.entries(revocationScreens)) {
      set.know(revocation);
      await desk.page.locator(`.revocation details${name === 'revocation-fresh' ? ':not([open])' : '[open]'}`).waitFor();
      expect(await violations(desk), name).toEqual([]);
      expect(await desk.page.evaluate('document.scrollingElement.scrollWidth > innerWidth'), name).toBe(false);
    }
    expect([...visit.complaints, ...desk.complaints]).toEqual([]);
  });

  test('decides what is held in two steps: what was found out, and the signature', async () => {
    await using desk = await signedOn();
    set.show({ screen: 'welcome' });
    set.ask(null);
    set.hold(heldScreens['held'] ?? []);
    const sign = desk.page.getByRole('button', { name: 'Firma la decisione' });
    await sign.waitFor();
    expect(await sign.isDisabled()).toBe(true);
    await desk.page.getByLabel('Il foglio non è uscito').check();
    await desk.page.getByText('I codici vengono annullati. Non si torna indietro.').waitFor();
    await sign.click();
    await vi.waitUntil(() => set.resolved.length > 0);
    expect(set.resolved).toEqual([[heldScreens['held']?.[0]?.operationId, 'destroyed']]);
    set.hold([]);
  });

  test('is told of a wrong PIN, and the PIN is not on the page', async () => {
    await using visit = await open('/operator');
    await visit.page.getByLabel('Codice operatore').fill(operator.id);
    await visit.page.getByLabel('PIN').fill('000000');
    await visit.page.keyboard.press('Enter');
    await visit.page.getByText('Tentativi rimasti: 2').waitFor();
    expect(await visit.page.getByLabel('PIN').inputValue()).toBe('');
  });

  test('identifies by keyboard alone', async () => {
    await using desk = await signedOn();
    set.show({ screen: 'operator' });
    set.ask(operatorScreens['identify'] ?? null);
    await desk.page.getByText('RSSMRA72L09H501S').waitFor();
    for (const text of ['P', 'YA1234567', '31122030', 'Questura di Bologna']) {
      await desk.page.keyboard.type(text);
      await desk.page.keyboard.press(text === 'Questura di Bologna' ? 'Enter' : 'Tab');
    }
    await expect
      .poll(() => set.sent)
      .toEqual([
        {
          type: 'identified',
          document: { type: 'passport', number: 'YA1234567', issuingBody: 'Questura di Bologna', expires: '2030-12-31' },
        },
      ]);
  });

  test('enters who stands here for a minor, and which papers were shown', async () => {
    await using desk = await signedOn();
    set.ask(operatorScreens['identify-minor'] ?? null);
    const represented = desk.page.getByRole('group', { name: 'minore, con un genitore' });
    await represented.getByLabel('Cognome').fill('Rossi');
    await represented.getByLabel('Nome', { exact: true }).fill('Paola');
    await represented.getByLabel('Codice fiscale', { exact: true }).fill('rsspla79d52h501q');
    await represented.getByLabel('Codice fiscale del titolare').fill('RSSLCU14S20H501J');
    await represented.getByRole('button', { name: 'Stampa: l’autocertificazione del genitore' }).click();
    await represented.getByText('Stampato.').waitFor();
    expect(set.sheets.map(({ title }) => title)).toEqual(['Dichiarazione di responsabilità genitoriale']);
    await represented.getByLabel('autocertificazione della responsabilità genitoriale').check();
    await desk.page.getByLabel('Tipo di documento').selectOption('pension-book');
    await desk.page.getByLabel('Numero').fill('P 12345');
    await desk.page.getByLabel('Il documento non ha scadenza').check();
    await desk.page.getByLabel('Ente').fill('INPS');
    await desk.page.keyboard.press('Enter');
    await expect
      .poll(() => set.sent)
      .toEqual([
        {
          type: 'identified',
          document: { type: 'pension-book', number: 'P 12345', issuingBody: 'INPS', expires: null },
          representation: {
            case: 'minor',
            representative: { relation: 'parent', surname: 'Rossi', name: 'Paola', fiscalCode: 'RSSPLA79D52H501Q' },
            papers: {
              forms: ['parental-authority'],
              holderDocumentCopy: false,
              ownCardShown: false,
              nearerRelativesAbsent: false,
              holderFiscalCode: 'RSSLCU14S20H501J',
            },
          },
        },
      ]);
  });

  test('is warned of an unusual number, and not kept from going on', async () => {
    await using desk = await signedOn();
    set.ask(operatorScreens['identify'] ?? null);
    await desk.page.getByLabel('Numero').fill('1234');
    await desk.page.keyboard.press('Tab');
    await desk.page.getByText('Un numero così è insolito').waitFor();
    await desk.page.getByLabel('Scadenza (GG/MM/AAAA)').fill('31/12/2030');
    await desk.page.getByLabel('Ente').fill('Comune di Bologna');
    await desk.page.keyboard.press('Enter');
    await expect.poll(() => set.sent).toMatchObject([{ document: { number: '1234' } }]);
  });

  test('sees an expired date at once, and sends none that is no date', async () => {
    await using desk = await signedOn();
    set.ask(operatorScreens['identify'] ?? null);
    await desk.page.getByLabel('Scadenza').fill('31/12/2020');
    await desk.page.getByText('Scaduto:').waitFor();
    await desk.page.getByLabel('Numero').fill('CA12345AA');
    await desk.page.getByLabel('Ente').fill('Comune di Bologna');
    await desk.page.getByLabel('Scadenza').fill('30/02/2030');
    await desk.page.keyboard.press('Enter');
    await desk.page.getByText('Scrivi la data come').waitFor();
    expect(set.sent).toEqual([]);
  });

  test('refuses with a reason, and decides on the hand-over', async () => {
    await using desk = await signedOn();
    set.ask(operatorScreens['identify'] ?? null);
    await desk.page.getByRole('button', { name: 'Rifiuta' }).click();
    await desk.page.getByLabel('Altro motivo').check();
    await desk.page.getByRole('button', { name: 'Rifiuta' }).click();
    set.ask(operatorScreens['hand-over'] ?? null);
    await desk.page.getByRole('button', { name: 'No, non consegnato' }).click();
    await desk.page.getByRole('button', { name: 'Sì, consegnato' }).click();
    await expect
      .poll(() => set.sent)
      .toEqual([
        { type: 'refuse', reason: 'document-mismatch' },
        { type: 'refuse', reason: 'operator-refused' },
        { type: 'hand-over', handedOver: false },
        { type: 'hand-over', handedOver: true },
      ]);
  });

  test('keeps the place over a reload, and is out after signing off or when the kiosk says so', async () => {
    await using desk = await signedOn();
    await desk.page.reload();
    await desk.page.getByText('Nessuno aspetta').waitFor();
    await desk.page.getByRole('button', { name: 'Esci' }).click();
    await desk.page.getByLabel('PIN').waitFor();
    expect(set.operators.signedOn()).toBeNull();
    await using again = await signedOn();
    // As when its time is up: nothing else changes, and the page must not go on showing what the operator saw.
    set.operators.signOff();
    await again.page.getByLabel('PIN').waitFor();
  });
});

test('the session that the page answers for is the one it shows', async () => {
  await using visit = await open();
  set.show(recognised);
  await onScreen(visit, 'recognised');
  const request = visit.page.waitForRequest('**/session/command');
  await visit.page.getByRole('button', { name: 'Sì, voglio attivarla' }).click();
  expect((await request).postDataJSON()).toEqual({ sessionId, command: { type: 'wish' } });
});
