import type { Demand } from './demand.ts';
import type { OperationRule, Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import type { IdentificationMode, Operation } from './vocabulary.ts';
import { casesIt, operationsIt, placesIt } from './words.ts';
import { rulesOfCases } from './who.ts';

/** The row of procedures.md, 1.3, that speaks of an operation. */
export const rulesOfOperations: Readonly<Record<Operation, string>> = {
  activation: 'OP-ISS',
  reissue: 'OP-REI',
  renewal: 'OP-OLD',
  suspension: 'OP-SUS',
  reactivation: 'OP-REA',
  revocation: 'OP-REV',
  'interop-activation': 'OP-INT-ACT',
  'interop-duplicate': 'OP-INT-DUP',
  'interop-revocation': 'OP-INT-REV',
  'signature-certificate': 'OP-SIG',
  'reader-handout': 'OP-RDR',
  'pin-unblock': 'OP-PUK',
  'validity-extension': 'OP-EXT',
};

const rulesOfModes: Readonly<Record<IdentificationMode, string>> = {
  'local-operator': 'ACT-06',
  'remote-video': 'OP-REM',
  'prior-card': 'OP-OLD',
  'user-code': 'COD-05',
  none: 'ACT-06',
};

/** Who may not at a place: an operation of its own kind says so itself, otherwise the case's point does. */
const speaksForItself: readonly Operation[] = ['signature-certificate', 'renewal', 'pin-unblock'];

/** Whether this place does this operation, for this case, with this way of identifying. */
export function placeDemands(profile: Profile, rule: OperationRule, request: ProcedureRequest): readonly Demand[] {
  const { desk, operation, case: holderCase, identification } = request;
  const here = rule.places[desk];
  const own = rulesOfOperations[operation];
  if (here === undefined) {
    const id = operation === 'activation' || operation === 'reissue' ? (holderCase === 'minor' && desk === 'web' ? 'C4' : 'ACT-08') : own;
    return [
      {
        rule: id,
        text: `Qui non si fa ${operationsIt[operation]}: ${placesIt[desk]} non è previsto.`,
        citation: rule.citation,
        met: false,
      },
    ];
  }
  const video = profile.remoteVideo;
  return [
    {
      rule: speaksForItself.includes(operation) ? own : rulesOfCases[holderCase],
      text: `${operationsIt[operation]} ${placesIt[desk]} non è prevista per: ${casesIt[holderCase]}.`.replace(/^l/, 'L'),
      citation: here.citation,
      met: here.cases.includes(holderCase),
    },
    {
      rule: rulesOfModes[identification],
      text: 'Chi si presenta deve essere riconosciuto in un altro modo.',
      citation: identification === 'remote-video' ? video.citation : here.citation,
      met: here.modes.includes(identification) && (identification !== 'remote-video' || video.absent !== true),
    },
  ];
}
