import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Printer } from '../../../devices/printer/contract.ts';
import { type EscPosLimits, escPosPrinter, openPrinter } from '../../../devices/printer/esc-pos.ts';
import { openSerial } from '../../../devices/printer/serial.ts';
import { clearBuffers } from '../../../devices/printer/status-protocol.ts';
import { openUsbLp } from '../../../devices/printer/usb-lp.ts';
import { openFarEnd, type FarEnd } from '../../harness/pty.ts';
import { driverOf, never, printed, slipOf, temporaryFolder, textOf, virtualPrinter } from './bench.ts';

const hurried: EscPosLimits = { replyMs: 300, clearMs: 400, completionMs: 600, completionMsPerByte: 0 };
const clearing = Buffer.from(clearBuffers);
const allWell = Uint8Array.of(0x16, 0x12, 0x12, 0x12);

function isStatusQuestion(bytes: Buffer): boolean {
  return bytes.includes(Buffer.of(0x10, 0x04, 4));
}

async function farEnd(hear?: (bytes: Buffer, farEnd: FarEnd) => void): Promise<FarEnd> {
  const end = await openFarEnd(join(temporaryFolder(), 'printer'), hear);
  onTestFinished(() => end.close());
  return end;
}

async function hurriedDriver(link: string): Promise<Printer> {
  const line = await openSerial(link, 115_200, never());
  if (!line.ok) throw new Error(JSON.stringify(line.error));
  const printer = escPosPrinter(line.value, hurried);
  onTestFinished(() => printer.close());
  return printer;
}

describe('a good print', () => {
  test.each(['serial', 'usb', 'tcp'] as const)('is proved by the printer itself, on a %s line', async (line) => {
    const virtual = await virtualPrinter(line === 'tcp' ? { tcp: 0 } : {});
    const printer = await driverOf(line === 'usb' ? virtual.address.replace('serial:', 'usb:') : virtual.address);
    expect(await printer.status()).toEqual({ state: 'ready' });
    const evidence = await printer.print(slipOf(12), never());
    expect(evidence).toMatchObject({ class: 'E2', status: { state: 'ready' }, buffer: 'printed' });
    expect(evidence.raw).toMatch(/3722(?:[2-7][0-9a-f]){4}00/);
    expect(virtual.slips().map((slip) => slip.text)).toEqual([textOf(12)]);
    expect(readFileSync(virtual.slips()[0]?.txt ?? '', 'utf8')).toBe(textOf(12));
  });

  test('is announced after the check and before the first byte', async () => {
    const end = await farEnd((bytes, self) => {
      if (isStatusQuestion(bytes)) self.say(allWell);
    });
    const printer = await hurriedDriver(end.link);
    let before: Buffer | undefined;
    await printer.print(slipOf(2, 'segreto'), never(), () => {
      before = end.received();
      return Promise.resolve();
    });
    expect(before?.toString('hex')).toBe('100401100402100403100404');
    expect(end.received().includes('segreto 2')).toBe(true);
  });

  test('does not begin where its announcement fails, or is followed by an abort', async () => {
    const virtual = await virtualPrinter();
    const printer = await driverOf(virtual.address);
    await expect(printer.print(slipOf(2), never(), () => Promise.reject(new Error('the journal is full')))).rejects.toThrow(
      'the journal is full',
    );
    const abort = new AbortController();
    const evidence = await printer.print(slipOf(2), abort.signal, () => {
      abort.abort();
      return Promise.resolve();
    });
    expect(evidence).toMatchObject({ class: 'E0', buffer: 'needless' });
    expect((await printer.print(slipOf(3), never())).class).toBe('E2');
    expect(virtual.slips().map((slip) => slip.text)).toEqual([textOf(3)]);
  });

  test('two at once come out one after the other, each once', async () => {
    const virtual = await virtualPrinter();
    const printer = await driverOf(virtual.address);
    const evidences = await Promise.all([
      printer.print(slipOf(10, 'uno'), never()),
      printer.print(slipOf(10, 'due'), never()),
      printer.status(),
    ]);
    expect(evidences.slice(0, 2)).toMatchObject([{ class: 'E2' }, { class: 'E2' }]);
    expect(virtual.slips().map((slip) => slip.text)).toEqual([textOf(10, 'uno'), textOf(10, 'due')]);
  });

  test('that brings the roll near its end is still proved, and the next one refused', async () => {
    const virtual = await virtualPrinter({ msPerLine: 10 });
    const printer = await driverOf(virtual.address);
    const printing = printer.print(slipOf(20), never());
    await printed(virtual, 'riga 5.');
    await virtual.control('paper-near-end');
    expect(await printing).toMatchObject({ class: 'E2', status: { state: 'paper-near-end' }, buffer: 'printed' });
    expect(await printer.print(slipOf(20), never())).toMatchObject({ class: 'E0', buffer: 'needless' });
  });
});

