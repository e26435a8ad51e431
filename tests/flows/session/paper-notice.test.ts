import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { carriedOut } from '../../../flows/procedures/offer.ts';
import { parseProfile } from '../../../flows/procedures/profile.ts';
import { FakeJournal, evidence } from '../fakes.ts';
import { document, settled, startTestDesk } from './desk-harness.ts';

const mario = { fiscalCode: 'RSSMRA72L09H501S', surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' };

/** A suspension for who has lost the card, in this region, up to its end. */
async function suspended(region: string, papers = evidence('E2', 'printed')) {
  const profile = parseProfile(JSON.parse(readFileSync(`flows/procedures/profiles/${region}.json`, 'utf8')));
  if (!profile.ok) throw new Error(JSON.stringify(profile.error));
  const desk = startTestDesk(new FakeJournal(), profile.value, { operations: carriedOut });
  const { printing } = desk;
  printing.sheetEvidence = papers;
  await settled();
  await desk.send({ type: 'begin', operation: 'suspension', holder: mario });
  await desk.send({ type: 'service', document, reason: 'loss', forms: [] });
  await desk.send({ type: 'confirm' });
  return desk;
}

test('SAR 9.3.2 (11): what was done is printed for the holder, and names nobody', async () => {
  const { desk, printing } = await suspended('sardegna');
  expect(desk.citizen()).toMatchObject({ screen: 'service-done', notice: 'printed' });
  expect(printing.sheets).toHaveLength(1);
  const [sheet] = printing.sheets;
  expect(sheet?.title).toBe('Promemoria di quanto fatto oggi');
  expect(JSON.stringify(sheet)).toContain('la sospensione');
  expect(sheet?.lines[0]).toEqual({ kind: 'item', text: 'Riconoscimento con documento.' });
  expect(JSON.stringify(sheet)).not.toMatch(/ROSSI|MARIO|RSSMRA/);
});

test('a paper that does not come out is said, and what was done stays done', async () => {
  const { desk, journal } = await suspended('sardegna', evidence('E0', 'needless'));
  expect(desk.citizen()).toMatchObject({ screen: 'service-done', notice: 'not-printed' });
  expect(journal.kinds().at(-1)).toBe('CLOSED');
});

test('a printer that never answers does not keep the next person waiting', async () => {
  const { desk, printing, send } = await suspended('sardegna');
  expect(printing.sheets).toHaveLength(1);
  printing.printSheet = () => new Promise(() => undefined);
  await send({ type: 'stay' });
  expect(desk.citizen().screen).toBe('welcome');
  await send({ type: 'begin', operation: 'suspension', holder: mario });
  await send({ type: 'service', document, reason: 'loss', forms: [] });
  await send({ type: 'confirm' });
  expect(desk.citizen()).toMatchObject({ screen: 'service-done', notice: 'printing' });
  await send({ type: 'stay' });
  expect(desk.citizen().screen).toBe('welcome');
});
