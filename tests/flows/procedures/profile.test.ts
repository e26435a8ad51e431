import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalsOfCard } from '../../../flows/procedures/card-and-document.ts';
import { parseProfile } from '../../../flows/procedures/profile.ts';
import { emiliaRomagna } from '../session/desk-harness.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The paths of all objects in the file that hold a citation. */
function citedRules(value: Json, path: string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return [];
  const deeper = Object.entries(value).flatMap(([key, inner]) => citedRules(inner, [...path, key]));
  return 'citation' in value ? [path, ...deeper] : deeper;
}

function at(value: Json, path: readonly string[]): { [key: string]: Json } {
  return path.reduce<Json>((inner, key) => (inner as { [key: string]: Json })[key] ?? null, value) as { [key: string]: Json };
}

const folder = 'flows/procedures/profiles';
const files = Object.fromEntries(
  readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as { [key: string]: Json }]),
);

describe.each(Object.entries(files))('%s', (name, file) => {
  test('holds, and is named for its region', () => {
    expect(parseProfile(file)).toMatchObject({ ok: true, value: { id: name.replace('.json', '') } });
  });

  test('a rule without its citation, or with one that names no source, is refused with its path', () => {
    for (const path of citedRules(file)) {
      for (const wrong of [undefined, '', '  ', 'somewhere']) {
        const copy = structuredClone(file);
        const rule = at(copy, path);
        if (wrong === undefined) delete rule['citation'];
        else rule['citation'] = wrong;
        expect(parseProfile(copy)).toMatchObject({ ok: false, error: [{ path: [...path, 'citation'].join('.') }] });
      }
    }
  });

  test('an unknown key is refused wherever it stands', () => {
    for (const path of [[], ...citedRules(file)]) {
      const copy = structuredClone(file);
      at(copy, path)['surprise'] = true;
      expect(parseProfile(copy)).toMatchObject({ ok: false, error: [{ path: path.join('.') }] });
    }
  });

  test('an operation without its steps is refused', () => {
    const copy = structuredClone(file);
    at(copy, ['operations', 'activation'])['sequence'] = 'nowhere';
    expect(parseProfile(copy)).toMatchObject({ ok: false, error: [{ path: 'operations.activation.sequence' }] });
  });
});

test('whatever stands in a file, the loader answers and never throws', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => !parseProfile(value).ok));
});

describe('decisions', () => {
  const profile = emiliaRomagna();
  const card = { birthDate: '1972-07-09', expiryDate: '2030-01-10', fiscalCode: 'RSSMRA72L09H501S' } as const;
  const adult = { operation: 'activation', desk: 'health-authority', today: '2026-11-22', card } as const;

  test.each([
    ['ACT-08: a health-authority desk may', adult, []],
    ['ACT-08: a pharmacy may not', { ...adult, desk: 'pharmacy' as const }, ['ACT-08']],
    ['eighteen today', { ...adult, card: { ...card, birthDate: '2008-11-22' } }, []],
    ['eighteen tomorrow: with a parent', { ...adult, card: { ...card, birthDate: '2008-11-23' } }, []],
    ['the card is valid through its last day', { ...adult, card: { ...card, expiryDate: '2026-11-22' } }, []],
    ['the card expired yesterday', { ...adult, card: { ...card, expiryDate: '2026-11-21' } }, ['card-unexpired']],
  ])('%s', (_, { card: theirs, ...wanted }, rules) => {
    const refusals = refusalsOfCard(profile, wanted, theirs);
    expect(refusals.map(({ rule }) => rule)).toEqual(rules);
    for (const { citation } of refusals) expect(citation.length).toBeGreaterThan(2);
  });
});
