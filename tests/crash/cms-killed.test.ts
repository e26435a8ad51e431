import { afterEach, expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';
import { agree, endings, rows, walkTo } from './expectations.ts';

let world: Sportello;
afterEach(() => world.close());

test.each(rows)('the CMS is killed right after %s and comes back when the session is over: both sides agree', async (kind) => {
  world = await Sportello.start({ reader: 'in-process', pauseAfter: kind });
  await walkTo(world, kind);
  await world.killCms();
  world.resume();
  if (kind === 'EVIDENCE') {
    await world.client.on('collect');
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  }
  await world.client.until(({ screen }) => screen === 'stopped' || screen === 'done', 30_000);
  const slips = world.wholeSlips().length;
  await world.startCms();
  await agree(world, endings[kind].cms);
  expect(world.wholeSlips()).toHaveLength(slips);
  expect(slips).toBe(rows.indexOf(kind) >= rows.indexOf('EVIDENCE') ? 1 : 0);
});

test.each(rows)('the CMS is killed right after %s and is back before the kiosk goes on: nothing is lost', async (kind) => {
  world = await Sportello.start({ reader: 'in-process', pauseAfter: kind });
  await walkTo(world, kind);
  await world.killCms();
  await world.startCms();
  world.resume();
  if (rows.indexOf(kind) <= rows.indexOf('EVIDENCE')) {
    await world.client.on('collect');
    await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
  }
  await world.client.on('done', 30_000);
  await agree(world, 'CONFIRMED');
});
