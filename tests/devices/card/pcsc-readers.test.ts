import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import type { CardReader, CardStatus } from '../../../devices/card/contract.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { commandEntry, processEntry } from '../../../kiosk/project.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, untilStatus } from './cards.ts';

const plain = 'Alcor Micro AU9540';
const contact = 'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader ICC]';
const contactless = 'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader PICC]';
const sam = 'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader SAM]';

let pcscd: Pcscd;
const slots = new Map<string, VpcdSlot>();
const open: CardReader[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((reader) => reader.close()));
  await Promise.all([...slots.values()].map((slot) => slot.remove()));
  slots.clear();
  await pcscd.close();
});

function host(reader?: string): CardReader {
  const started = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env, reader });
  open.push(started);
  return started;
}

/** The slot of the reader of this name (the first of the two that vpcd makes). */
async function slotOf(name: string): Promise<VpcdSlot> {
  const port = pcscd.ports[pcscd.readers.indexOf(`${name} 00 00`)] ?? 0;
  const slot = slots.get(name) ?? new VpcdSlot(await specimenCard(), { host: '127.0.0.1', port });
  slots.set(name, slot);
  return slot;
}

async function insert(name: string): Promise<void> {
  await (await slotOf(name)).insert();
}

async function untilReader(reader: CardReader, name: string, state: 'empty' | 'present'): Promise<void> {
  const right = (status: CardStatus): boolean => status.state === state && status.reader === `${name} 00 00`;
  const status = await new Promise<CardStatus>((resolve) => {
    const look = (now: CardStatus): void => (right(now) ? resolve(now) : undefined);
    reader.onStatus(look);
    look(reader.status());
    setTimeout(() => resolve(reader.status()), 8_000);
  });
  expect(status).toMatchObject({ state, reader: `${name} 00 00` });
}

test('readers come and go: none, one with a card in at once, another beside it, the first away, none again', async () => {
  pcscd = await startPcscd({ names: [] });
  const reader = host();
  await untilStatus(reader, 'disconnected');
  await pcscd.plug([plain]);
  await untilReader(reader, plain, 'empty');
  await insert(plain);
  await untilReader(reader, plain, 'present');
  await pcscd.plug([contact, plain]);
  await untilReader(reader, plain, 'present');
  expect(await reader.read(noAbort)).toMatchObject({ ok: true, value: { reader: `${plain} 00 00` } });
  await (await slotOf(plain)).remove();
  await pcscd.plug([contact]);
  await untilReader(reader, contact, 'empty');
  await insert(contact);
  await untilReader(reader, contact, 'present');
  expect(await reader.read(noAbort)).toMatchObject({ ok: true, value: { reader: `${contact} 00 00` } });
  await (await slotOf(contact)).remove();
  await pcscd.plug([]);
  await untilStatus(reader, 'disconnected');
});

test('a card that is in before the kiosk is there is seen, and the reader that holds it is chosen of several', async () => {
  pcscd = await startPcscd({ names: [contact, contactless, plain] });
  await insert(plain);
  const reader = host();
  await untilReader(reader, plain, 'present');
  expect(await reader.read(noAbort)).toMatchObject({ ok: true, value: specimens.adult });
});

test('of a dual reader the contact slot counts, though its twin senses the card first; its security module is no card', async () => {
  pcscd = await startPcscd({ names: [sam, contactless, contact] });
  await insert(sam);
  const reader = host();
  await untilReader(reader, contact, 'empty');
  await insert(contactless);
  await untilReader(reader, contactless, 'present');
  await insert(contact);
  await untilReader(reader, contact, 'present');
  expect(await reader.read(noAbort)).toMatchObject({ ok: true, value: { reader: `${contact} 00 00` } });
});

test('card list shows them all, and says which are not for cards with contacts', async () => {
  pcscd = await startPcscd({ names: [plain, contactless, sam] });
  await insert(plain);
  await untilReader(host(), plain, 'present');
  const cli = [commandEntry(), 'card', 'list', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, cli, { env: { ...process.env, ...pcscd.env } });
  const atr = Buffer.from((await specimenCard()).atr)
    .toString('hex')
    .toUpperCase();
  expect(JSON.parse(stdout)).toEqual([
    { reader: `${contactless} 00 00`, state: 'empty', slot: 'contactless' },
    { reader: `${contactless} 00 01`, state: 'empty', slot: 'contactless' },
    { reader: `${sam} 00 00`, state: 'empty', slot: 'sam' },
    { reader: `${sam} 00 01`, state: 'empty', slot: 'sam' },
    { reader: `${plain} 00 00`, state: 'present', atr },
    { reader: `${plain} 00 01`, state: 'empty' },
  ]);
});

test('the reader asked for by name or pattern is the one that counts, wherever cards are', async () => {
  pcscd = await startPcscd({ names: [plain, contact] });
  await insert(plain);
  const [byName, byPattern, nobody] = [host(`${contact} 00 00`), host('Alcor*'), host('No Such Reader')];
  await untilReader(byName, contact, 'empty');
  await untilReader(byPattern, plain, 'present');
  await untilStatus(nobody, 'disconnected');
});

test('a card is in use by one alone: while we read, others hear so; while another has it, we say reader-busy', async () => {
  pcscd = await startPcscd();
  const slot = new VpcdSlot(await specimenCard(), { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
  slots.set('Virtual PCD', slot);
  const [ours, another] = [host(), host()];
  await slot.insert();
  await Promise.all([untilStatus(ours, 'present'), untilStatus(another, 'present')]);
  // A card that never answers holds the reader for as long as we want.
  slot.fail(2, { kind: 'stall' });
  const met = slot.met();
  const giveUp = new AbortController();
  const reading = ours.read(giveUp.signal);
  await met;
  expect(await another.read(noAbort)).toEqual({ ok: false, error: { kind: 'reader-busy', reader: pcscd.readers[0] } });
  const outside = promisify(execFile)('opensc-tool', ['--reader', '0', '--serial'], { env: { ...process.env, ...pcscd.env } });
  await expect(outside).rejects.toMatchObject({ stderr: expect.stringMatching(/in use by another application/i) as string });
  giveUp.abort();
  expect(await reading).toEqual({ ok: false, error: { kind: 'aborted' } });
  await slot.insert();
  await untilStatus(another, 'present');
  expect((await another.read(noAbort)).ok).toBe(true);
});