describe('a printer that is not ready', () => {
  test.each([
    ['paper-out', { state: 'paper-out' }],
    ['paper-near-end', { state: 'paper-near-end' }],
    ['cover-open', { state: 'cover-open' }],
    ['offline', { state: 'offline' }],
  ] as const)('%s: nothing is sent, not even later', async (incident, status) => {
    const virtual = await virtualPrinter();
    const printer = await driverOf(virtual.address);
    await virtual.control(incident);
    const announced = vi.fn(() => Promise.resolve());
    expect(await printer.print(slipOf(5), never(), announced)).toEqual({ class: 'E0', raw: '', status, buffer: 'needless' });
    expect(announced).not.toHaveBeenCalled();
    for (const remedy of ['paper-ok', 'cover-close', 'online']) await virtual.control(remedy);
    expect(await printer.print(slipOf(2), never())).toMatchObject({ class: 'E2' });
    expect(virtual.slips().map((slip) => slip.text)).toEqual([textOf(2)]);
  });

  test('a cutter that fails leaves no proof, and stops the next print', async () => {
    const virtual = await virtualPrinter();
    const printer = await driverOf(virtual.address);
    await virtual.control('cutter-error');
    expect(await printer.print(slipOf(4), never())).toMatchObject({ class: 'E1', status: { state: 'cutter-error' }, buffer: 'cleared' });
    expect(await printer.print(slipOf(4), never())).toMatchObject({ class: 'E0', status: { state: 'cutter-error' } });
  });

  test('a silent one gets no slip', async () => {
    const end = await farEnd();
    const printer = await hurriedDriver(end.link);
    expect(await printer.print(slipOf(5, 'segreto'), never())).toEqual({
      class: 'E0',
      raw: '',
      status: { state: 'silent' },
      buffer: 'needless',
    });
    expect(end.received().includes('segreto')).toBe(false);
  });

  test('answers that come too late are not taken for the next ones', async () => {
    let questions = 0;
    const end = await farEnd((bytes, self) => {
      if (!isStatusQuestion(bytes)) return;
      questions += 1;
      if (questions === 2) self.say(Uint8Array.of(0x16, 0x16, 0x12, 0x12));
    });
    const printer = await hurriedDriver(end.link);
    expect(await printer.status()).toEqual({ state: 'silent' });
    end.say(allWell);
    expect(await printer.status()).toEqual({ state: 'cover-open' });
  });
});

