import { readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { issuerOf } from '../../../../kiosk/trust/crl/issuer.ts';
import { askAbout } from '../../../../kiosk/trust/crl/answer.ts';
import { serialOfHex } from '../../../../kiosk/trust/crl/serial.ts';
import { openStoreReadOnly } from '../../../../kiosk/trust/crl/store.ts';
import { makeAuthority, makeCrl, manyEntries, serialOfEntry } from '../../../bench/crl-generator.ts';
import { NOW, ask, days, importInto, newFolder } from './store.ts';

/** The folder of a store as it is on the disk: the catalogue, and an index for each CRL. */
const ca = makeAuthority('Specimen - CA Cittadini');
const ENTRIES = 2_000;
const listed = serialOfEntry(7).toString('hex');
const today = (number: number) =>
  makeCrl(ca, { encoded: manyEntries(ENTRIES), number, thisUpdate: days(-1 + number / 1000), nextUpdate: days(1) });
const indexesIn = (folder: string): readonly string[] => readdirSync(folder).filter((name) => name.startsWith('index-'));

function withOne(): { readonly folder: string; readonly index: string } {
  const folder = newFolder();
  expect(importInto(folder, [ca], [today(1)]).ok).toBe(true);
  const [index = ''] = indexesIn(folder);
  return { folder, index: join(folder, index) };
}

describe('an index of the past', () => {
  it('answers on for whoever has its CRL from the catalogue, and goes with an import later', () => {
    const { folder, index } = withOne();
    const opened = openStoreReadOnly(folder);
    if (!opened.ok || opened.value === null) throw new Error('no store');
    const subject = { issuers: [issuerOf(ca.certificate)], kind: 'user', points: [], crlIssuers: [] } as const;
    const answer = askAbout(opened.value, subject, NOW, { grace: 0, maxAge: null });
    importInto(folder, [], [today(2)]);
    importInto(folder, [], [today(3)]);
    expect(answer(serialOfHex(listed)!)).toMatchObject({ status: 'revoked', crl: { number: 1n } });
    opened.value.close();

    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(index, hourAgo, hourAgo);
    importInto(folder, [], [today(4)]);
    expect(indexesIn(folder)).toHaveLength(3);
    expect(indexesIn(folder).map((name) => join(folder, name))).not.toContain(index);
    expect(ask(folder, ca, listed).crl?.number).toBe(4n);
  });

  it('that no catalogue ever had goes with the next import, and an import may take its name', () => {
    const { folder } = withOne();
    for (const id of [2, 3, 40]) writeFileSync(join(folder, `index-${id}.db`), 'cut off');
    expect(importInto(folder, [], [today(2)]).ok).toBe(true);
    expect(indexesIn(folder)).toEqual(['index-1.db', 'index-2.db']);
    expect(ask(folder, ca, listed)).toMatchObject({ status: 'revoked', crl: { number: 2n } });
  });
});

describe('an index that was damaged is an error and never "not listed":', () => {
  const unlisted = serialOfEntry(ENTRIES + 1).toString('hex');
  const damages: readonly (readonly [string, (index: string) => void])[] = [
    ['a file that is gone', (index) => rmSync(index)],
    ['an empty file', (index) => writeFileSync(index, '')],
    ['a file cut short', (index) => writeFileSync(index, readFileSync(index).subarray(0, 20_000))],
    ['rows that are gone', (index) => changed(index, 'delete from buckets')],
    ['records that are gone', (index) => changed(index, "update buckets set records = x''")],
    [
      'records of another bucket',
      (index) => changed(index, 'update buckets set records = (select records from buckets b where b.number = (buckets.number + 1) % 4)'),
    ],
  ];
  it.each(damages)('%s', (_, damage) => {
    const { folder, index } = withOne();
    expect(ask(folder, ca, unlisted).status).toBe('good');
    damage(index);
    for (const serial of [listed, unlisted]) expect(() => ask(folder, ca, serial)).toThrow();
    // The next CRL mends it.
    expect(importInto(folder, [], [today(2)]).ok).toBe(true);
    expect(ask(folder, ca, listed).status).toBe('revoked');
  });
});

function changed(index: string, statement: string): void {
  const database = new Database(index);
  database.exec(statement);
  database.close();
}

it('a store of an older version reads as empty, and is filled anew', () => {
  const { folder } = withOne();
  const catalogue = join(folder, 'crl.db');
  changed(catalogue, 'create table buckets (place integer primary key); pragma user_version = 2');
  expect(openStoreReadOnly(folder)).toEqual({ ok: true, value: null });
  expect(importInto(folder, [ca], [today(1)]).ok).toBe(true);
  expect(ask(folder, ca, listed)).toMatchObject({ status: 'revoked', crl: { number: 1n } });
});

it('a store of a later version is left alone', () => {
  const { folder } = withOne();
  changed(join(folder, 'crl.db'), 'pragma user_version = 4');
  expect(openStoreReadOnly(folder)).toMatchObject({ ok: false });
  expect(() => importInto(folder, [ca], [today(2)])).toThrow(/later version/);
});
