import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PIECE_LIMIT_MS } from '../../../devices/barcode/line.ts';
import { Reports } from '../../../devices/barcode/reports.ts';
import { posReports } from './hid-reports.ts';

test.each([
  [']C0', 'ENV-1', 'code-128'],
  [']A0', 'ENV-1', 'code-39'],
  [']I1', '1234', 'itf'],
  [']Q1', 'ENV-1', 'other'],
  ['\0\0\0', 'ENV-1', 'unknown'],
])('%j %s is a code of %s', (identifier, text, symbology) => {
  const heard = posReports(text, identifier).flatMap((report) => new Reports().push(report, 7));
  expect(heard).toEqual([{ kind: 'scan', scan: { symbology, text }, begunAt: 7 }]);
});

test('a code of sixty characters comes in two reports, and has begun with the first', () => {
  const text = '0123456789'.repeat(6);
  const reports = new Reports();
  const [first, second] = posReports(text, ']C0');
  expect(reports.push(first!, 1)).toEqual([]);
  expect(reports.push(second!, 2)).toEqual([{ kind: 'scan', scan: { symbology: 'code-128', text }, begunAt: 1 }]);
});

test('a code whose second report does not come is dropped, and is no part of the next', () => {
  const reports = new Reports();
  const [first] = posReports('0123456789'.repeat(6), ']C0');
  reports.push(first!, 0);
  expect(reports.expire(PIECE_LIMIT_MS)).toEqual([]);
  const [next] = posReports('ENV-1', ']C0');
  expect(reports.push(next!, PIECE_LIMIT_MS + 1)).toEqual([
    { kind: 'ignored', why: 'cut-short', begunAt: 0 },
    { kind: 'scan', scan: { symbology: 'code-128', text: 'ENV-1' }, begunAt: PIECE_LIMIT_MS + 1 },
  ]);
});

test('the layout without identifier and continuation', () => {
  const report = new Uint8Array(64);
  report.set([0x01, 5, ...Buffer.from('ENV-1')]);
  expect(new Reports().push(report, 0)).toMatchObject([{ kind: 'scan', scan: { symbology: 'unknown', text: 'ENV-1' } }]);
});

test.each([
  ['a length of nothing', (report: Uint8Array) => report.fill(0, 1, 2), 'unreadable'],
  ['a length of more than there is', (report: Uint8Array) => report.fill(57, 1, 2), 'unreadable'],
  ['bytes that are no text', (report: Uint8Array) => report.fill(0x07, 5, 6), 'unreadable'],
])('%s is no code', (_, damage, why) => {
  const [report] = posReports('ENV-1', ']C0');
  damage(report!);
  expect(new Reports().push(report!, 0)).toEqual([{ kind: 'ignored', why, begunAt: 0 }]);
});

test('a code that goes on and on is dropped', () => {
  const reports = new Reports();
  const [endless] = posReports('0123456789'.repeat(6), ']C0');
  const heard = [0, 1, 2].flatMap((at) => reports.push(endless!, at));
  expect(heard).toEqual([{ kind: 'ignored', why: 'too-long', begunAt: 0 }]);
});

test('a report of another kind, or none at all, is passed over; whatever comes, it answers', () => {
  expect(new Reports().push(Uint8Array.of(0x05, 1, 2), 0)).toEqual([]);
  expect(new Reports().push(new Uint8Array(), 0)).toEqual([]);
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 70 })), (all) => {
      const reports = new Reports();
      for (const heard of all.flatMap((report, at) => reports.push(report, at)))
        if (heard.kind === 'scan') expect(heard.scan.text).toMatch(/^[\x20-\x7e]{1,128}$/);
    }),
  );
});
