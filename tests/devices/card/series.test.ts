import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CnsContents, readCns } from '../../../devices/card/cns.ts';
import type { CardError } from '../../../devices/card/contract.ts';
import { CardDriver } from '../../../devices/card/driver.ts';
import { type SeriesTable, builtInSeries, readSeriesTable, seriesTable } from '../../../devices/card/series.ts';
import { type VirtualCardOptions, type VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';
import { type Result, ok } from '../../../devices/result.ts';
import { noAbort, specimenCard, specimenCertificate, untilStatus } from './cards.ts';

const classic10 = '3BFF1800008131FE45006B0407030A010101434E5310318073';
const stincard10 = '3BFF1800008131FE55006B02090703010101434E5310318066';
const st2021 = '3BFF1800FF8131FE55006B02091617011101434E531131808D';
const idemia2021 = '3BFF1800008131FE45006B05052000012101434E5310318079';
const nxp = '3BFF1800008131FE45006B150C0302010101434E5310318061';
const bare = '3B80800101';
const cie1 = '3BF41800FF8131805500318000C7';
const cie3 = '3B8F80018031806 5B085040011120FFF829000 8A'.replaceAll(' ', '');

const st2022 = { aid: 'A00000009501004D', paths: 'from-mf', model: { dataObject: 0x0180, says: 'JSign4' } } as const;
const ace2025 = { aid: 'A000000530000B104001021A', paths: 'from-application' } as const;
const digitalDna = { aid: 'A000000530000B104001011B', paths: 'from-application' } as const;

/** What was read, and what went over the wire for it. */
interface Read {
  readonly result: Result<CnsContents, CardError>;
  readonly commands: readonly string[];
}

async function read(options: Partial<VirtualCardOptions> & { readonly atr: string }, table: SeriesTable = builtInSeries): Promise<Read> {
  return await readFrom(await specimenCard(options), options.atr, table);
}

async function readFrom(card: VirtualCnsCard, atr: string, table: SeriesTable): Promise<Read> {
  const commands: string[] = [];
  const result = await readCns(
    (command) => {
      commands.push(Buffer.from(command).toString('hex').toUpperCase());
      return Promise.resolve(ok(card.transmit(command)));
    },
    atr,
    table,
  );
  return { result, commands };
}

const tableWith = (change: (series: SeriesTable['series'][number]) => Partial<SeriesTable['series'][number]>): SeriesTable => ({
  ...builtInSeries,
  series: builtInSeries.series.map((series) => ({ ...series, ...change(series) })),
});

let certificate: Uint8Array;
const folder = mkdtempSync(join(tmpdir(), 'series-'));
beforeAll(async () => ({ certificate } = await specimenCertificate()));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a card is recognised and read whole', () => {
  const infocamere = (): VirtualCardOptions['certificatePlace'] => ({
    path: '2FFF8228',
    prefix: Uint8Array.of(0x01, certificate.length >> 8, certificate.length & 0xff, 0x00, 0x00),
  });
  test.each<[string, string, () => Partial<VirtualCardOptions> & { readonly atr: string }]>([
    ['CNS 1.0', 'cns-1.0', () => ({ atr: classic10, extendedLength: false, endOfFile: 'real' })],
    ['CNS 1.0 of Infocamere', 'cns-1.0', () => ({ atr: classic10, extendedLength: false, certificatePlace: infocamere() })],
    ['CNS 1.0, mask STIncard', 'stincard-1.0', () => ({ atr: stincard10, extendedLength: false, references: 'backtracking' })],
    ['ST 2021', 'stincard-1.1', () => ({ atr: st2021 })],
    ['ST 2021 that takes short APDUs only', 'stincard-1.1', () => ({ atr: st2021, extendedLength: false })],
    ['a card that gives answers by 61xx and 6Cxx', 'cns-1.0', () => ({ atr: classic10, answers: '61xx', tooMuchAsked: '6Cxx' })],
    ['Idemia 2021', 'idemia-2021', () => ({ atr: idemia2021, extendedLength: false, certificatePlace: { path: '140090012002' } })],
    ['Idemia 2021 with its certificate in EF.C_Carta', 'idemia-2021', () => ({ atr: idemia2021, extendedLength: false })],
    ['Actalis ACe 2025', 'actalis-ace-2025', () => ({ atr: classic10, extendedLength: false, application: ace2025, endOfFile: 'real' })],
    [
      'Actalis ACe 2025 with its certificate elsewhere',
      'actalis-ace-2025',
      () => ({ atr: st2021, application: ace2025, certificatePlace: { path: 'DA01C001' } }),
    ],
    ['ST 2022 without contacts', 'st-2022-contactless', () => ({ atr: bare, application: st2022 })],
  ])('%s', async (_name, series, options) => {
    const { result } = await read(options());
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    expect(result.value).toMatchObject({ series, cardId: specimens.adult.cardId, personalData: specimens.adult.personalData });
    expect(Buffer.from(result.value.certificate)).toEqual(Buffer.from(certificate));
  });
});

