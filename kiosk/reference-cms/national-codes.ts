import { type Result, err, ok } from '../../devices/result.ts';
import { type RenewalReserve, type Reserve, nationalCodeOperations } from '../../flows/ports/cms.ts';
import type { ProblemType } from '../cms/problems.ts';
import type { ServiceStore } from './service-store.ts';

export function isNational(operation: (Reserve | RenewalReserve)['operation']): boolean {
  return nationalCodeOperations.some((national) => national === operation);
}

/** The national system's side of codes for another region's cards (procedures.md, 2.1; SAR 8), apart from the regional one. */
export function createNationalCodes(store: ServiceStore) {
  return {
    /** Whether the card has had codes; refused where it is none of another region's, or not active, and at pharmacies always. */
    hasHadCodes({ desk, card: shown, applicant }: Pick<Reserve, 'desk' | 'card' | 'applicant'>): Result<boolean, ProblemType> {
      if (desk === 'pharmacy') return err('desk-not-allowed');
      const { fiscalCode, surname, name, birthDate } = applicant;
      const card = store.card({ holder: { fiscalCode, surname, name, birthDate }, card: shown });
      if (card === null) return err('card-unknown');
      if (card.register !== 'national') return err('card-of-another-region');
      return card.status === 'active' ? ok(card.activated) : err('card-state-wrong');
    },
  };
}
