import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectRoot } from '../../../kiosk/project.ts';

const folder = mkdtempSync(join(tmpdir(), 'sportello-procedures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function procedure(args: string[], input = ''): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(projectRoot(), 'bin/sportello.js'), 'procedure', ...args], {
    encoding: 'utf8',
    input,
  });
  return { code: status, out: stdout, err: stderr };
}

const adult = {
  profile: 'sardegna',
  desk: 'pharmacy',
  operation: 'activation',
  case: 'adult',
  identification: 'local-operator',
  date: '2026-11-26',
  applicant: { relation: 'holder', document: { type: 'passport', expires: '2030-01-01' }, will: true },
  card: { shown: true, chip: true, status: 'active', ownRegion: true },
};

test('list names every profile', () => {
  const { code, out } = procedure(['list', '--json']);
  expect(code).toBe(0);
  const list = JSON.parse(out);
  expect(list.map(({ profile }: { profile: string }) => profile)).toEqual([
    ...['campania', 'emilia-romagna', 'lazio', 'lombardia', 'sardegna', 'toscana', 'trento', 'vda'],
  ]);
  for (const each of list) expect(Object.keys(each).sort()).toEqual(['profile', 'regions', 'source', 'version']);
});

test('decide: yes is 0, no is 1, and the answer is JSON alone', () => {
  const yes = procedure(['decide', '--json'], JSON.stringify(adult));
  expect({ code: yes.code, err: yes.err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(yes.out)).toMatchObject({ allowed: true, refusals: [], delivery: { scheme: 'envelope', channels: [] } });
  const no = procedure(['decide', '--json'], JSON.stringify({ ...adult, card: { ...adult.card, chip: false } }));
  expect({ code: no.code, err: no.err }).toEqual({ code: 1, err: '' });
  expect(JSON.parse(no.out)).toMatchObject({ allowed: false, refusals: [{ rule: 'OP-CRD' }] });
});

test.each([
  ['nothing', ''],
  ['no JSON', '{'],
  ['another shape', '[]'],
  ['an unknown profile', JSON.stringify({ ...adult, profile: 'atlantide' })],
  ['a profile that is a path', JSON.stringify({ ...adult, profile: '../profiles/sardegna' })],
  ['a day that does not exist', JSON.stringify({ ...adult, date: '2026-02-29' })],
  ['a misspelt field', JSON.stringify({ ...adult, aplicant: {} })],
])('decide: %s is one line and exit 2', (_, input) => {
  const { code, out, err } = procedure(['decide', '--json'], input);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^sportello: procedure decide: [^\n]+\n$/);
});

test('a broken item of a batch answers its own line, and ends nothing', () => {
  const lines = [JSON.stringify(adult), '{', JSON.stringify({ ...adult, desk: 'moon' }), '', JSON.stringify({ ...adult, desk: 'web' })];
  const file = join(folder, 'batch.jsonl');
  writeFileSync(file, lines.join('\n'));
  const fromFile = procedure(['decide', '--batch', file]);
  expect({ code: fromFile.code, err: fromFile.err }).toEqual({ code: 0, err: '' });
  const answers = fromFile.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(answers.map(({ allowed, refusals }) => [allowed, refusals.map(({ rule }: { rule: string }) => rule)])).toEqual([
    [true, []],
    [false, ['request']],
    [false, ['request']],
    [false, ['ACT-08']],
  ]);
  expect(procedure(['decide', '--batch', '-'], lines.join('\n')).out).toBe(fromFile.out);
  expect(procedure(['decide', '--batch', join(folder, 'nowhere')])).toMatchObject({ code: 2, out: '' });
});

test('bring says what to bring, with its sources; or why there is nothing', () => {
  const vda = procedure(['bring', '--profile', 'vda', '--case', 'minor', '--operation', 'activation', '--lang', 'it']);
  expect(vda.code).toBe(0);
  expect(vda.out).toMatch(/^- la tessera sanitaria di chi accompagna \(VDA\)$/m);
  const english = procedure(['bring', '--profile', 'vda', '--case', 'minor', '--operation', 'activation', '--lang', 'en']);
  expect(english.out).toMatch(/^- the health card of who comes along \(VDA\)$/m);
  const trento = procedure(['bring', '--profile', 'trento', '--case', 'minor', '--operation', 'activation', '--json']);
  expect(trento.code).toBe(1);
  expect(JSON.parse(trento.out)).toMatchObject({ possible: false, items: [], refusals: [{ rule: 'C4' }] });
  expect(procedure(['bring', '--profile', 'vda', '--case', 'pet', '--operation', 'activation'])).toMatchObject({ code: 2, out: '' });
});

test('check names each fault with its path', () => {
  const sound = join(projectRoot(), 'flows/procedures/profiles/sardegna.json');
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, '{"id": "x"');
  expect(procedure(['check', sound]).code).toBe(0);
  const both = procedure(['check', '--json', sound, broken]);
  expect(both.code).toBe(1);
  expect(JSON.parse(both.out)).toMatchObject([
    { ok: true, faults: [] },
    { ok: false, faults: [{ path: '' }] },
  ]);
  expect(procedure(['check', join(folder, 'nowhere.json')])).toMatchObject({ code: 2, out: '' });
});
