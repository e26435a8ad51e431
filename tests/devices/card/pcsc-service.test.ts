import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CardReader, CardStatus } from '../../../devices/card/contract.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { type Pcscd, startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, untilStatus } from './cards.ts';
import { cardHostsOf } from './processes.ts';

/** The promise of the issue: the kiosk's status is right this soon after pcscd came, went or hung. */
const promisedMs = 2_000;

let pcscd: Pcscd;
let slot: VpcdSlot;
const open: CardReader[] = [];

beforeEach(async () => {
  pcscd = await startPcscd({ running: false });
  slot = new VpcdSlot(await specimenCard(), { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
});
afterEach(async () => {
  pcscd.thaw();
  await Promise.all(open.splice(0).map((reader) => reader.close()));
  await slot.remove();
  await pcscd.close();
});

function host(readLimitMs?: number): CardReader {
  const entry = processEntry('devices/card/pcsc-host.ts');
  const reader = startCardHost({ entry, env: pcscd.env, ...(readLimitMs === undefined ? {} : { readLimitMs }) });
  open.push(reader);
  return reader;
}

/** Waits for the status far longer than promised, so that what fails is the promise, with its figure. */
async function soon(reader: CardReader, state: CardStatus['state'], what: string): Promise<void> {
  const began = performance.now();
  await untilStatus(reader, state, 10_000);
  expect(performance.now() - began, `${what}: ${state}`).toBeLessThan(promisedMs);
}

test('absent at the start, started, killed and started again: the status is right within 2 s each time, and the card is read again', async () => {
  const reader = host();
  await soon(reader, 'service-lost', 'absent at the start');
  expect(await reader.read(noAbort)).toMatchObject({ ok: false, error: { kind: 'service-lost' } });
  await pcscd.start();
  await soon(reader, 'empty', 'started');
  await slot.insert();
  await soon(reader, 'present', 'inserted');
  const [process1] = cardHostsOf(process.pid);
  for (let times = 1; times <= 3; times += 1) {
    await pcscd.kill();
    await soon(reader, 'service-lost', `killed, time ${times}`);
    await pcscd.start();
    await soon(reader, 'present', `started again, time ${times}`);
    expect((await reader.read(noAbort)).ok).toBe(true);
  }
  expect(cardHostsOf(process.pid)).toEqual([process1]);
});

test('killed in the middle of a reading is service-lost', async () => {
  await pcscd.start();
  const reader = host();
  await slot.insert();
  await untilStatus(reader, 'present');
  slot.fail(4, { kind: 'stall' });
  const reading = reader.read(noAbort);
  await slot.met();
  await pcscd.kill();
  expect(await reading).toMatchObject({ ok: false, error: { kind: 'service-lost' } });
});

test('hung while nothing is asked of it is lost within 2 s, and back within 2 s, in the same process', async () => {
  await pcscd.start();
  const reader = host();
  await slot.insert();
  await untilStatus(reader, 'present');
  const before = cardHostsOf(process.pid);
  for (let times = 1; times <= 2; times += 1) {
    pcscd.freeze();
    await soon(reader, 'service-lost', `hung, time ${times}`);
    expect(await reader.read(noAbort)).toMatchObject({ ok: false, error: { kind: 'service-lost' } });
    pcscd.thaw();
    await soon(reader, 'present', `back, time ${times}`);
    expect((await reader.read(noAbort)).ok).toBe(true);
  }
  expect(cardHostsOf(process.pid)).toEqual(before);
});

test('hung in a transmit: the command ends at its limit, the status is right within 2 s of it, and the card is read once it is back', async () => {
  await pcscd.start();
  const limitMs = 1_500;
  const reader = host(limitMs);
  await slot.insert();
  await untilStatus(reader, 'present');
  slot.fail(3, { kind: 'stall' });
  const began = performance.now();
  const reading = reader.read(noAbort);
  await slot.met();
  pcscd.freeze();
  expect(await reading).toMatchObject({ ok: false });
  expect(performance.now() - began).toBeLessThan(limitMs + promisedMs);
  await soon(reader, 'service-lost', 'hung in a transmit');
  pcscd.thaw();
  await slot.insert();
  await soon(reader, 'present', 'back');
  expect((await reader.read(noAbort)).ok).toBe(true);
});

test('hung at the start is service-lost, not a blocked process', async () => {
  await pcscd.start();
  // Once a first process has seen it at work: a socket without a listener would be another case.
  await untilStatus(host(), 'empty');
  pcscd.freeze();
  const reader = host();
  await soon(reader, 'service-lost', 'hung at the start');
  pcscd.thaw();
  await soon(reader, 'empty', 'back');
});
