import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { provesPossession } from '../../../devices/card/authentication.ts';
import { CommandingDriver } from '../../../devices/card/commanding.ts';
import type { CommandingCardReader } from '../../../devices/card/contract.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import type { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import type { VirtualSlot } from '../../../devices/card/virtual/slot.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { Secret } from '../../../devices/secret.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, specimenCertificate, untilStatus } from './cards.ts';

interface Rig {
  readonly slot: VirtualSlot;
  readonly reader: CommandingCardReader;
  close(): Promise<void>;
}

const rigs: Record<string, (card: VirtualCnsCard) => Promise<Rig>> = {
  'in process': async (card) => {
    const slot = new InProcessReader(card);
    const reader = new CommandingDriver(slot);
    return await Promise.resolve({ slot, reader, close: () => reader.close() });
  },
  'inside a real pcscd, commanded by a process of its own': async (card) => {
    const pcscd = await startPcscd();
    const slot = new VpcdSlot(card, { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
    const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
    const close = async (): Promise<void> => {
      await reader.close();
      await slot.remove();
      await pcscd.close();
    };
    return { slot, reader, close };
  },
};

const code = (digits: string): Secret => Secret.fromText(digits);
const challenge = Buffer.from('the challenge of this session');
const right = { pin: '12345', puk: '12345678' };

beforeAll(specimenCertificate);

describe.each(Object.entries(rigs))('a card %s', (_name, makeRig) => {
  let rig: Rig;
  afterEach(() => rig.close());

  const inserted = async (card?: VirtualCnsCard): Promise<CommandingCardReader> => {
    rig = await makeRig(card ?? (await specimenCard()));
    await rig.slot.insert();
    await untilStatus(rig.reader, 'present');
    return rig.reader;
  };
  const verify = (digits: string): Promise<unknown> => rig.reader.verifyPin({ pin: code(digits) }, noAbort);
  const certificate = async (): Promise<string> => Buffer.from((await specimenCertificate()).certificate).toString('base64');

  test('takes the right PIN, counts the wrong ones, and is blocked by the third', async () => {
    await inserted();
    expect(await verify(right.pin)).toEqual({ ok: true });
    expect(await verify('54321')).toEqual({ ok: false, error: { kind: 'wrong-pin', triesLeft: 2 } });
    expect(await verify(right.pin)).toEqual({ ok: true });
    for (const triesLeft of [2, 1, 0]) expect(await verify('99999')).toEqual({ ok: false, error: { kind: 'wrong-pin', triesLeft } });
    expect(await verify(right.pin)).toEqual({ ok: false, error: { kind: 'pin-blocked' } });
  });

  test('changes its PIN by the old one, and sets it anew by the PUK, blocked or not', async () => {
    const reader = await inserted();
    expect(await reader.changePin({ pin: code(right.pin), newPin: code('67890123') }, noAbort)).toEqual({ ok: true });
    expect(await verify(right.pin)).toMatchObject({ error: { kind: 'wrong-pin' } });
    expect(await verify('67890123')).toEqual({ ok: true });
    for (let tries = 0; tries < 3; tries += 1) await verify('00000');
    expect(await verify('67890123')).toMatchObject({ error: { kind: 'pin-blocked' } });
    expect(await reader.unblockPin({ puk: code('87654321'), newPin: code('24680') }, noAbort)).toEqual({
      ok: false,
      error: { kind: 'wrong-puk', triesLeft: 2 },
    });
    expect(await reader.unblockPin({ puk: code(right.puk), newPin: code('24680') }, noAbort)).toEqual({ ok: true });
    expect(await verify('24680')).toEqual({ ok: true });
    expect(await reader.unblockPin({ puk: code(right.puk), newPin: code('13579') }, noAbort)).toEqual({ ok: true });
    expect(await verify('13579')).toEqual({ ok: true });
  });

  test('whose PUK was wrong three times is dead', async () => {
    const reader = await inserted();
    const unblock = (): Promise<unknown> => reader.unblockPin({ puk: code('00000000'), newPin: code('24680') }, noAbort);
    for (const triesLeft of [2, 1, 0]) expect(await unblock()).toEqual({ ok: false, error: { kind: 'wrong-puk', triesLeft } });
    expect(await reader.unblockPin({ puk: code(right.puk), newPin: code('24680') }, noAbort)).toMatchObject({
      error: { kind: 'puk-blocked' },
    });
  });

  test.each(['', '1234', '123456789', '12a45', 'ÈÈÈÈ'])('is never shown “%s”, which is no code', async (digits) => {
    await inserted();
    expect(await verify(digits)).toEqual({ ok: false, error: { kind: 'malformed-code' } });
    expect(await verify('54321')).toMatchObject({ error: { triesLeft: 2 } });
  });

  test('signs the challenge with the key of its certificate, and forgets the PIN after', async () => {
    const reader = await inserted();
    const request = { certificate: await certificate(), challenge };
    const signed = await reader.authenticate({ ...request, pin: code(right.pin) }, noAbort);
    if (!signed.ok) throw new Error(JSON.stringify(signed));
    expect(provesPossession(request.certificate, challenge, signed.value)).toBe(true);
    expect(provesPossession(request.certificate, Buffer.from('another'), signed.value)).toBe(false);
    expect(await reader.authenticate({ ...request, pin: code('54321') }, noAbort)).toMatchObject({
      error: { kind: 'wrong-pin', triesLeft: 2 },
    });
    expect(await reader.authenticate({ ...request, certificate: 'MAA=', pin: code(right.pin) }, noAbort)).toMatchObject({
      error: { kind: 'unreadable', what: 'certificate' },
    });
  });

  test('pulled at any command of any operation is card-removed', async () => {
    const reader = await inserted();
    const request = { certificate: await certificate(), challenge };
    const operations: Record<string, () => Promise<{ readonly ok: boolean; readonly error?: unknown }>> = {
      verify: () => reader.verifyPin({ pin: code(right.pin) }, noAbort),
      change: () => reader.changePin({ pin: code(right.pin), newPin: code(right.pin) }, noAbort),
      unblock: () => reader.unblockPin({ puk: code(right.puk), newPin: code(right.pin) }, noAbort),
      authenticate: () => reader.authenticate({ ...request, pin: code(right.pin) }, noAbort),
    };
    for (const [name, operation] of Object.entries(operations)) {
      for (const kind of ['pull', 'lose'] as const) {
        let commands = 0;
        for (; ; commands += 1) {
          rig.slot.fail(commands + 1, { kind });
          const result = await operation();
          if (result.ok) break;
          expect(result, `${name}, ${kind} at command ${commands + 1}`).toEqual({ ok: false, error: { kind: 'card-removed' } });
          await untilStatus(reader, 'empty');
          await rig.slot.insert();
          await untilStatus(reader, 'present');
        }
        expect(commands).toBeGreaterThanOrEqual(name === 'authenticate' ? 5 : 2);
        // The fault that is still due meets nobody.
        await rig.slot.insert();
        await untilStatus(reader, 'present');
        while (!(await reader.read(noAbort)).ok) {
          await untilStatus(reader, 'empty');
          await rig.slot.insert();
          await untilStatus(reader, 'present');
        }
      }
    }
  }, 120_000);

  test.each([
    [0x6983, 'pin-blocked'],
    [0x6984, 'not-activated'],
    [0x6985, 'not-activated'],
    [0x6982, 'not-allowed'],
    [0x6300, 'wrong-pin'],
    [0x6f00, 'unreadable'],
  ])('that answers %i to a PIN is %s', async (status, kind) => {
    await inserted();
    // The first command finds out what card it is.
    rig.slot.fail(2, { kind: 'status', status });
    expect(await verify(right.pin)).toMatchObject({ ok: false, error: { kind } });
  });

  test('has one command at a time, and one given up leaves no trace', async () => {
    const reader = await inserted();
    const giveUp = new AbortController();
    const [first, given, third] = [
      reader.verifyPin({ pin: code(right.pin) }, noAbort),
      reader.changePin({ pin: code(right.pin), newPin: code('24680') }, giveUp.signal),
      reader.read(noAbort),
    ];
    giveUp.abort();
    expect(await given).toEqual({ ok: false, error: { kind: 'aborted' } });
    expect([(await first).ok, (await third).ok]).toEqual([true, true]);
    expect(await verify(right.pin)).toEqual({ ok: true });
  });

  test('the codes are wiped, whatever the answer', async () => {
    const reader = await inserted();
    const all = ['12345', '54321', '12', '67890'].map(code);
    const [pin, wrong, malformed, newPin] = all as [Secret, Secret, Secret, Secret];
    await reader.verifyPin({ pin }, noAbort);
    await reader.changePin({ pin: wrong, newPin }, noAbort);
    await reader.verifyPin({ pin: malformed }, AbortSignal.abort());
    for (const secret of all) expect([...secret.expose()]).toEqual(new Array(secret.length).fill(0));
  });

  test('no card: no command, and the codes are wiped', async () => {
    rig = await makeRig(await specimenCard());
    await untilStatus(rig.reader, 'empty');
    const pin = code(right.pin);
    expect(await rig.reader.verifyPin({ pin }, noAbort)).toEqual({ ok: false, error: { kind: 'no-card' } });
    expect([...pin.expose()]).toEqual([0, 0, 0, 0, 0]);
  });
});
