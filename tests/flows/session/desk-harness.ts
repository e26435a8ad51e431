import { readFileSync } from 'node:fs';
import { signatureRelayPolicy } from '../../../devices/card/relay.ts';
import { SimulatedClock } from 'xstate';
import { Secret } from '../../../devices/secret.ts';
import type { IdentityDocument } from '../../../flows/people/identity-document.ts';
import type { TrustVerdict } from '../../../flows/ports/trust.ts';
import { carriedOut } from '../../../flows/procedures/offer.ts';
import { parseProfile, type Profile } from '../../../flows/procedures/profile.ts';
import { uncertainRevocation } from '../../../flows/procedures/uncertain-revocation.ts';
import { startDesk } from '../../../flows/session/facade.ts';
import type { DeskRules } from '../../../flows/session/facts.ts';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import { FakeServices } from '../fake-services.ts';
import { FakeCard, FakeCms, FakeJournal, FakeOperators, fakeOutbox, FakePrinting, noEnvelopeRules, noEnvelopes } from '../fakes.ts';

export function emiliaRomagna(): Profile {
  const parsed = parseProfile(JSON.parse(readFileSync('flows/procedures/profiles/emilia-romagna.json', 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

export const document: IdentityDocument = {
  type: 'identity-card',
  number: 'CA00000AA',
  issuingBody: 'Comune di Bologna',
  expires: '2030-01-01',
};

export const delays = {
  idle: 60_000,
  idleWarning: 30_000,
  operatorWait: 600_000,
  collect: 120_000,
  collectWithoutCard: 20_000,
  reprintWait: 180_000,
  cardReminder: 20_000,
  farewell: 10_000,
};

export const good: TrustVerdict = {
  status: 'good',
  reason: '',
  fiscalCode: 'RSSMRA72L09H501S',
  certificateDigest: 'd1',
  since: null,
  crl: null,
};

/** Lets everything that has been promised happen; no time passes on the desk's clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A whole desk on stand-ins: the machines, recovery and settlement are the production ones. */
export function startTestDesk(journal = new FakeJournal(), profile: Profile = emiliaRomagna(), rules: Partial<DeskRules> = {}) {
  const clock = new SimulatedClock();
  const card = new FakeCard();
  const cms = new FakeCms();
  const services = new FakeServices([]);
  const printing = new FakePrinting();
  const operators = new FakeOperators();
  const seen = { verdict: good, screens: [] as string[], unexpected: [] as string[], stopped: [] as string[] };
  let ids = 0;
  const desk = startDesk(
    {
      attention: () => [],
      revocation: () => ({ lists: [], clockFault: null }),
      card,
      codes: card,
      cms,
      services,
      journal,
      printing,
      operators,
      outbox: fakeOutbox(cms, journal),
      envelope: noEnvelopes,
      trust: { checkCard: () => Promise.resolve(seen.verdict) },
      now: () => new Date(Date.parse('2026-11-22T10:00:00.000Z') + clock.now()).toISOString(),
      today: () => '2026-11-22',
      newId: () => `op-${++ids}`,
    },
    {
      profile,
      desk: rules.desk ?? 'health-authority',
      operations: rules.operations ?? carriedOut,
      siteName: 'Sportello di prova',
      uncertainRevocation: rules.uncertainRevocation ?? uncertainRevocation.parse({}),
      handOverEvidence: rules.handOverEvidence ?? 'E4',
      printAttempts: rules.printAttempts ?? 1,
      envelope: noEnvelopeRules,
      signatureRelay: signatureRelayPolicy,
      delays,
    },
    {
      screen: (_, screen) => seen.screens.push(screen),
      event: () => undefined,
      unexpected: (_, type) => seen.unexpected.push(type),
      stopped: (_, reason) => seen.stopped.push(reason),
      unresolved: () => undefined,
    },
    { clock },
  );
  const screen = (): CitizenScreen['screen'] => desk.citizen().screen;
  const pass = async (ms: number): Promise<void> => {
    clock.increment(ms);
    await settled();
  };
  const send = async (command: Parameters<typeof desk.send>[0]): Promise<boolean> => {
    const fitted = desk.send(command);
    await settled();
    return fitted;
  };
  const code = (text: string): Parameters<typeof desk.send>[0] => ({ type: 'contact-code', code: Secret.fromText(text) });

  /** The way up to a screen, as the citizen and the operator walk it. */
  const walk: Record<
    'welcome' | 'recognised' | 'notice' | 'operator' | 'contact' | 'contact-code' | 'collect' | 'done',
    () => Promise<unknown>
  > = {
    welcome: settled,
    recognised: async () => {
      card.insert();
      await settled();
    },
    notice: () => send({ type: 'wish' }),
    operator: () => send({ type: 'notice-read' }),
    contact: () => send({ type: 'identified', document }),
    'contact-code': () => send({ type: 'contact', email: 'mario@example.org', language: 'it' }),
    collect: () => send(code('123456')),
    done: () => send({ type: 'hand-over', handedOver: true }),
  };
  async function goTo(target: keyof typeof walk): Promise<void> {
    for (const [name, step] of Object.entries(walk)) {
      await step();
      if (name === target) return;
    }
  }
  return { desk, clock, card, cms, services, journal, printing, operators, seen, screen, pass, send, code, goTo };
}
