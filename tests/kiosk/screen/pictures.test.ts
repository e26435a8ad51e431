import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../kiosk/project.ts';
import { citizenScreens, heldScreens, operatorScreens, revocationScreens } from './fixtures.ts';
import { drawScreens } from './screens.ts';

const folder = join(projectRoot(), 'docs', 'pictures', 'screens');

// Drawn again with PICTURES=all, or those whose name holds a word with PICTURES=word; then looked at by somebody.
test('every screen has its picture', { timeout: 300_000 }, async () => {
  const { PICTURES } = process.env;
  if (PICTURES !== undefined) await drawScreens(folder, PICTURES === 'all' ? undefined : PICTURES);
  const pictures = await readdir(folder);
  for (const name of Object.keys(citizenScreens)) expect(pictures).toContain(`${name}.png`);
  for (const name of Object.keys({ ...operatorScreens, ...heldScreens, ...revocationScreens }))
    expect(pictures).toContain(`operator-${name}.desk.png`);
  expect(pictures).toContain('contact-sheet.jpg');
});
