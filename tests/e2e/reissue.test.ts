import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { identifyByCard, signOn, touch } from '../harness/people.ts';
import { address, Sportello } from '../harness/sportello.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  [world, chromium] = await Promise.all([Sportello.start({ product: true }), openChromium()]);
}, 60_000);
afterAll(async () => {
  await chromium.close();
  await world.close();
});

test(
  'OP-REI: codes that were lost are given anew, in two parts again, to a card that was activated before; asked for too early they are refused',
  { timeout: 180_000 },
  async () => {
    const citizen = await chromium.visit({ width: 1080, height: 1920 });
    const desk = await chromium.visit({ width: 1280, height: 800 });
    const kiosk = `http://127.0.0.1:${world.client.port}`;
    const on = async (screen: string): Promise<void> => {
      await citizen.page.waitForSelector(`[data-screen="${screen}"]`);
    };
    await signOn(desk.page, world);
    await citizen.page.goto(kiosk);

    /** From the card's greeting to the touch that has the CMS asked. */
    const askFor = async (wish: 'activation' | 'reissue', sends: number): Promise<void> => {
      await on('recognised');
      if (wish === 'activation') await touch(citizen.page, 'Sì, voglio attivarla');
      else {
        await touch(citizen.page, 'Altro');
        await touch(citizen.page, 'Avere codici nuovi');
      }
      await on('notice');
      await touch(citizen.page, 'Ho letto');
      const named = wish === 'activation' ? 'attivazione' : 'riemissione dei codici';
      await desk.page.getByRole('heading', { name: `Identifica il titolare: ${named}` }).waitFor();
      await identifyByCard(desk.page);
      await on('contact');
      await citizen.page.keyboard.type(address);
      await citizen.page.keyboard.press('Enter');
      await on('contact-code');
      await citizen.page.keyboard.type(await world.oneTimeCode(sends));
      await citizen.page.keyboard.press('Enter');
    };
    const handOver = async (): Promise<void> => {
      await on('collect');
      await desk.page.getByText('Il foglio è nelle mani del titolare?').waitFor();
      await touch(desk.page, 'Sì, consegnato');
      await on('done');
      world.operationId = world.operations().at(-1) ?? '';
      await world.closed('CONFIRMED');
    };
    const again = async (): Promise<void> => {
      const outs = (): number => world.logs.filter((line) => line.includes('"card-status"') && line.includes('"empty"')).length;
      const before = outs();
      await world.card('remove');
      await expect.poll(outs).toBe(before + 1);
      // A last screen gives way to the next card.
      await world.card('insert');
    };

    await world.insertCard();
    await askFor('reissue', 0);
    await on('stopped');
    expect(await citizen.page.textContent('main')).toContain('Questa tessera non è ancora attiva');

    await again();
    await askFor('activation', 1);
    await handOver();
    await world.secondPart();
    const first = world.ledger.codes(world.operationId);

    await again();
    await askFor('activation', 3);
    await on('stopped');
    expect(await citizen.page.textContent('main')).toContain('Questa tessera è già attiva');

    await again();
    await askFor('reissue', 4);
    await handOver();
    expect(world.journal()[0]).toMatchObject({ kind: 'OP_OPEN', operation: 'reissue' });
    const codes = world.ledger.codes(world.operationId);
    expect(codes.map(({ label }) => label)).toEqual(['PIN', 'PUK']);
    expect(codes).not.toEqual(first);
    const slip = world.wholeSlips().at(-1);
    expect(slip).toContain('Prima parte dei nuovi codici personali');
    for (const { label } of codes) expect(slip).toContain(world.paperPart(label));
    await expect.poll(() => world.secondParts().length).toBe(2);
    expect([...citizen.complaints, ...desk.complaints]).toEqual([]);
  },
);
