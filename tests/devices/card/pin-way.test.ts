import type * as Processes from 'node:child_process';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { ByteLine } from '../../../devices/card/byte-line.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { Secret } from '../../../devices/secret.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, untilStatus } from './cards.ts';

/** Digits that nothing else here has. */
const pin = '73519';
const newPin = '82604937';

/** Every IPC message with the processes that are forked here, both ways. */
const messages = vi.hoisted(() => [] as string[]);
vi.mock('node:child_process', async (importOriginal) => {
  const original = await importOriginal<typeof Processes>();
  return {
    ...original,
    fork: (...how: Parameters<typeof original.fork>) => {
      const child = original.fork(...how);
      const send = child.send.bind(child) as (...what: unknown[]) => boolean;
      child.send = (...what: unknown[]) => {
        messages.push(JSON.stringify(what[0]));
        return send(...what);
      };
      child.on('message', (message) => messages.push(JSON.stringify(message)));
      return child;
    },
  };
});

afterEach(() => vi.restoreAllMocks());

test('codes go over the byte line and nowhere else: no IPC message, either way, holds them; what carried them is wiped', async () => {
  const pcscd = await startPcscd();
  const slot = new VpcdSlot(await specimenCard({ pin: Secret.fromText(pin) }), { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
  const frames: Buffer[] = [];
  const held: Buffer[] = [];
  const carry: (this: ByteLine, id: number, parts: readonly Uint8Array[]) => void = Reflect.get(ByteLine.prototype, 'send');
  vi.spyOn(ByteLine.prototype, 'send').mockImplementation(function (this: ByteLine, id, parts) {
    frames.push(Buffer.concat(parts));
    held.push(...parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.length)));
    carry.call(this, id, parts);
  });

  const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
  try {
    await slot.insert();
    await untilStatus(reader, 'present');
    const results = [
      await reader.verifyPin({ pin: Secret.fromText(pin) }, noAbort),
      await reader.changePin({ pin: Secret.fromText(pin), newPin: Secret.fromText(newPin) }, noAbort),
      await reader.verifyPin({ pin: Secret.fromText(pin) }, noAbort),
      await reader.unblockPin({ puk: Secret.fromText(newPin), newPin: Secret.fromText(pin) }, noAbort),
    ];
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false, false]);
    expect(messages.length).toBeGreaterThan(8);
    const said = [...messages, JSON.stringify(results)].join('\n');
    for (const code of [pin, newPin]) {
      // The control: it did go where it had to.
      expect(frames.some((frame) => frame.includes(code))).toBe(true);
      for (const shape of ['utf8', 'base64', 'hex'] as const) expect(said).not.toContain(Buffer.from(code).toString(shape));
      expect(said).not.toContain([...Buffer.from(code)].join(','));
    }
    for (const bytes of held) expect([...bytes]).toEqual(new Array(bytes.length).fill(0));
  } finally {
    await reader.close();
    await slot.remove();
    await pcscd.close();
  }
});

test('the line wipes what it has written once it is out, and what it has heard as it hands it over', async () => {
  const stream = new PassThrough();
  const written: Uint8Array[] = [];
  const write = stream.write.bind(stream);
  const out: Promise<void>[] = [];
  stream.write = ((chunk: Uint8Array, done: () => void) => {
    written.push(chunk);
    out.push(
      new Promise((resolve) => {
        write(chunk.slice(), () => {
          done();
          resolve();
        });
      }),
    );
    return true;
  }) as typeof stream.write;
  const line = new ByteLine(stream);
  const heard: Uint8Array[] = [];
  stream.prependListener('data', (chunk: Uint8Array) => heard.push(chunk));
  line.send(7, [Buffer.from(pin), new Uint8Array(), Buffer.from(newPin)]);
  const parts = await line.take(7, noAbort);
  await Promise.all(out);
  expect(parts?.map((part) => Buffer.from(part).toString())).toEqual([pin, '', newPin]);
  for (const bytes of [...written, ...heard]) expect([...bytes]).toEqual(new Array(bytes.length).fill(0));
  expect([written.length, heard.length]).toEqual([1, 1]);
});

test('frames come whole however they are cut, and each to its command', async () => {
  const wire = new PassThrough();
  const sent: Buffer[] = [];
  wire.on('data', (chunk: Buffer) => sent.push(Buffer.from(chunk)));
  const sender = new ByteLine(new PassThrough().on('data', (chunk: Buffer) => sent.push(Buffer.from(chunk))));
  sender.send(1, [Buffer.from('one')]);
  sender.send(2, []);
  sender.send(1, [Buffer.from('more'), Buffer.from('parts')]);
  await new Promise((resolve) => setImmediate(resolve));
  const receiver = new ByteLine(new PassThrough());
  for (const byte of Buffer.concat(sent)) receiver.hear(Uint8Array.of(byte));
  const text = async (id: number): Promise<string[] | undefined> =>
    (await receiver.take(id, AbortSignal.timeout(100)))?.map((part) => Buffer.from(part).toString());
  expect([await text(1), await text(2), await text(1), await text(2)]).toEqual([['one'], [], ['more', 'parts'], undefined]);
});

test('a line that announces too much is cut', () => {
  const stream = new PassThrough();
  new ByteLine(stream).hear(new Uint8Array(16).fill(0xff));
  expect(stream.destroyed).toBe(true);
});
