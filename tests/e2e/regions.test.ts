import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Specimen, specimens } from '../../devices/card/virtual/specimen.ts';
import type { DeskType, HolderCase } from '../../flows/procedures/vocabulary.ts';
import { openChromium, type Visitor } from '../harness/browser.ts';
import { scan } from '../harness/envelope-desk.ts';
import { askForCodes, handOverSlip, identifyByCard, on, proveAddress, signOn, touch } from '../harness/people.ts';
import { Sportello } from '../harness/sportello.ts';

let world: Sportello;
let chromium: Visitor;
beforeAll(async () => {
  chromium = await openChromium();
});
afterEach(() => world.close());
afterAll(() => chromium.close());

const seventeen = `${new Date().getFullYear() - 17}-01-01`;
const young: Specimen = { ...specimens.minor, personalData: { ...specimens.minor.personalData, birthDate: seventeen } };

interface Path {
  readonly profile: string;
  readonly desk: DeskType;
  readonly holder: Specimen;
  readonly case: HolderCase;
  /** What the operator ticks: all that the region asks for. */
  readonly papers?: readonly RegExp[];
  readonly months?: string;
  readonly degree?: string;
}

/** Each region's standard path (1.5, 1.6), and each case of 1.4 in a region that has it; what a region refuses stands in the tables of flows/procedures. */
const paths: readonly Path[] = [
  { profile: 'lazio', desk: 'health-authority', holder: specimens.adult, case: 'adult', papers: [/richiesta firmato/] },
  { profile: 'campania', desk: 'health-authority', holder: specimens.adult, case: 'adult' },
  { profile: 'trento', desk: 'health-authority', holder: specimens.adult, case: 'adult' },
  { profile: 'vda', desk: 'municipality', holder: specimens.adult, case: 'adult' },
  { profile: 'vda', desk: 'municipality', holder: specimens.minor, case: 'minor', papers: [/tessera/] },
  {
    profile: 'vda',
    desk: 'health-authority',
    holder: specimens.adult,
    case: 'ward',
    papers: [/tribunale|giudice/],
  },
  {
    profile: 'lombardia',
    desk: 'municipality',
    holder: specimens.adult,
    case: 'delegate',
    papers: [/delega firmata/, /anche in copia/, /mancano parenti/],
    degree: '2',
  },
  { profile: 'trento', desk: 'health-authority', holder: young, case: 'emancipated-minor' },
];

test.each(paths)('$profile, $desk: $case, from the card to both parts', { timeout: 60_000 }, async (path) => {
  world = await Sportello.start({ reader: 'in-process', profile: path.profile, desk: path.desk, holder: path.holder });
  const { citizen, desk, complaints } = await before();
  await identified(desk, path);

  await proveAddress(citizen, world);
  await handOverSlip(citizen, desk);
  await confirmed(path);
  await world.secondPart();
  expect(complaints).toEqual([]);
});

const envelopes: readonly Path[] = [
  { profile: 'toscana', desk: 'health-authority', holder: specimens.adult, case: 'adult' },
  {
    profile: 'sardegna',
    desk: 'health-authority',
    holder: specimens.adult,
    case: 'delegate',
    papers: [/delega firmata/, /anche in copia/],
    months: '4',
  },
];

test.each(envelopes)('$profile, $desk: $case, from the card to the envelope', { timeout: 60_000 }, async (path) => {
  world = await Sportello.start({ reader: 'in-process', envelopes: true, ...path });
  const { citizen, desk, complaints } = await before();
  await identified(desk, path);
  await on(citizen, 'envelope');
  await desk.getByRole('heading', { name: /^Prendi la busta n\. \d della pila$/ }).waitFor();
  world.operationId = world.operations()[0]!;
  const number = world.row('ENVELOPE_DRAWN')?.number ?? '';
  scan(world, number);
  await desk.getByText(`La tessera ha il PIN della busta ${number}.`).waitFor();
  await touch(desk, 'Sì, consegnata');
  await on(citizen, 'envelope-done');
  await confirmed(path);
  expect(complaints).toEqual([]);
});

/** The operator signs on, the citizen puts the card in and says what for. */
async function before(): Promise<{ readonly citizen: Page; readonly desk: Page; readonly complaints: readonly string[] }> {
  const citizen = await chromium.visit({ width: 1080, height: 1920 });
  const desk = await chromium.visit({ width: 1280, height: 800 });
  await signOn(desk.page, world);
  if (world.scanner !== null) await touch(desk.page, 'Apri il turno e ricevi l’elenco');
  await citizen.page.goto(`http://127.0.0.1:${world.client.port}`);
  await on(citizen.page, 'welcome');
  await world.insertCard();
  await askForCodes(citizen.page);
  return { citizen: citizen.page, desk: desk.page, complaints: [...citizen.complaints, ...desk.complaints] };
}

async function identified(desk: Page, { holder, case: holderCase, papers = [], months, degree }: Path): Promise<void> {
  const { fiscalCode } = holder.personalData;
  await desk.getByText(fiscalCode).first().waitFor();
  const cases = desk.locator('select[name="case"]');
  if ((await cases.count()) > 0) await cases.selectOption(holderCase);
  const represented = desk.locator('fieldset.represented');
  if (await isThere(represented.getByLabel('Codice fiscale del titolare'))) {
    const { parent } = specimens;
    await represented.getByLabel('Cognome').fill(parent.personalData.surname);
    await represented.getByLabel('Nome', { exact: true }).fill(parent.personalData.name);
    await represented.getByLabel('Codice fiscale', { exact: true }).fill(parent.personalData.fiscalCode);
    await represented.getByLabel('Codice fiscale del titolare').fill(fiscalCode);
  }
  for (const paper of papers) await represented.getByLabel(paper).first().check();
  if (months !== undefined) await represented.getByLabel('Mesi di impedimento').fill(months);
  if (degree !== undefined) await represented.getByLabel('Grado di parentela').fill(degree);
  await identifyByCard(desk);
}

async function isThere(field: Locator): Promise<boolean> {
  return (await field.count()) > 0;
}

/** Both sides say so, and what the records say of the case is the case. */
async function confirmed({ profile, case: holderCase }: Path): Promise<void> {
  world.operationId = world.operations()[0]!;
  await world.closed('CONFIRMED');
  expect(world.row('OP_OPEN')).toMatchObject({ profile, case: holderCase, operation: 'activation' });
}
