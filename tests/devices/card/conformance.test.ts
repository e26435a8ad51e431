import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CardReader, CardStatus } from '../../../devices/card/contract.ts';
import { CardDriver } from '../../../devices/card/driver.ts';
import { encodePersonalData } from '../../../devices/card/personal-data.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import type { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import type { VirtualSlot } from '../../../devices/card/virtual/slot.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, specimenCertificate, untilStatus } from './cards.ts';

interface Rig {
  readonly slot: VirtualSlot;
  readonly reader: CardReader;
  /** A second look at the same slot, from the start. */
  another(): CardReader;
  close(): Promise<void>;
}

const rigs: Record<string, (card: VirtualCnsCard) => Promise<Rig>> = {
  'in process': (card) => {
    const slot = new InProcessReader(card);
    const another = (): CardReader =>
      new CardDriver({
        view: () => slot.view(),
        onView: (l) => slot.onView(l),
        connect: (r) => slot.connect(r),
        close: () => Promise.resolve(),
      });
    const reader = another();
    return Promise.resolve({ slot, reader, another, close: () => reader.close() });
  },
  'inside a real pcscd, read by a process of its own': async (card) => {
    const pcscd = await startPcscd();
    const slot = new VpcdSlot(card, { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
    const open: CardReader[] = [];
    const another = (): CardReader => {
      const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
      open.push(reader);
      return reader;
    };
    const close = async (): Promise<void> => {
      await Promise.all(open.map((reader) => reader.close()));
      await slot.remove();
      await pcscd.close();
    };
    return { slot, reader: another(), another, close };
  },
};

beforeAll(specimenCertificate);

describe.each(Object.entries(rigs))('a CNS %s', (_name, makeRig) => {
  let rig: Rig;
  afterEach(() => rig.close());

  const inserted = async (card?: VirtualCnsCard): Promise<void> => {
    rig = await makeRig(card ?? (await specimenCard()));
    await rig.slot.insert();
    await untilStatus(rig.reader, 'present');
  };

  test('comes and goes, and the reader says each once', async () => {
    const card = await specimenCard();
    rig = await makeRig(card);
    await untilStatus(rig.reader, 'empty');
    const told: CardStatus[] = [];
    rig.reader.onStatus((status) => told.push(status));
    await rig.slot.insert();
    const status = await untilStatus(rig.reader, 'present');
    expect(status).toMatchObject({ atr: Buffer.from(card.atr).toString('hex').toUpperCase() });
    expect((await rig.reader.read(noAbort)).ok).toBe(true);
    await rig.slot.remove();
    await untilStatus(rig.reader, 'empty');
    expect(told.map(({ state }) => state)).toEqual(['present', 'empty']);
  });

  test('that is in at the start is seen', async () => {
    await inserted();
    const late = rig.another();
    await untilStatus(late, 'present');
    await late.close();
  });

  test.each(['soft', 'real'] as const)('is read whole, twice, in at most 12 commands (end of file: %s)', async (endOfFile) => {
    const { certificate } = await specimenCertificate();
    await inserted(await specimenCard({ endOfFile }));
    const first = await rig.reader.read(noAbort);
    const second = await rig.reader.read(noAbort);
    if (!first.ok || !second.ok) throw new Error(JSON.stringify([first, second]));
    expect(first.value).toMatchObject({ ...specimens.adult, certificate: Buffer.from(certificate).toString('base64') });
    expect(Buffer.from(first.value.personalDataFile, 'base64')).toEqual(Buffer.from(encodePersonalData(specimens.adult.personalData)));
    expect(first.value.timing.apdus).toBeLessThanOrEqual(12);
    expect({ ...second.value, timing: null }).toEqual({ ...first.value, timing: null });
  });

  test('with the longest values is read to its declared length', async () => {
    const long = Object.fromEntries(
      Object.entries(specimens.adult.personalData).map(([field, value]) => [
        field,
        /date$|^sex$|^fiscalCode$/i.test(field) ? value : 'È'.repeat(255),
      ]),
    ) as unknown as typeof specimens.adult.personalData;
    await inserted(await specimenCard({ endOfFile: 'real' }, { ...specimens.adult, personalData: long }));
    expect(await rig.reader.read(noAbort)).toMatchObject({ ok: true, value: { personalData: long } });
  });

  test('pulled at any command of the reading is card-removed, and the next insertion is read', async () => {
    await inserted();
    const { timing } = valueOf(await rig.reader.read(noAbort));
    for (let nth = 1; nth <= timing.apdus; nth += 1) {
      rig.slot.fail(nth, { kind: 'pull' });
      expect(await rig.reader.read(noAbort), `pulled at command ${nth}`).toEqual({ ok: false, error: { kind: 'card-removed' } });
      await untilStatus(rig.reader, 'empty');
      await rig.slot.insert();
      await untilStatus(rig.reader, 'present');
    }
    expect((await rig.reader.read(noAbort)).ok).toBe(true);
  }, 60_000);

  test('that answers an error to any command is unreadable, and says where', async () => {
    await inserted();
    const { timing } = valueOf(await rig.reader.read(noAbort));
    const files = new Set<string>();
    for (let nth = 1; nth <= timing.apdus; nth += 1) {
      rig.slot.fail(nth, { kind: 'status', status: 0x6f00 });
      const result = await rig.reader.read(noAbort);
      expect(result).toMatchObject({ ok: false, error: { kind: 'unreadable', detail: expect.stringContaining('6F00') as string } });
      if (!result.ok && result.error.kind === 'unreadable') files.add(result.error.what);
    }
    expect([...files]).toEqual(['EF.ID_Carta', 'EF.Dati_personali', 'EF.C_Carta']);
    expect((await rig.reader.read(noAbort)).ok).toBe(true);
  }, 60_000);

  test('that does not answer to power is mute, and readable once it is put in right', async () => {
    rig = await makeRig(await specimenCard());
    await rig.slot.mute();
    await untilStatus(rig.reader, 'mute');
    expect(await rig.reader.read(noAbort)).toMatchObject({ ok: false, error: { kind: 'not-a-cns', card: 'mute' } });
    await rig.slot.insert();
    await untilStatus(rig.reader, 'present');
    expect((await rig.reader.read(noAbort)).ok).toBe(true);
  });

  test('that is none is told apart by its ATR', async () => {
    const atr = '3B80800101';
    await inserted(await specimenCard({ atr }));
    expect(await rig.reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'not-a-cns', atr, card: 'other' } });
  });

  test('no card: no reading', async () => {
    rig = await makeRig(await specimenCard());
    await untilStatus(rig.reader, 'empty');
    expect(await rig.reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'no-card' } });
  });

  test('is read for one at a time, and an abandoned reading leaves nothing behind', async () => {
    await inserted();
    const abandon = new AbortController();
    const [first, abandoned, third] = [rig.reader.read(noAbort), rig.reader.read(abandon.signal), rig.reader.read(noAbort)];
    abandon.abort();
    expect(await abandoned).toEqual({ ok: false, error: { kind: 'aborted' } });
    expect([(await first).ok, (await third).ok]).toEqual([true, true]);
    const midway = new AbortController();
    const reading = rig.reader.read(midway.signal);
    await Promise.resolve();
    midway.abort();
    expect(await reading).toEqual({ ok: false, error: { kind: 'aborted' } });
    expect(valueOf(await rig.reader.read(AbortSignal.timeout(20_000))).cardId).toBe(specimens.adult.cardId);
  });

  test('swapped for another is told and read as the other', async () => {
    await inserted();
    const told: string[] = [];
    rig.reader.onStatus(({ state }) => told.push(state));
    const gone = new Promise<void>((resolve) => rig.reader.onStatus(() => resolve()));
    await rig.slot.insert(await specimenCard({}, specimens.secondAdult));
    await gone;
    await untilStatus(rig.reader, 'present');
    expect(told).toEqual(['empty', 'present']);
    expect(valueOf(await rig.reader.read(noAbort)).personalData).toEqual(specimens.secondAdult.personalData);
  });
});

function valueOf<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}
