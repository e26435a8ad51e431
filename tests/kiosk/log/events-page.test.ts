import { expect, test } from 'vitest';
import { eventsPage } from '../../../kiosk/log/events-page.ts';
import { events } from '../../../kiosk/log/events.ts';

test('docs/events.md is what the register says (else: npm run events)', async () => {
  await expect(eventsPage()).toMatchFileSnapshot('../../../docs/events.md');
});

test('every event has a meaning that can stand in a table, and fields named plainly', () => {
  for (const [name, { meaning, fields }] of Object.entries(events)) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)+$/);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    expect(meaning).not.toMatch(/[|\n]/);
    for (const field of Object.keys(fields)) expect(field).toMatch(/^[a-z][A-Za-z]*$/);
  }
});

test('no event has a field whose name promises personal data or a code', () => {
  const fields = Object.values(events).flatMap(({ fields }) => Object.keys(fields));
  for (const field of fields) {
    expect(field).not.toMatch(/^(pin|puk|cip|code|secret|name|surname|birthDate|fiscalCode|email|mobile|contact|address|cardId)$/i);
  }
});
