import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { identifyByCard, signOn, touch } from '../harness/people.ts';
import { address, Sportello } from '../harness/sportello.ts';
import { filesBelow, findSecret } from '../proof/secrets/writings.ts';
import { straightWay } from '../harness/straight-way.ts';

// Longer than any region's, so that a part of them cannot stand anywhere by chance.
const longCodes = [
  { label: 'PIN', length: 16, paperCharacters: 8 },
  { label: 'PUK', length: 16, paperCharacters: 8 },
];

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([Sportello.start({ product: true, codes: longCodes }), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test(
  'from the card to both parts of the codes, in the browser, on real parts; no part of a code anywhere it must not be',
  { timeout: 120_000 },
  async () => {
    const citizen = await chromium.visit({ width: 1080, height: 1920 });
    const desk = await chromium.visit({ width: 1280, height: 800 });
    const kiosk = `http://127.0.0.1:${world.client.port}`;
    const answers: Promise<string>[] = [];
    const pages: string[] = [];
    for (const { page } of [citizen, desk]) {
      page.on('response', (response) => {
        if (!response.url().includes('events')) answers.push(response.text().catch(() => ''));
      });
    }
    const on = async (page: Page, screen: string): Promise<void> => {
      await page.waitForSelector(`[data-screen="${screen}"]`);
      pages.push(await page.content());
    };

    await citizen.page.goto(kiosk);
    await on(citizen.page, 'welcome');
    expect(await citizen.page.textContent('main')).toContain('Inserisci la tessera');

    await world.insertCard();
    await on(citizen.page, 'recognised');
    expect(await citizen.page.textContent('main')).toContain('MARIO R.');
    await touch(citizen.page, 'Sì, voglio attivarla');
    await on(citizen.page, 'notice');
    await touch(citizen.page, 'Ho letto');
    await on(citizen.page, 'operator');

    await signOn(desk.page, world);
    await desk.page.getByText('RSSMRA72L09H501S').waitFor();
    await identifyByCard(desk.page);

    await on(citizen.page, 'contact');
    await citizen.page.keyboard.type(address);
    await citizen.page.keyboard.press('Enter');
    await on(citizen.page, 'contact-code');
    const oneTimeCode = await world.oneTimeCode();
    await citizen.page.keyboard.type(oneTimeCode);
    await citizen.page.keyboard.press('Enter');

    await on(citizen.page, 'collect');
    await touch(citizen.page, 'L’ho preso');
    await desk.page.getByText('Il foglio è nelle mani del titolare?').waitFor();
    await touch(desk.page, 'Sì, consegnato');
    await on(citizen.page, 'done');
    pages.push(await desk.page.content());

    // The slip and the mail together make the codes that the CMS holds.
    const operations = world.operations();
    expect(operations).toHaveLength(1);
    world.operationId = operations[0]!;
    await world.closed('CONFIRMED');
    expect(world.journal().map(({ kind }) => kind)).toEqual(straightWay);
    const mail = await world.secondPart();
    const slip = world.printer.slips().at(-1)!;
    const codes = Object.fromEntries(world.ledger.codes(world.operationId).map(({ label, value }) => [label, value]));
    expect(Object.keys(codes)).toEqual(['PIN', 'PUK']);
    for (const [label, code] of Object.entries(codes)) {
      const paper = new RegExp(`${label} - 8 di 16\\s+(\\d{8})_{8}\\s`).exec(slip.text)?.[1];
      const sent = new RegExp(`${label} - seconda parte: (\\d+)`).exec(mail)?.[1];
      expect(`${paper}${sent}`).toBe(code);
      expect(mail).not.toContain(paper);
    }
    expect(slip.text).not.toMatch(/ROSSI|MARIO|RSSMRA/);

    await world.card('remove');
    await on(citizen.page, 'done');
    expect([...citizen.complaints, ...desk.complaints]).toEqual([]);

    // No part of a code, in any writing, where it must not be. Where it may be, the same search finds it.
    const parts = [...Object.values(codes).flatMap((code) => [code.slice(0, 8), code.slice(8)])];
    const excluded = ['cms.db', 'cms.db-wal', 'cms.db-shm', 'slips'];
    const files = filesBelow(world.folder).filter((file) => !excluded.some((name) => file.startsWith(join(world.folder, name))));
    expect(files.some((file) => file.endsWith('records.db')) && files.some((file) => file.endsWith('records.db-wal'))).toBe(true);
    const places: [string, Buffer][] = [
      ...files.map((file): [string, Buffer] => [file, readFileSync(file)]),
      ...world.logs.map((line): [string, Buffer] => ['log', Buffer.from(line)]),
      ...world.client.heard.map((text): [string, Buffer] => ['stream', Buffer.from(text)]),
      ...(await Promise.all(answers)).map((text): [string, Buffer] => ['answer', Buffer.from(text)]),
      ...pages.map((text): [string, Buffer] => ['page', Buffer.from(text)]),
    ];
    for (const part of parts) {
      for (const [where, bytes] of places) expect(findSecret(bytes, part), `${where} holds a part of a code`).toBeNull();
    }
    expect(parts.every((part) => findSecret(readFileSync(join(world.folder, 'cms.db-wal')), part) !== null)).toBe(true);
    expect(parts.filter((part) => findSecret(Buffer.from(slip.text), part) !== null)).toHaveLength(2);
  },
);
