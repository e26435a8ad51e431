import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sheet, SheetPrinting } from '../../flows/ports/printing.ts';
import { placesOf, toBring } from '../../flows/procedures/bring.ts';
import type { Profile } from '../../flows/procedures/profile.ts';
import { type DeskType, type HolderCase, type Operation, holderCases, operations } from '../../flows/procedures/vocabulary.ts';
import { type Referral, referralTo, referralsTo } from '../../flows/procedures/referral.ts';
import { words } from '../../flows/procedures/words.ts';
import type { Refusal } from './guard.ts';
import { sheetPrinter } from './sheet-printer.ts';
import { type Language, languages } from './site.ts';

/** "Cosa serve?", for who stands before the kiosk with no card in it: the same list on the screen, on paper, and in a picture for a telephone. */
export interface BringOptions {
  readonly profile: Profile;
  readonly desk: DeskType;
  readonly siteName: string;
  readonly sheets: SheetPrinting;
  /** Whether nobody is being served, so that paper may be spent on a list. */
  readonly free: () => boolean;
  readonly now: () => Date;
}

/** What can be asked for: for whom, and for each of them what; and what no desk does (OP-CRD, OP-RDT). */
export interface BringChoices {
  readonly cases: readonly { readonly id: HolderCase; readonly text: string; readonly operations: readonly Choice[] }[];
  readonly referrals: readonly Referral[];
}
interface Choice {
  readonly id: Operation;
  readonly text: string;
}

export interface BringList {
  readonly title: string;
  readonly items: readonly string[];
  /** Where it is done; `here`: at this very desk. */
  readonly here: boolean;
  readonly places: readonly string[];
  readonly language: Language;
}

const language = z.enum(languages);
const question = z.strictObject({ case: z.enum(holderCases), operation: z.enum(operations), language });
type Question = z.infer<typeof question>;

export function bringChoices(profile: Profile, inLanguage: Language): BringChoices {
  const cases = holderCases.map((id) => ({
    id,
    text: words[inLanguage].cases[id],
    operations: operations
      .filter((operation) => placesOf(profile, operation, id).length > 0)
      .map((operation) => ({ id: operation, text: words[inLanguage].operations[operation] })),
  }));
  return {
    cases: cases.filter(({ operations: possible }) => possible.length > 0),
    referrals: referralsTo.map((to) => referralTo(profile, to)),
  };
}

/** `null`: this region does not do it for this case. */
export function bringList(profile: Profile, desk: DeskType, { operation, case: holderCase, language }: Question): BringList | null {
  const where = placesOf(profile, operation, holderCase);
  if (where.length === 0) return null;
  const { title, items } = toBring(profile, operation, holderCase, language);
  return {
    title,
    items: items.map(({ text }) => text),
    here: where.includes(desk),
    places: where.map((place) => words[language].places[place]),
    language,
  };
}

/** The list as text, one line an item: what a telephone shows of the picture. */
export function textOf({ title, items, places, language }: BringList, helpLine: string): string {
  const { done, information } = said[language];
  return [title, ...items.map((item) => `- ${item}`), done(places), `${information}: ${helpLine}`].join('\n');
}

const said = {
  it: { done: (places: readonly string[]) => `Si fa ${places.join(', ')}.`, information: 'Informazioni' },
  en: { done: (places: readonly string[]) => `It is done ${places.join(', ')}.`, information: 'Information' },
} as const satisfies Record<Language, unknown>;

export function sheetOf(
  { title, items, places, language }: BringList,
  site: { readonly siteName: string; readonly helpLine: string },
  now: Date,
): Sheet {
  return {
    title,
    lines: [...items.map((text) => ({ kind: 'item', text }) as const), { kind: 'text', text: said[language].done(places) }],
    ...site,
    printedAt: now.toISOString(),
    language,
  };
}

/** `GET /bring`, `GET /bring/list`, `GET /bring/list.svg`, `POST /bring/print`. */
export function serveBring(
  server: FastifyInstance,
  { profile, desk, siteName, sheets, free, now }: BringOptions,
  guard: {
    readonly fromPage: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;
    readonly refuse: (reply: FastifyReply, rule: Refusal) => FastifyReply;
  },
): void {
  const { fromPage, refuse } = guard;
  const helpLine = profile.referrals.helpLine.phone;
  const print = sheetPrinter(sheets);
  const asked = (value: unknown): BringList | null => {
    const read = question.safeParse(value);
    return read.success ? bringList(profile, desk, read.data) : null;
  };

  server.get('/bring', { onRequest: fromPage }, (request, reply) => {
    const read = z.strictObject({ language }).safeParse(request.query);
    return read.success ? bringChoices(profile, read.data.language) : refuse(reply, 'not-a-command');
  });
  server.get('/bring/list', { onRequest: fromPage }, (request, reply) => asked(request.query) ?? refuse(reply, 'not-a-command'));
  server.get('/bring/list.svg', { onRequest: fromPage }, async (request, reply) => {
    const list = asked(request.query);
    if (list === null) return refuse(reply, 'not-a-command');
    // Read when it is first asked for: nothing else of the kiosk draws codes.
    const { toSVG } = await import('bwip-js/node');
    return reply.type('image/svg+xml').send(toSVG({ bcid: 'qrcode', text: textOf(list, helpLine), padding: 4 }));
  });
  server.post('/bring/print', { onRequest: fromPage }, async (request, reply) => {
    const list = asked(request.body);
    if (list === null) return refuse(reply, 'not-a-command');
    if (!free()) return refuse(reply, 'busy');
    return (await print(sheetOf(list, { siteName, helpLine }, now()))) ?? refuse(reply, 'busy');
  });
}
