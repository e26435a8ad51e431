import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Sheet } from '../../flows/ports/printing.ts';
import { type ReferralTo, referralTo, referralsTo } from '../../flows/procedures/referral.ts';
import type { FormsOptions } from './forms.ts';
import type { Refusal } from './guard.ts';
import { sheetPrinter } from './sheet-printer.ts';
import { type Language, languages } from './site.ts';

const question = z.strictObject({ to: z.enum(referralsTo), language: z.enum(languages) });
type Question = z.infer<typeof question>;

const titles: Readonly<Record<Language, Readonly<Record<ReferralTo, string>>>> = {
  it: { 'help-line': 'Chi chiamare', 'wrong-data': 'Per correggere i dati', 'new-card': 'Per una tessera nuova' },
  en: { 'help-line': 'Whom to call', 'wrong-data': 'To have the data corrected', 'new-card': 'For a new card' },
};

/** `POST /referral/print`: where the screen sends who stands before it, on paper. */
export function serveReferrals(
  server: FastifyInstance,
  { profile, siteName, sheets, now }: FormsOptions,
  {
    shown,
    fromPage,
    refuse,
  }: {
    /** Whether the screen says so at the moment: else no paper is spent on it. */
    readonly shown: (to: ReferralTo) => boolean;
    readonly fromPage: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;
    readonly refuse: (reply: FastifyReply, rule: Refusal) => FastifyReply;
  },
): void {
  const print = sheetPrinter(sheets);
  const sheetOf = ({ to, language }: Question): Sheet => {
    const { phone } = profile.referrals.helpLine;
    return {
      title: titles[language][to],
      lines: to === 'help-line' ? [] : [{ kind: 'text', text: referralTo(profile, to).words }],
      siteName,
      helpLine: phone,
      printedAt: now().toISOString(),
      language,
    };
  };
  server.post('/referral/print', { onRequest: fromPage }, async (request, reply) => {
    const asked = question.safeParse(request.body);
    if (!asked.success) return refuse(reply, 'not-a-command');
    if (!shown(asked.data.to)) return refuse(reply, 'busy');
    return (await print(sheetOf(asked.data))) ?? refuse(reply, 'busy');
  });
}
