import { expect, test } from 'vitest';
import { ReplyReader } from '../../../devices/printer/status-protocol.ts';
import { driverOf, never, slipOf, virtualPrinter } from './bench.ts';

test.each([
  [0x00, false],
  [0x20, true],
  [0xa5, true],
  [0x85, false],
])('full status with paper byte %i, cut anywhere: a slip in the output is %s', (paper, inOutput) => {
  const bytes = Uint8Array.of(0x10, 0x0f, paper, 0x00, 0xff, 0x81);
  for (let at = 0; at <= bytes.length; at += 1) {
    const reader = new ReplyReader();
    const replies = [...reader.push(bytes.subarray(0, at)), ...reader.push(bytes.subarray(at))];
    expect(replies).toEqual([{ kind: 'full-status', bytes: [...bytes], inOutput }]);
  }
});

test('a printed slip stands in the output until it is taken; nothing is printed behind it', async () => {
  const virtual = await virtualPrinter({ presenter: true });
  const printer = await driverOf(virtual.address);
  expect(await printer.status()).toEqual({ state: 'ready' });
  expect(await printer.print(slipOf(3), never())).toMatchObject({ class: 'E2', status: { state: 'slip-in-output' }, buffer: 'printed' });
  expect(await printer.presenter?.read()).toEqual({ inOutput: true, raw: '100f20000000' });
  expect(await printer.print(slipOf(3), never())).toMatchObject({ class: 'E0', status: { state: 'slip-in-output' } });
  await virtual.control('take');
  expect(await printer.presenter?.read()).toEqual({ inOutput: false, raw: '100f00000000' });
  expect(await printer.status()).toEqual({ state: 'ready' });
  expect(virtual.slips()).toHaveLength(1);
});

test('what is in the output is taken back, and seen to be', async () => {
  const virtual = await virtualPrinter({ presenter: true });
  const printer = await driverOf(virtual.address);
  await printer.print(slipOf(3), never());
  expect(await printer.presenter?.retract()).toMatchObject({ inOutput: false });
  expect(await printer.status()).toEqual({ state: 'ready' });
});

test('a printer that does not answer for its presenter is silent: a slip may stand there', async () => {
  const virtual = await virtualPrinter();
  const printer = await driverOf(`${virtual.address}?presenter=custom`);
  expect(await printer.status()).toEqual({ state: 'silent' });
  expect(await printer.presenter?.read()).toEqual({ inOutput: null, raw: '' });
  expect(await printer.print(slipOf(3), never())).toMatchObject({ class: 'E0' });
});

test('a printer without a presenter has none', async () => {
  const virtual = await virtualPrinter();
  expect((await driverOf(virtual.address)).presenter).toBeNull();
});
