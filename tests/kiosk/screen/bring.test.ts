import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { Resvg } from '@resvg/resvg-js';
import { profileIds, readProfile } from '../../../kiosk/procedures/profiles.ts';
import { bringChoices, bringList, textOf } from '../../../kiosk/screen/bring.ts';
import { type Screen, startScreen } from '../../../kiosk/screen/server.ts';
import { type Visitor, openChromium } from '../../harness/browser.ts';
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

const read = (id: string) => {
  const profile = readProfile(id);
  if (!profile.ok) throw new Error(id);
  return profile.value;
};

/** The page's own cookie, and a way to ask as the page does. */
async function asPage(): Promise<(path: string, body?: object) => Promise<Response>> {
  const origin = `http://127.0.0.1:${screen.port}`;
  const cookie = (await fetch(`${origin}/`)).headers.get('set-cookie')?.split(';')[0] ?? '';
  return async (path, body) =>
    body === undefined
      ? await fetch(origin + path, { headers: { cookie } })
      : await fetch(origin + path, {
          method: 'POST',
          headers: { cookie, origin, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
}

const minor = { case: 'minor', operation: 'activation', language: 'it' } as const;

describe('what to bring', () => {
  test('a citizen without a card chooses for whom and what, sees the list, and takes it on paper', async () => {
    const { page, context, complaints } = await chromium.visit({ width: 1080, height: 1920 });
    await page.goto(`http://127.0.0.1:${screen.port}/`);
    await page.getByRole('button', { name: 'Cosa serve?' }).click();
    await page.getByRole('button', { name: 'Minore', exact: true }).click();
    await page.getByRole('button', { name: 'L’attivazione della tessera', exact: true }).click();
    const list = page.getByRole('dialog', { name: 'Cosa serve per l’attivazione della tessera (minore)' });
    await list.getByText('L’autocertificazione della responsabilità genitoriale, firmata').waitFor();
    await list.getByText('Si fa qui, a questo sportello.').waitFor();
    await list.getByRole('button', { name: 'Stampa l’elenco' }).click();
    await list.getByText('Prendi il foglio.').waitFor();
    expect(set.sheets).toHaveLength(1);
    expect(set.sheets[0]?.lines).toContainEqual({ kind: 'item', text: 'l’autocertificazione della responsabilità genitoriale, firmata' });

    set.paperOut = true;
    await list.getByRole('button', { name: 'Stampa l’elenco' }).click();
    await list.getByText('Adesso non riesco a stampare.').waitFor();

    await list.getByRole('button', { name: 'Torna indietro' }).click();
    await page.getByRole('button', { name: 'L’attivazione di una tessera di un’altra regione' }).click();
    await page.getByText('A questo sportello non si fa').waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('a citizen who reads English is shown, and given on paper and for the telephone, an English list', async () => {
    const { page, context, complaints } = await chromium.visit({ width: 1080, height: 1920 });
    await page.goto(`http://127.0.0.1:${screen.port}/`);
    await page.getByRole('button', { name: 'English', exact: true }).click();
    await page.getByRole('button', { name: 'What do I need?' }).click();
    await page.getByRole('button', { name: 'A minor', exact: true }).click();
    await page.getByRole('button', { name: 'The activation of the card', exact: true }).click();
    const list = page.getByRole('dialog', { name: 'What you need for the activation of the card (a minor)' });
    await list.getByText('The signed self-declaration of parental authority').waitFor();
    await list.getByText('It is done here, at this desk.').waitFor();
    expect(await list.getByRole('img').getAttribute('src')).toContain('language=en');
    await list.getByRole('button', { name: 'Print the list' }).click();
    await list.getByText('Take the sheet.').waitFor();
    const [sheet] = set.sheets;
    expect(sheet?.language).toBe('en');
    expect(sheet?.lines).toContainEqual({ kind: 'item', text: 'the signed self-declaration of parental authority' });
    const english = bringList(read('sardegna'), 'pharmacy', { ...minor, language: 'en' })!;
    expect(textOf(english, '800 336 611')).toMatch(/It is done at a pharmacy.*\nInformation: 800 336 611$/);
    await list.getByRole('button', { name: 'Go back' }).click();
    await page.getByRole('button', { name: 'The activation of a card of another region' }).click();
    await page.getByText(/^Not at this desk: it is done at a desk of the health authority/).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('OP-CRD, OP-RDT, ACT-13: what no desk does is asked for at the same place, and sent where the profile says', async () => {
    const { page, context, complaints } = await chromium.visit({ width: 1280, height: 800 });
    await page.goto(`http://127.0.0.1:${screen.port}/`);
    await page.getByRole('button', { name: 'Cosa serve?' }).click();
    for (const [asked, told] of [
      ['Mi serve una tessera nuova', 'Dove andare: Per una tessera nuova rivolgiti all’Agenzia delle Entrate o alla ASL.'],
      ['I dati sulla tessera sono sbagliati', 'Dove andare: Rivolgiti all’Agenzia delle Entrate.'],
      ['Ho una domanda', 'Se ti serve aiuto chiama il 800 336 611.'],
    ] as const) {
      await page.getByRole('button', { name: asked }).click();
      const sent = page.getByRole('dialog', { name: asked });
      await sent.getByText(told).waitFor();
      await sent.getByRole('button', { name: 'Stampa' }).click();
      await sent.getByText('Prendi il foglio.').waitFor();
      await sent.getByRole('button', { name: 'Torna indietro' }).click();
    }
    expect(set.sheets.map(({ title }) => title)).toEqual(['Per una tessera nuova', 'Per correggere i dati', 'Chi chiamare']);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test.each(profileIds())('%s: every item has its English, and it is not the Italian', (id) => {
    const profile = read(id);
    const italian = bringChoices(profile, 'it').cases.flatMap(({ id: holder, operations }) =>
      operations.map(({ id: operation }) => ({ case: holder, operation })),
    );
    for (const asked of italian) {
      const it = bringList(profile, 'pharmacy', { ...asked, language: 'it' })!;
      const en = bringList(profile, 'pharmacy', { ...asked, language: 'en' })!;
      expect(en.items).toHaveLength(it.items.length);
      expect([en.title, ...en.items].filter((text) => [it.title, ...it.items].includes(text))).toEqual([]);
    }
  });

  test('the picture holds the list for a telephone', async () => {
    const ask = await asPage();
    const svg = await (await ask('/bring/list.svg?case=minor&operation=activation&language=it')).text();
    const png = new Resvg(svg, { background: '#fff', fitTo: { mode: 'width', value: 900 } }).render().asPng();
    // By itself it would fetch its code from the network.
    const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
    const wasmBinary = Uint8Array.from(wasm).buffer;
    prepareZXingModule({ overrides: { wasmBinary } });
    const [found] = await readBarcodes(png, { formats: ['QRCode'] });
    const list = bringList(read('sardegna'), 'pharmacy', minor);
    if (list === null) throw new Error('no list');
    expect(found?.text).toBe(textOf(list, '800 336 611'));
  });

  test.each(profileIds())('%s: every choice that is offered has a list, a place, and a picture', async (id) => {
    const profile = read(id);
    const { cases } = bringChoices(profile, 'it');
    expect(cases.length).toBeGreaterThan(0);
    const { toSVG } = await import('bwip-js/node');
    for (const { id: holder, operations } of cases) {
      for (const { id: operation } of operations) {
        const list = bringList(profile, 'pharmacy', { case: holder, operation, language: 'en' });
        expect(list?.places.length, `${holder} ${operation}`).toBeGreaterThan(0);
        if (list !== null) expect(toSVG({ bcid: 'qrcode', text: textOf(list, profile.referrals.helpLine.phone) })).toContain('<svg');
      }
    }
  });

  test('a minor is not offered where the region refuses minors', () => {
    const trento = bringChoices(read('trento'), 'it').cases.find(({ id }) => id === 'minor');
    expect(trento?.operations.map(({ id }) => id) ?? []).not.toContain('activation');
    expect(bringList(read('trento'), 'health-authority', minor)).toBeNull();
  });

  test('no paper is spent while somebody is being served, nor for a stranger, nor for what is not a question', async () => {
    const ask = await asPage();
    set.show({ screen: 'recognised', greeting: 'MARIO R.', maskedFiscalCode: 'RSS•••••••••501S', ofAge: true, others: false });
    expect((await ask('/bring/print', minor)).status).toBe(429);
    set.show({ screen: 'welcome' });
    expect((await ask('/bring/print', { ...minor, case: 'cat' })).status).toBe(400);
    expect((await ask('/bring/list?case=minor&language=it')).status).toBe(400);
    expect((await ask('/bring/list?case=minor&operation=activation&language=it&more=1')).status).toBe(400);
    const stranger = await fetch(`http://127.0.0.1:${screen.port}/bring/list?case=minor&operation=activation&language=it`);
    expect(stranger.status).toBe(403);
    expect(set.sheets).toEqual([]);
  });
});