describe('with as few commands as its series allows', () => {
  test('without extended length: three SELECT by path, and each byte asked for once, in at most 12', async () => {
    const { commands } = await read({ atr: classic10, extendedLength: false });
    expect(commands.length).toBeLessThanOrEqual(12);
    expect(commands.filter((command) => command.startsWith('00A4'))).toEqual([
      '00A4080C0410001003',
      '00A4080C0411001102',
      '00A4080C0411001101',
    ]);
    expect(new Set(commands).size).toBe(commands.length);
  });

  test('with extended length: seven, and of the certificate no byte past its end', async () => {
    const { commands } = await read({ atr: st2021 });
    expect(commands).toHaveLength(7);
    const rest = certificate.length - 256;
    expect(commands.at(-1)).toBe(`00B0010000${rest.toString(16).toUpperCase().padStart(4, '0')}`);
  });

  test('the identity first, for a quick word to who has put the card in', async () => {
    expect((await read({ atr: st2021 })).commands.slice(0, 2)).toEqual(['00A4080C0410001003', '00B0000010']);
  });
});

describe('the tries left', () => {
  const free = tableWith(() => ({ askingTries: 'free' }));

  test('are not asked for where nobody knows what asking costs: no card loses one by being read', async () => {
    for (const atr of [classic10, stincard10, st2021, idemia2021]) {
      const card = await specimenCard({ atr, statusQuery: 'costs-a-try' });
      for (let times = 0; times < 4; times += 1)
        expect((await readFrom(card, atr, builtInSeries)).result).toMatchObject({ ok: true, value: { pin: { triesLeft: null } } });
      expect(Buffer.from(card.transmit(Buffer.from('0020009008' + '3132333435FFFFFF', 'hex'))).toString('hex')).toBe('9000');
    }
  });

  test('come from the card, by the references of its series', async () => {
    const card = await specimenCard({ atr: st2021, references: 'backtracking' });
    const verify = (reference: string, code: string): void => void card.transmit(Buffer.from(`002000${reference}08${code}`, 'hex'));
    const tries = async (): Promise<unknown> => {
      const { result } = await readFrom(card, st2021, free);
      return result.ok ? [result.value.pin.triesLeft, result.value.puk.triesLeft] : result.error;
    };
    expect(await tries()).toEqual([3, 3]);
    verify('90', '3939393939FFFFFF');
    expect(await tries()).toEqual([2, 3]);
    verify('90', '3939393939FFFFFF');
    verify('90', '3939393939FFFFFF');
    verify('91', '3939393939393939');
    expect(await tries()).toEqual([0, 2]);
  });

  test.each(['6A86', '6700'] as const)('are unknown where the card answers %s', async (statusQuery) => {
    expect((await read({ atr: st2021, statusQuery }, free)).result).toMatchObject({ value: { pin: { triesLeft: null } } });
  });
});

