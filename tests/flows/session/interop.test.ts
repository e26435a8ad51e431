import { describe, expect, test } from 'vitest';
import { signedAtHandOver } from '../../../flows/procedures/hand-over.ts';
import { isOffered } from '../../../flows/procedures/offer.ts';
import { uncertainRevocation } from '../../../flows/procedures/uncertain-revocation.ts';
import { readProfile } from '../../../kiosk/procedures/profiles.ts';
import { FakeJournal } from '../fakes.ts';
import { document, startTestDesk } from './desk-harness.ts';

const sardegna = ((profile) => {
  if (!profile.ok) throw new Error('the profile does not read');
  return profile.value;
})(readProfile('sardegna'));

describe('SAR 8: codes for a card of another region', () => {
  test.each(['interop-activation', 'interop-duplicate'] as const)(
    'OP-INT: %s goes by the operator, in two parts though the region has envelopes (SAR 9.3.3), and is called so to the CMS',
    async (operation) => {
      const { desk, goTo, send, code, cms, journal, screen } = startTestDesk(new FakeJournal(), sardegna);
      const reserved: string[] = [];
      const { reserve } = cms;
      cms.reserve = (request, signal) => {
        reserved.push(request.operation);
        return reserve(request, signal);
      };
      await goTo('recognised');
      expect(await send({ type: 'wish', operation })).toBe(true);
      await send({ type: 'notice-read' });
      expect(desk.operator().waiting).toMatchObject({ task: 'identify', operation });
      await send({ type: 'identified', document });
      expect(screen()).toBe('contact');
      await send({ type: 'contact', email: 'mario@example.org', language: 'it' });
      await send(code('123456'));
      expect(desk.operator().waiting).toMatchObject({ task: 'hand-over', signed: null });
      await send({ type: 'hand-over', handedOver: true });
      expect(screen()).toBe('done');
      expect(reserved).toEqual([operation]);
      expect(journal.entries[0]?.row).toMatchObject({ kind: 'OP_OPEN', operation });
    },
  );

  test.each([
    ['delegate', { text: 'Il delegato firma il modulo stampato.', citation: 'SAR 9.3.3(6a)' }],
    ['minor', null],
    ['adult', null],
  ] as const)('C24, SAR 9.3.3(6a): who takes the first part signs as a delegate, and nobody else does: %s', (holderCase, signed) => {
    expect(signedAtHandOver(sardegna, 'interop-activation', holderCase)).toEqual(signed);
    expect(signedAtHandOver(sardegna, 'activation', holderCase)).toBeNull();
  });

  test.each(['interop-activation', 'interop-duplicate'] as const)(
    '%s is offered never at a pharmacy, nor for this region’s cards',
    (operation) => {
      const card = { status: 'active', secondsPastEnd: null, issuer: '0080' } as const;
      const offered = (desk: Parameters<typeof isOffered>[1], issuer = card.issuer as string): boolean =>
        isOffered(sardegna, desk, operation, { ...card, issuer }, uncertainRevocation.parse({}));
      expect(offered('health-authority')).toBe(true);
      expect(offered('pharmacy')).toBe(false);
      expect(offered('health-authority', '0200')).toBe(false);
    },
  );
});
