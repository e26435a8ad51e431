import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openChromium } from '../../harness/browser.ts';
import { scan, toEnvelope } from '../../harness/envelope-desk.ts';
import { factoryCodes, pinIn, userCodeIn } from '../../harness/envelope-specimens.ts';
import { Sportello } from '../../harness/sportello.ts';
import { Search, ownTemporaryFolder } from './search.ts';
import { scanFiles } from './writings.ts';

/**
 * Where the codes may be, and so is not searched: the CMS that had the envelopes filled (its process, its database, what it was told of them) and the
 * card (its process, and what it was made from). pcscd stands between kiosk and card, and is searched no more than the card: it is no process of the kiosk.
 */
const mayHold = ['cms.db', 'cms.db-wal', 'cms.db-shm', 'envelopes.json', 'person.json'];

let world: Sportello;
let search: Search;
let leaveFolder: () => void;
beforeEach(async () => {
  leaveFolder = ownTemporaryFolder();
  world = await Sportello.start({ product: true, envelopes: true });
  search = new Search(world, mayHold);
});
afterEach(async () => {
  await world.close();
  leaveFolder();
});

/** What lies in an envelope, and the PUK by which the CMS sets the PIN. A card takes no more than eight digits: packed two a byte, chance writes them. */
function secretsOf(number: string): Record<string, string> {
  return { PIN: pinIn(number), PUK: factoryCodes.puk, 'user code': userCodeIn(number) };
}

/** The same search finds all three in the processes that may know them: the CMS and the card. */
async function findsThemWhereTheyAre(secrets: Record<string, string>): Promise<void> {
  const [cms, card] = [await search.dump(search.process('kiosk/reference-cms/main.ts')), await search.dump(world.cardPid)];
  const found = await scanFiles([cms, card, join(world.folder, 'cms.db'), join(world.folder, 'cms.db-wal')], secrets, search.folder);
  expect(new Set(found.map(({ secret }) => secret))).toEqual(new Set(Object.keys(secrets)));
  expect(new Set(found.filter(({ file }) => file === card).map(({ secret }) => secret))).toEqual(new Set(['PIN', 'PUK']));
}

test('killed while the card is in the CMS’s hands, then an envelope handed over: no process of the kiosk, no browser, no file holds what lay in them', async () => {
  const passing = await toEnvelope(world);
  await world.card('slow 1000');
  scan(world, passing);
  await world.client.until((status) => status.screen === 'envelope' && status.stage === 'setting');
  const half = await search.dumpAndKillKiosk();
  expect(half.length).toBeGreaterThan(1);
  expect(world.row('CHIP_EVIDENCE')).toBeUndefined();
  expect(world.envelope(passing)).toBe('bound');
  await world.card('slow 0');
  await world.card('remove');
  await world.startKiosk();
  await vi.waitUntil(() => world.envelope(passing) !== 'bound', { timeout: 15_000, interval: 20 });
  expect(await search.hits(half, secretsOf(passing))).toEqual([]);

  const chromium = await openChromium();
  try {
    for (const path of ['/', '/operator']) {
      const { page } = await chromium.visit();
      await page.goto(`http://127.0.0.1:${world.client.port}${path}`);
    }
    const number = await toEnvelope(world);
    scan(world, number);
    await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
    await world.closed('CONFIRMED');
    expect(world.row('CHIP_EVIDENCE')).toMatchObject({ pin: 'set' });

    const [kiosk, browsers] = [await search.dumpKiosk(), search.copyBrowsers()];
    expect(browsers.length).toBeGreaterThan(3);
    expect(await search.hits([...kiosk, ...browsers], { ...secretsOf(number), 'the other PIN': pinIn(passing) })).toEqual([]);
    await findsThemWhereTheyAre(secretsOf(number));
  } finally {
    await chromium.close();
  }
}, 240_000);
