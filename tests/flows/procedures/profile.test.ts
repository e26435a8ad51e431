import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalsOfActivation, refusalsOfDocument } from '../../../flows/procedures/card-and-document.ts';
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
  const adult = { desk: 'health-authority', today: '2026-11-22', birthDate: '1972-07-09', cardExpiry: '2030-01-10' } as const;

  test.each([
    ['ACT-08: a health-authority desk may', adult, []],
    ['ACT-08: a pharmacy may not', { ...adult, desk: 'pharmacy' as const }, ['ACT-08']],
    ['eighteen today', { ...adult, birthDate: '2008-11-22' }, []],
    ['eighteen tomorrow', { ...adult, birthDate: '2008-11-23' }, ['case-adult']],
    ['the card is valid through its last day', { ...adult, cardExpiry: '2026-11-22' }, []],
    ['the card expired yesterday', { ...adult, cardExpiry: '2026-11-21' }, ['card-unexpired']],
  ])('%s', (_, request, rules) => {
    const refusals = refusalsOfActivation(profile, request);
    expect(refusals.map(({ rule }) => rule)).toEqual(rules);
    for (const { citation } of refusals) expect(citation.length).toBeGreaterThan(2);
  });

  const identityCard = { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune', expires: '2026-11-22' } as const;
  test.each([
    ['DOC-01: valid through the last day it names', '2026-11-22', []],
    ['DOC-01: expired the day after', '2026-11-23', ['DOC-01-unexpired']],
  ])('%s', (_, today, rules) => {
    expect(refusalsOfDocument(profile, identityCard, today).map(({ rule }) => rule)).toEqual(rules);
  });

  test('DOC-01: a document that the profile does not list', () => {
    const { identification } = profile;
    const narrow = { ...profile, identification: { ...identification, documents: { types: ['passport' as const], citation: 'LAZ' } } };
    expect(refusalsOfDocument(narrow, identityCard, '2026-11-22')).toEqual([{ rule: 'DOC-01-type', citation: 'LAZ' }]);
  });
});
