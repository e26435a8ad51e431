import { readFileSync } from 'node:fs';
import { signatureRelayPolicy } from '../../../devices/card/relay.ts';
import { Secret } from '../../../devices/secret.ts';
import { noEnvelopeRules } from '../../flows/fakes.ts';
import type { IdentityDocument } from '../../../flows/people/identity-document.ts';
import { carriedOut } from '../../../flows/procedures/offer.ts';
import { type Profile, parseProfile } from '../../../flows/procedures/profile.ts';
import { fixedDelays } from '../../../flows/session/delays.ts';
import type { DeskPorts } from '../../../flows/session/desk.ts';
import { uncertainRevocation } from '../../../flows/procedures/uncertain-revocation.ts';
import { startDesk } from '../../../flows/session/facade.ts';
import type { CitizenCommand, OperatorCommand } from '../../../flows/session/status.ts';
import type { Front, World } from './kiosk.ts';

const profile: Profile = readProfile();

function readProfile(): Profile {
  const parsed = parseProfile(JSON.parse(readFileSync('flows/procedures/profiles/emilia-romagna.json', 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

const document: IdentityDocument = { type: 'identity-card', number: 'CA00000AA', issuingBody: 'Comune di Bologna', expires: '2030-01-01' };

const odd: readonly [CitizenCommand | OperatorCommand, ...(CitizenCommand | OperatorCommand)[]] = [
  { type: 'cancel' },
  { type: 'wish' },
  { type: 'taken' },
  { type: 'stay' },
  { type: 'change-contact' },
  { type: 'resend-code' },
  { type: 'refuse', reason: 'document-mismatch' },
  { type: 'hand-over', handedOver: true },
  { type: 'hand-over', handedOver: false },
  { type: 'identified', document },
];

/** The whole desk. Mostly the citizen and the operator do what the screen asks for, sometimes something else, sometimes nothing. */
export function deskFront(ports: DeskPorts, { card, operators, chance, time, printer, site }: World): Front {
  const desk = startDesk(
    ports,
    {
      profile,
      desk: 'health-authority',
      operations: carriedOut,
      siteName: 'Sportello di prova',
      uncertainRevocation: uncertainRevocation.parse({}),
      handOverEvidence: site.handOverEvidence,
      printAttempts: site.printAttempts,
      envelope: noEnvelopeRules,
      signatureRelay: signatureRelayPolicy,
      delays: {
        ...fixedDelays,
        reprintWait: 180_000,
        idle: 60_000,
        idleWarning: 30_000,
        operatorWait: 600_000,
        collect: 120_000,
        collectWithoutCard: 20_000,
      },
    },
    { screen: () => undefined, event: () => undefined, unexpected: () => undefined, stopped: () => undefined, unresolved: () => undefined },
    { clock: time },
  );
  const cardIn = (): boolean => card.state.state !== 'empty';

  function pull(): string {
    if (!cardIn()) return 'waits';
    card.remove();
    return 'card out';
  }

  function does(command: CitizenCommand | OperatorCommand): string {
    desk.send(command);
    return command.type;
  }

  /** What the screen asks for. */
  function asked(comes: () => boolean): string {
    if (desk.operator().waiting?.task === 'reprint')
      return does(chance.happens(0.2) ? { type: 'no-reprint' } : { type: 'reprint', slip: 'destroyed' });
    switch (desk.citizen().screen) {
      case 'welcome':
        if (cardIn() || !comes()) return 'waits';
        card.insert();
        return 'card in';
      case 'recognised':
        return does({ type: 'wish' });
      case 'notice':
        return does({ type: 'notice-read' });
      case 'operator':
        return does({ type: 'identified', document });
      case 'contact':
        return does({ type: 'contact', email: 'mario@example.org', language: 'it' });
      case 'contact-code':
        return does({ type: 'contact-code', code: Secret.fromText(chance.happens(0.1) ? '000000' : '123456') });
      case 'collect':
        if (printer.take()) return 'takes the slip';
        return does({ type: 'hand-over', handedOver: !chance.happens(0.1) });
      case 'done':
      case 'stopped':
      case 'card-forgotten':
        return pull();
      default:
        return 'waits';
    }
  }

  return {
    idle: () => desk.citizen().screen === 'welcome' && !cardIn(),
    serving: () => desk.citizen().sessionId,
    act(comes) {
      if (chance.happens(0.04)) return pull();
      if (chance.happens(0.05)) return does(chance.pick(odd));
      if (chance.happens(0.03)) operators.signOff();
      return asked(comes);
    },
    leave: () => card.remove(),
    stop: () => desk.stop(),
  };
}