describe('trouble in the middle of the slip', () => {
  test.each([
    ['paper-out', 'paper-ok', 'paper-out'],
    ['cover-open', 'cover-close', 'cover-open'],
    ['offline', 'online', 'offline'],
  ] as const)('%s: the buffers are emptied, and nothing comes out when the printer is well again', async (incident, remedy, state) => {
    const virtual = await virtualPrinter({ msPerLine: 10 });
    const printer = await driverOf(virtual.address);
    const printing = printer.print(slipOf(40, 'primo'), never());
    await printed(virtual, 'primo 5.');
    await virtual.control(incident);
    expect(await printing).toMatchObject({ class: 'E1', status: { state }, buffer: 'cleared' });
    await virtual.control(remedy);
    await virtual.control('tear-off');
    expect((await printer.print(slipOf(3, 'secondo'), never())).class).toBe('E2');
    expect(virtual.slips().map((slip) => slip.text)).toEqual([textOf(3, 'secondo')]);
  });

  test('the roll ends after so many lines', async () => {
    const virtual = await virtualPrinter();
    const printer = await driverOf(virtual.address);
    await virtual.control('jam-after 7');
    expect(await printer.print(slipOf(40), never())).toMatchObject({ class: 'E1', status: { state: 'paper-out' }, buffer: 'cleared' });
    expect(virtual.hanging()).toBe(textOf(7));
    expect(virtual.slips()).toEqual([]);
  });

  test('without the driver, the printer would go on with the rest of the slip: the trap is there', async () => {
    const virtual = await virtualPrinter();
    await virtual.control('jam-after 7');
    virtual.feed(slipOf(10));
    await printed(virtual, 'riga 7.');
    await virtual.control('paper-ok');
    await vi.waitUntil(() => virtual.slips().length > 0, { timeout: 5_000 });
    expect(virtual.slips()[0]?.text).toBe('riga 8.\nriga 9.\nriga 10.\n');
  });

  test('unplugged: no proof, and the printer is locked', async () => {
    const virtual = await virtualPrinter({ msPerLine: 10 });
    const printer = await driverOf(virtual.address);
    const printing = printer.print(slipOf(40), never());
    await printed(virtual, 'riga 5.');
    await virtual.control('unplug');
    expect(await printing).toMatchObject({ class: 'E1', status: { state: 'disconnected' }, buffer: 'locked' });
    expect(await printer.status()).toMatchObject({ state: 'disconnected' });
    expect(await printer.clear()).toBe(false);
    expect(await printer.print(slipOf(2), never())).toMatchObject({ class: 'E0', status: { state: 'disconnected' } });
    expect((await openPrinter(virtual.address)).ok).toBe(false);
    await virtual.control('plug');
    const again = await driverOf(virtual.address);
    expect(await again.clear()).toBe(true);
    expect(await again.status()).toEqual({ state: 'ready' });
    expect(virtual.slips()).toEqual([]);
  });

  test('unplugged from the USB printer driver', async () => {
    const virtual = await virtualPrinter({ msPerLine: 10 });
    const line = await openUsbLp(virtual.address.replace('serial:', ''), never());
    if (!line.ok) throw new Error(JSON.stringify(line.error));
    const printer = escPosPrinter(line.value, hurried);
    const printing = printer.print(slipOf(40), never());
    await printed(virtual, 'riga 5.');
    await virtual.control('unplug');
    expect(await printing).toMatchObject({ class: 'E1', buffer: 'locked' });
    await printer.close();
    await printer.close();
  });

  test('power-cycled: what the printer then says of its health proves nothing', async () => {
    const virtual = await virtualPrinter({ msPerLine: 10 });
    const line = await openSerial(virtual.address.replace('serial:', ''), 115_200, never());
    if (!line.ok) throw new Error(JSON.stringify(line.error));
    const printer = escPosPrinter(line.value, { ...hurried, completionMs: 1_500 });
    onTestFinished(() => printer.close());
    const printing = printer.print(slipOf(40), never());
    await printed(virtual, 'riga 5.');
    await virtual.control('power-cycle');
    expect(await printing).toMatchObject({ class: 'E1', status: { state: 'ready' }, buffer: 'cleared' });
    expect(virtual.slips()).toEqual([]);
  });

  test('aborted: the buffers are emptied', async () => {
    const virtual = await virtualPrinter({ msPerLine: 10 });
    const printer = await driverOf(virtual.address);
    const abort = new AbortController();
    const printing = printer.print(slipOf(40, 'primo'), abort.signal);
    await printed(virtual, 'primo 5.');
    abort.abort();
    expect(await printing).toMatchObject({ class: 'E1', status: { state: 'ready' }, buffer: 'cleared' });
    await virtual.control('tear-off');
    expect((await printer.print(slipOf(3, 'secondo'), never())).class).toBe('E2');
    expect(virtual.slips().map((slip) => slip.text)).toEqual([textOf(3, 'secondo')]);
  });

  test('a printer that falls silent is locked', async () => {
    let answered = false;
    const end = await farEnd((bytes, self) => {
      if (isStatusQuestion(bytes) && !answered) {
        answered = true;
        self.say(allWell);
      }
    });
    const printer = await hurriedDriver(end.link);
    expect(await printer.print(slipOf(5), never())).toEqual({ class: 'E1', raw: '', status: { state: 'silent' }, buffer: 'locked' });
    expect(end.received().includes(clearing)).toBe(true);
  });

  test("another job's completion reply is no proof", async () => {
    const end = await farEnd((bytes, self) => {
      if (isStatusQuestion(bytes)) self.say(allWell);
      if (bytes.includes(Buffer.of(0x1d, 0x28, 0x48))) self.say(Uint8Array.of(0x37, 0x22, 0x01, 0x01, 0x01, 0x01, 0x00));
      if (bytes.includes(clearing)) self.say(Uint8Array.of(0x37, 0x25, 0x00));
    });
    const printer = await hurriedDriver(end.link);
    expect(await printer.print(slipOf(5), never())).toMatchObject({ class: 'E1', buffer: 'cleared' });
  });
});

