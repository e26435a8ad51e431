import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { referralOf } from '../../../flows/session/referral.ts';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import { type Screen, startScreen } from '../../../kiosk/screen/server.ts';
import { type Visitor, openChromium } from '../../harness/browser.ts';
import { on, touch } from '../../harness/people.ts';
import { site, stage } from './fixtures.ts';

let chromium: Visitor;
let set: ReturnType<typeof stage>;
let screen: Screen;
beforeAll(async () => {
  chromium = await openChromium();
});
afterAll(() => chromium.close());
beforeEach(async () => {
  set = stage();
  const started = await startScreen({ port: 0, session: set.session, operators: set.operators, site, bring: set.bring, log: set.log });
  if (!started.ok) throw new Error(started.error.kind);
  screen = started.value;
});
afterEach(() => screen.close());

const stopped = (reason: 'card-revoked' | 'document-mismatch' | 'timed-out'): CitizenScreen => ({
  screen: 'stopped',
  reason,
  cardIn: true,
  codes: 'not-issued',
  referral: referralOf(set.bring.profile, { stop: reason }),
});

const sheet = { siteName: site.name, helpLine: '800 336 611', printedAt: '2026-11-22T09:30:00.000Z' };

test('OP-RDT, OP-CRD: who is sent elsewhere reads where, and takes it on paper; without paper that is said', async () => {
  const { page, context, complaints } = await chromium.visit();
  await page.goto(`http://127.0.0.1:${screen.port}/`);
  set.show(stopped('document-mismatch'));
  await on(page, 'stopped');
  await page.getByText('Dove andare: Rivolgiti all’Agenzia delle Entrate.').waitFor();
  await touch(page, 'Stampa');
  await page.getByText('Prendi il foglio.').waitFor();
  expect(set.sheets).toEqual([
    { ...sheet, title: 'Per correggere i dati', lines: [{ kind: 'text', text: 'Rivolgiti all’Agenzia delle Entrate.' }], language: 'it' },
  ]);
  set.paperOut = true;
  await touch(page, 'Stampa');
  await page.getByText('Adesso non riesco a stampare.').waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('on the English page the region’s words stay Italian and are marked so, on paper as well', async () => {
  const { page, context, complaints } = await chromium.visit();
  await page.goto(`http://127.0.0.1:${screen.port}/`);
  set.show(stopped('card-revoked'));
  await on(page, 'stopped');
  await touch(page, 'Lingua');
  await page.getByRole('dialog').getByRole('button', { name: 'English' }).click();
  await page.keyboard.press('Escape');
  await page.getByText('Where to go, in Italian:').waitFor();
  const words = 'Per una tessera nuova rivolgiti all’Agenzia delle Entrate o alla ASL.';
  expect(await page.getByText(words).getAttribute('lang')).toBe('it');
  await touch(page, 'Print');
  await page.getByText('Take the printed sheet.').waitFor();
  expect(set.sheets).toEqual([{ ...sheet, title: 'For a new card', lines: [{ kind: 'text', text: words }], language: 'en' }]);
  expect(complaints).toEqual([]);
  await context.close();
});

test('no paper is spent on what the screen does not say, nor for a stranger', async () => {
  const origin = `http://127.0.0.1:${screen.port}`;
  const cookie = (await fetch(`${origin}/`)).headers.get('set-cookie')?.split(';')[0] ?? '';
  const ask = async (body: object, own = true): Promise<number> => {
    const headers = { origin, 'content-type': 'application/json', ...(own ? { cookie } : {}) };
    return (await fetch(`${origin}/referral/print`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
  };
  set.show({ screen: 'operator' });
  expect(await ask({ to: 'new-card', language: 'it' })).toBe(429);
  set.show(stopped('timed-out'));
  expect(await ask({ to: 'new-card', language: 'it' })).toBe(429);
  expect(await ask({ to: 'the moon', language: 'it' })).toBe(400);
  expect(await ask({ to: 'help-line', language: 'de' })).toBe(400);
  expect(await ask({ to: 'help-line', language: 'it' }, false)).toBe(403);
  expect(set.sheets).toEqual([]);
  expect(await ask({ to: 'help-line', language: 'it' })).toBe(200);
  expect(set.sheets).toMatchObject([{ title: 'Chi chiamare', lines: [], helpLine: '800 336 611' }]);
});
