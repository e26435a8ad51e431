import { afterEach, beforeEach, expect, test } from 'vitest';
import { formsToSign } from '../../../flows/procedures/forms-to-sign.ts';
import { forms } from '../../../flows/procedures/vocabulary.ts';
import { formSheet } from '../../../kiosk/screen/forms.ts';
import { composeSheet } from '../../../kiosk/printing/sheet.ts';
import { type Screen, startScreen } from '../../../kiosk/screen/server.ts';
import { operator, operatorPin, site, stage } from './fixtures.ts';

let set: ReturnType<typeof stage>;
let screen: Screen;
let cookie: string;

beforeEach(async () => {
  set = stage();
  const started = await startScreen({ port: 0, session: set.session, operators: set.operators, site, bring: set.bring, log: set.log });
  if (!started.ok) throw new Error(started.error.kind);
  screen = started.value;
  cookie = cookieOf(await fetch(`${origin()}/operator`));
});
afterEach(() => screen.close());

const origin = (): string => `http://127.0.0.1:${screen.port}`;
const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
const post = (path: string, body: unknown): Promise<Response> =>
  fetch(`${origin()}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: origin(), 'sec-fetch-site': 'same-origin', cookie },
    body: JSON.stringify(body),
  });

async function signOn(): Promise<void> {
  cookie += `; ${cookieOf(await post('/operator/sign-on', { operatorId: operator.id, pin: operatorPin }))}`;
}

test('every form that a profile can ask for can be printed, but for a court’s papers', () => {
  expect(formsToSign.filter((form) => form !== 'loss' && form !== 'delegate-receipt')).toEqual(
    forms.filter((form) => form !== 'court-papers'),
  );
});

test.each(formsToSign)('%s: whose data, what is declared, and where to sign; nobody’s data are on it', async (form) => {
  await signOn();
  expect(await (await post('/operator/form', { form })).json()).toEqual({ printed: true });
  const [sheet] = set.sheets;
  expect(sheet).toEqual(formSheet(form, { siteName: site.name, helpLine: sheet?.helpLine ?? '' }, set.bring.now()));
  const words = JSON.stringify(sheet);
  expect(words).toContain('Cognome e nome');
  expect(sheet?.lines.at(-1)).toMatchObject({ kind: 'signature' });
  const headed = sheet?.lines.findLastIndex(({ kind }) => kind === 'heading') ?? 0;
  const asked = sheet?.lines.slice(headed).flatMap((line) => (line.kind === 'text' && !line.text.startsWith('_') ? [line.text] : [])) ?? [];
  expect(new Set(asked).size).toBe(asked.length);
  // DPR 445/2000, art. 76: who declares instead of a certificate is warned.
  expect(words.includes('art. 76 DPR 445/2000')).toBe(words.includes('dichiara '));
  expect(composeSheet(sheet!).length).toBeGreaterThan(200);
});

test('nobody prints one who is not signed on, and nothing that is no form', async () => {
  expect((await post('/operator/form', { form: 'delegation' })).status).toBe(401);
  await signOn();
  expect((await post('/operator/form', { form: 'court-papers' })).status).toBe(400);
  expect((await post('/operator/form', { form: 'delegation', text: 'altro' })).status).toBe(400);
  expect(set.sheets).toEqual([]);
});

test('a printer without paper is said', async () => {
  await signOn();
  set.paperOut = true;
  expect(await (await post('/operator/form', { form: 'delegation' })).json()).toEqual({ printed: false });
});