describe('a line that takes nothing more', () => {
  const marked = Buffer.concat([Buffer.alloc(400_000, 'x'), Buffer.from('CODA DELLO SCONTRINO')]);

  test.each(['serial', 'usb'] as const)('%s: a print ends in time, and what was not sent is never sent', async (kind) => {
    const end = await farEnd((bytes, self) => {
      if (!isStatusQuestion(bytes)) return;
      self.say(allWell);
      self.stall();
    });
    const line = kind === 'serial' ? await openSerial(end.link, 115_200, never()) : await openUsbLp(end.link, never());
    if (!line.ok) throw new Error(JSON.stringify(line.error));
    const printer = escPosPrinter(line.value, hurried);
    expect(await printer.print(marked, never())).toMatchObject({ class: 'E1', status: { state: 'silent' }, buffer: 'locked' });
    await printer.close();
    await printer.close();

    const again = await hurriedDriver(end.link);
    end.resume();
    await again.status();
    await vi.waitUntil(() => isStatusQuestion(end.received().subarray(-12)), { timeout: 5_000 });
    expect(end.received().includes('CODA')).toBe(false);
    expect(end.received().length).toBeLessThan(marked.length);
  });
});

test('a second driver on the same serial line is refused', async () => {
  const virtual = await virtualPrinter();
  await driverOf(virtual.address);
  expect(await openPrinter(virtual.address)).toMatchObject({ ok: false, error: { kind: 'disconnected' } });
});

test.each(['serial:/dev/does-not-exist', 'usb:/dev/usb/does-not-exist', 'tcp:127.0.0.1:9', 'tcp:192.168.1.20:9100', 'nonsense'])(
  '%s cannot be opened',
  async (address) => {
    const opened = await openPrinter(address);
    expect(opened).toMatchObject({ ok: false, error: { kind: 'disconnected', detail: expect.stringMatching(/./) as string } });
  },
);

test('after it is closed a printer is disconnected, at once', async () => {
  const virtual = await virtualPrinter();
  const printer = await driverOf(virtual.address);
  await printer.close();
  await printer.close();
  expect(await printer.status()).toEqual({ state: 'disconnected', detail: 'closed' });
  expect(await printer.print(slipOf(2), never())).toMatchObject({ class: 'E0', status: { state: 'disconnected' } });
});
