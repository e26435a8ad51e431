import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sheet, SheetLine, SheetPrinting } from '../../flows/ports/printing.ts';
import { type FormToSign, formTexts, formsToSign } from '../../flows/procedures/forms-to-sign.ts';
import type { Profile } from '../../flows/procedures/profile.ts';
import type { Refusal } from './guard.ts';
import { sheetPrinter } from './sheet-printer.ts';

/** Forms on paper, for who stands at the desk to fill in and sign. */
export interface FormsOptions {
  readonly profile: Profile;
  readonly siteName: string;
  readonly sheets: SheetPrinting;
  readonly now: () => Date;
}

const question = z.strictObject({ form: z.enum(formsToSign) });
/** What a hand fills in. */
const blank: SheetLine = { kind: 'text', text: '_'.repeat(40) };

/** `POST /operator/form`: prints one. Its data are written by hand: the kiosk puts nobody's on paper. */
export function serveForms(
  server: FastifyInstance,
  { profile, siteName, sheets, now }: FormsOptions,
  {
    fromDesk,
    active,
    refuse,
  }: {
    readonly fromDesk: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;
    /** The operator did something. */
    readonly active: () => void;
    readonly refuse: (reply: FastifyReply, rule: Refusal) => FastifyReply;
  },
): void {
  const print = sheetPrinter(sheets);
  server.post('/operator/form', { onRequest: fromDesk }, async (request, reply) => {
    active();
    const asked = question.safeParse(request.body);
    if (!asked.success) return refuse(reply, 'not-a-command');
    const site = { siteName, helpLine: profile.referrals.helpLine.phone };
    return (await print(formSheet(asked.data.form, site, now()))) ?? refuse(reply, 'busy');
  });
}

export function formSheet(form: FormToSign, site: { readonly siteName: string; readonly helpLine: string }, now: Date): Sheet {
  const { title, persons, certified, statement, blanks, signedBy } = formTexts[form];
  return {
    title,
    lines: [
      ...persons.flatMap((person): SheetLine[] => [
        { kind: 'heading', text: person },
        ...written(['Cognome e nome', 'Nato/a a, il', 'Codice fiscale']),
      ]),
      { kind: 'heading', text: 'Dichiarazione' },
      ...(certified ? [{ kind: 'text', text: underDpr445 } as const] : []),
      { kind: 'text', text: statement },
      ...written(blanks),
      ...written(['Luogo e data']),
      { kind: 'signature', who: signedBy },
    ],
    ...site,
    printedAt: now.toISOString(),
    language: 'it',
  };
}

const underDpr445 =
  'Consapevole delle sanzioni penali per chi dichiara il falso (art. 76 DPR 445/2000), ai sensi degli articoli 46 e 47 dello stesso decreto:';

function written(labels: readonly string[]): SheetLine[] {
  return labels.flatMap((label): SheetLine[] => [{ kind: 'text', text: label }, blank]);
}
