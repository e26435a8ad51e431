import { describe, expect, test } from 'vitest';
import { serviceProblems, stopReasons } from '../../../flows/session/status.ts';
import { languages } from '../../../kiosk/screen/site.ts';
import { texts } from '../../../kiosk/screen/page/texts/texts.ts';

/** Every text by its place; those with gaps filled with something to see. */
function all(of: unknown, place = ''): [string, string][] {
  if (typeof of === 'string') return [[place, of]];
  if (typeof of === 'function') return [[place, String((of as (...gaps: unknown[]) => unknown)('7', '7'))]];
  return Object.entries(of as object).flatMap(([name, value]) => all(value, `${place}.${name}`));
}

describe.each(languages)('in %s', (language) => {
  const said = all(texts[language]);
  test('nothing is left unsaid', () => {
    for (const [place, text] of said) expect(text.trim(), place).not.toBe('');
    expect(said.map(([place]) => place)).toEqual(all(texts.it).map(([place]) => place));
  });
  test('no stop is an “error”, and none is a number without words', () => {
    for (const [place, text] of said) expect(text, place).not.toMatch(/\berrore\b|\berror\b|undefined|\bnull\b|\[object/i);
  });
  test('no two stops, and no two faults, say the same', () => {
    const { stopped, outOfService } = texts[language];
    expect(new Set(stopReasons.map((reason) => stopped.reasons[reason].main)).size).toBe(stopReasons.length);
    expect(new Set(stopReasons.map((reason) => stopped.reasons[reason].next)).size).toBe(stopReasons.length);
    expect(new Set(serviceProblems.map((reason) => outOfService.reasons[reason])).size).toBe(serviceProblems.length);
  });
  test('clauses are short: no sentence of the citizen’s screens is over 20 words', () => {
    const { desk: _desk, ...citizen } = texts[language];
    for (const [place, text] of all(citizen))
      for (const sentence of text.split(/[.:;?!…] /)) expect(sentence.split(' ').length, place).toBeLessThanOrEqual(20);
  });
});

test('the languages differ, save for words that both use', () => {
  const english = new Map(all(texts.en));
  const same = all(texts.it).filter(([place, text]) => english.get(place) === text);
  expect(same.map(([, text]) => text).sort()).toEqual(['PIN', 'e-mail']);
});
