import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { specimens } from '../../devices/card/virtual/specimen.ts';
import type { Holder } from '../../flows/ports/services.ts';
import type { OperatorCommand } from '../../flows/session/status.ts';
import type { serviceSpecimens } from '../../kiosk/reference-cms/service-specimens.ts';
import { Sportello, type WorldOptions, identityCard, operator } from './sportello.ts';

const holderOf = ({ personalData: { fiscalCode, surname, name, birthDate } }: typeof specimens.adult): Holder => ({
  fiscalCode,
  surname,
  name,
  birthDate,
});

/** Whose cards the register of Lombardy has, none of them with codes. */
export const mario = holderOf(specimens.adult);
export const luca = holderOf(specimens.minor);
export const numbers = { mario: '80380000300000000001', luca: '80380000300000000003' } as const;
export const marioCardId = '6030000000000001';
export const contacts = { email: 'mario.rossi@example.org', mobile: '+393331234567' } as const;

/** A spazioRegione of Lombardy, whose CMS has these cards in its register and sends text messages. */
export async function startSpaceRegion(options: Partial<WorldOptions> = {}): Promise<Sportello> {
  const world = await Sportello.start({
    profile: 'lombardia',
    desk: 'space-region',
    textMessages: true,
    reader: 'in-process',
    ...options,
  });
  const register = join(world.folder, 'services.json');
  const card = { expiresOn: '2040-01-01', activated: false };
  const cards: z.input<typeof serviceSpecimens>['cards'] = [
    { ...card, ...mario, cardId: marioCardId, certificateDigest: 'ab'.repeat(32), cardNumber: numbers.mario },
    { ...card, ...luca, cardId: '6030000000000003', certificateDigest: 'cd'.repeat(32), cardNumber: numbers.luca },
  ];
  writeFileSync(register, JSON.stringify({ cards }));
  const file = join(world.folder, 'cms.json');
  await world.killCms();
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), services: { specimens: register } }));
  await world.startCms();
  return world;
}

export const begin = {
  type: 'begin-remote',
  operation: 'activation',
  holder: mario,
  cardNumber: numbers.mario,
} as const satisfies OperatorCommand;
export const recognised = {
  type: 'remote-issue' as const,
  document: identityCard,
  representation: { case: 'adult', representative: null, papers: { forms: ['request'] } },
  contacts: { email: contacts.email, mobile: '333 1234567' },
  copiesLegible: true,
  faceRecognised: true,
} satisfies OperatorCommand;

/** The operator begins, enters what came by e-mail and what was seen, and is asked to confirm. */
export async function toConfirmation(world: Sportello): Promise<void> {
  await world.client.on('welcome');
  if (world.client.operator()?.signedOn == null) await world.client.signOn(operator.id, operator.pin);
  await world.client.operatorDoes(begin);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'service' && waiting.step === 'entering');
  await world.client.operatorDoes(recognised);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'service' && waiting.step === 'confirming');
}
