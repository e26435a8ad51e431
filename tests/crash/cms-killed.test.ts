import { expect, test } from 'vitest';
import { Sportello } from '../harness/sportello.ts';
import { agree, endings, rows, walkTo } from './expectations.ts';

const printed = rows.indexOf('EVIDENCE');

test.concurrent.each(rows)(
  'the CMS is killed right after %s: back before the kiosk goes on, nothing is lost; back when the session is over, both sides agree',
  { timeout: 60_000 },
  async (kind) => {
    await using world = await Sportello.start({ reader: 'in-process', pauseAfter: kind });
    await walkTo(world, kind);
    await world.killCms();
    await world.startCms();
    world.resume();
    if (rows.indexOf(kind) <= printed) await handOver(world);
    await world.client.on('done', 30_000);
    await agree(world, 'CONFIRMED');
    await world.takeCard();

    const before = world.wholeSlips().length;
    world.pauseAgain();
    await walkTo(world, kind);
    await world.killCms();
    world.resume();
    if (kind === 'EVIDENCE') await handOver(world);
    await world.client.until(({ screen }) => screen === 'stopped' || screen === 'done', 30_000);
    const slips = world.wholeSlips().length;
    await world.startCms();
    await agree(world, endings[kind].cms, 1);
    expect(world.wholeSlips()).toHaveLength(slips);
    expect(slips - before).toBe(rows.indexOf(kind) >= printed ? 1 : 0);
  },
);

async function handOver(world: Sportello): Promise<void> {
  await world.client.on('collect');
  await world.client.operatorDoes({ type: 'hand-over', handedOver: true });
}
