import type { ProcedureRequest } from '../../../flows/procedures/request.ts';
import type { HolderCase, Operation, Place } from '../../../flows/procedures/vocabulary.ts';

/**
 * What procedures.md, 1.9, says, written by hand and not made from any profile: who may where, and what is forbidden whoever asks.
 * Section 2.2 adds minors in Emilia-Romagna and Lazio, suspension in Tuscany, and all of Trento.
 */
const own = ['activation', 'reissue'] as const;
const atHome = ['pin-unblock', 'renewal'] as const;
const everybody: readonly HolderCase[] = ['adult', 'minor', 'emancipated-minor', 'ward', 'delegate'];
const holders: readonly HolderCase[] = ['adult', 'emancipated-minor'];

type Cell = readonly [operations: readonly Operation[], places: readonly Place[], cases: readonly HolderCase[]];

const sardinianDesks = ['pharmacy', 'health-authority', 'regional-office'] as const;
const tuscanDesks = ['pharmacy', 'health-authority', 'municipality', 'regional-office'] as const;
const interop = ['interop-activation', 'interop-duplicate', 'interop-revocation'] as const;

export const matrix: Readonly<Record<string, readonly Cell[]>> = {
  sardegna: [
    [[...own, 'suspension', 'reactivation', 'revocation', 'reader-handout'], sardinianDesks, everybody],
    [['signature-certificate'], sardinianDesks, ['adult']],
    [['suspension', 'reactivation'], ['web'], holders],
    [['suspension'], ['call-centre'], holders],
    [interop, ['health-authority', 'regional-office'], everybody],
  ],
  lombardia: [
    [own, ['health-authority', 'municipality', 'space-region'], ['adult', 'minor', 'ward', 'delegate']],
    [['validity-extension'], ['web'], ['adult']],
  ],
  vda: [
    [own, ['municipality'], ['adult', 'minor', 'delegate']],
    [own, ['health-authority'], ['ward']],
  ],
  'emilia-romagna': [[own, ['health-authority'], ['adult', 'minor']]],
  toscana: [
    [[...own, 'suspension', 'reactivation'], tuscanDesks, ['adult']],
    [['suspension', 'reactivation'], ['web'], ['adult']],
    [['suspension'], ['call-centre'], ['adult']],
    [interop, ['municipality'], ['adult']],
  ],
  lazio: [[own, ['health-authority'], ['adult', 'minor']]],
  trento: [
    [own, ['health-authority', 'regional-office'], ['adult', 'emancipated-minor', 'ward']],
    [['revocation'], ['call-centre'], holders],
  ],
  campania: [[own, ['health-authority'], ['adult']]],
};

/** Whether the matrix has it. Unblocking and renewal stand in no column but the web's: they are the holder's own, anywhere. */
export function inMatrix({ profile, operation, desk, case: holderCase }: ProcedureRequest): boolean {
  if ((atHome as readonly Operation[]).includes(operation)) return holders.includes(holderCase);
  return (matrix[profile] ?? []).some(
    ([operations, places, cases]) => operations.includes(operation) && places.includes(desk) && cases.includes(holderCase),
  );
}

const chipOperations: readonly Operation[] = ['activation', 'reissue', 'signature-certificate', 'pin-unblock', 'renewal'];

/** The forbidden combinations of 1.9: each holds for a request that must be refused. */
export const forbidden: Readonly<Record<string, (request: ProcedureRequest) => boolean>> = {
  'pharmacy × any interop': ({ desk, operation }) => desk === 'pharmacy' && operation.startsWith('interop'),
  'web × minor': ({ desk, case: holderCase }) => desk === 'web' && holderCase === 'minor',
  'minor × no operator': ({ case: holderCase, identification }) =>
    holderCase === 'minor' && identification !== 'local-operator' && identification !== 'remote-video',
  'signature × whoever is no adult': ({ operation, case: holderCase }) => operation === 'signature-certificate' && holderCase !== 'adult',
  'signature × interop': ({ operation, card }) => operation === 'signature-certificate' && card?.ownRegion !== true,
  'signature × suspended or revoked card': ({ operation, card }) =>
    operation === 'signature-certificate' && (card?.status === 'suspended' || card?.status === 'revoked'),
  'ward × municipality in Valle d’Aosta': ({ profile, desk, case: holderCase }) =>
    profile === 'vda' && desk === 'municipality' && holderCase === 'ward',
  'delegate × a certificate with a diagnosis': ({ case: holderCase, evidence }) =>
    holderCase === 'delegate' && evidence.medicalCertificate?.mentionsDiagnosis === true,
  'delegate × impediment of three months or less': ({ profile, case: holderCase, evidence }) =>
    (profile === 'vda' || profile === 'sardegna') && holderCase === 'delegate' && (evidence.medicalCertificate?.months ?? 0) <= 3,
  'Lombard relative beyond the third degree': ({ profile, case: holderCase, applicant }) =>
    profile === 'lombardia' && holderCase === 'delegate' && applicant?.relation === 'relative' && (applicant.degree ?? 9) > 3,
  'Lombard relative out of order': ({ profile, case: holderCase, applicant }) =>
    profile === 'lombardia' && holderCase === 'delegate' && applicant?.relation !== 'spouse' && applicant?.nearerRelativesAbsent !== true,
  'revocation for theft or loss without proof': ({ operation, reason, evidence }) =>
    (operation === 'revocation' || operation === 'interop-revocation') &&
    (reason === 'theft' || reason === 'loss') &&
    evidence.lossProof === undefined,
  'reactivation by call centre': ({ operation, desk }) => operation === 'reactivation' && desk === 'call-centre',
  'reactivation of a revoked card': ({ operation, card }) => operation === 'reactivation' && card?.status === 'revoked',
  'chip operation × no chip': ({ operation, card }) => chipOperations.includes(operation) && card?.chip !== true,
  'any operation × expired document': ({ applicant, date }) => applicant?.document?.expires != null && applicant.document.expires < date,
  'second reader of a household': ({ operation, evidence }) => operation === 'reader-handout' && evidence.householdHasReader === true,
  'extension after its last day': ({ operation, date }) => operation === 'validity-extension' && date > '2023-12-31',
  'minor × Trento': ({ profile, case: holderCase }) => profile === 'trento' && holderCase === 'minor',
  'both parts by the same channel': ({ identification, contact, operation }) =>
    identification === 'remote-video' && (operation === 'activation' || operation === 'reissue') && contact.mobile === undefined,
};