describe('what is not read is told apart', () => {
  test.each([
    ['a CNS of a later version', { atr: st2021.replace('434E5311', '434E5312') }, ''],
    [
      'a CNS whose files are nowhere known',
      { atr: st2021, application: { ...ace2025, aid: 'A0000000000000' } },
      'A000000530000B104001021A: 6A82',
    ],
    ['Digital-DNA', { atr: nxp, application: digitalDna }, 'Digital-DNA'],
    [
      'another model behind the application of ST 2022',
      { atr: bare, application: { ...st2022, model: { dataObject: 0x0180, says: 'JSign9' } } },
      'model 9000 JSign9',
    ],
  ])('%s: an unknown series, with what was seen', async (_name, options, seen) => {
    const { result } = await read(options);
    expect(result).toMatchObject({ ok: false, error: { kind: 'unknown-series', atr: options.atr } });
    if (!result.ok && result.error.kind === 'unknown-series') expect(result.error.seen).toContain(seen);
  });

  test.each([
    ['CIE 1', 'cie', cie1, undefined],
    ['CIE 2', 'cie', '3BFF1800008131FE45006B0407030102495449442020318025', undefined],
    ['CIE 3', 'cie', cie3, 'A0000000308000000009816001'],
    ['CIE 3 without historical bytes', 'cie', bare, 'A0000000308000000009816001'],
    ['a passport or a bank card without historical bytes', 'other', bare, undefined],
    ['a driving licence that looks like CIE 3', 'other', cie3, undefined],
    ['a bank card', 'other', '3B6500002063CB6600', undefined],
    ['no ATR at all', 'other', '3BFF18', undefined],
  ])('%s: no CNS, but %s', async (_name, card, atr, aid) => {
    const application = aid === undefined ? undefined : ({ aid, paths: 'from-mf' } as const);
    expect((await read({ atr, application })).result).toEqual({ ok: false, error: { kind: 'not-a-cns', atr, card } });
  });

  test('the twin that has no chip: mute, by the driver', async () => {
    const slot = new InProcessReader(await specimenCard());
    const reader = new CardDriver(slot);
    await slot.mute();
    await untilStatus(reader, 'mute');
    expect(await reader.read(noAbort)).toEqual({ ok: false, error: { kind: 'not-a-cns', atr: '', card: 'mute' } });
    await reader.close();
  });

  test('a bank card is not even spoken to', async () => {
    expect((await read({ atr: '3B6500002063CB6600' })).commands).toEqual([]);
  });
});

describe('the table', () => {
  const file = join(folder, 'series.json');
  const written = (content: unknown): ReturnType<typeof readSeriesTable> => {
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    return readSeriesTable(file);
  };

  test('names who says so for each series, once each', () => {
    expect(new Set(builtInSeries.series.map(({ id }) => id)).size).toBe(builtInSeries.series.length);
    expect(builtInSeries.series.every(({ source }) => source.length > 10)).toBe(true);
  });

  test('promises of no series that asking for tries is free: nobody has shown it', () => {
    expect(builtInSeries.series.filter(({ askingTries }) => askingTries === 'free')).toEqual([]);
  });

  test('from the field teaches the reader a series that it did not know', async () => {
    const atr = st2021.replace('434E5311', '434E5320');
    const [classic] = builtInSeries.series.filter(({ id }) => id === 'cns-1.1');
    const taught = written({
      ...builtInSeries,
      series: [...builtInSeries.series, { ...classic, id: 'cns-2.0', historicalBytes: '006B.{14}434E5320.*' }],
    });
    if (!taught.ok) throw new Error(taught.error.detail);
    const reader = new CardDriver(new InProcessReader(await specimenCard({ atr })), { series: taught.value });
    expect((await read({ atr })).result).toMatchObject({ error: { kind: 'unknown-series' } });
    expect((await read({ atr }, taught.value)).result).toMatchObject({ ok: true, value: { series: 'cns-2.0' } });
    await reader.close();
  });

  test.each([
    ['is not there', undefined, 'ENOENT'],
    ['is not JSON', '{', 'JSON'],
    ['is of another form', { version: '2026-01-01', series: [] }, 'series'],
    [
      'has a pattern that is none',
      { ...builtInSeries, others: [{ kind: 'cie', source: 'x', historicalBytes: '[9-0]' }] },
      'others.0.historicalBytes',
    ],
    [
      'has a pattern that could run for ever',
      { ...builtInSeries, others: [{ kind: 'cie', source: 'x', historicalBytes: '(A+)+' }] },
      'others.0',
    ],
    ['has a field that nobody knows', { ...builtInSeries, more: 1 }, ''],
  ])('that %s is refused, and says where', (_name, content, detail) => {
    const table = content === undefined ? readSeriesTable(join(folder, 'absent.json')) : written(content);
    expect(table).toMatchObject({ ok: false, error: { kind: 'series-unusable', detail: expect.stringContaining(detail) as string } });
  });

  test('is written in the form that is read', () => {
    expect(seriesTable.parse(JSON.parse(JSON.stringify(builtInSeries)))).toEqual(builtInSeries);
  });
});
