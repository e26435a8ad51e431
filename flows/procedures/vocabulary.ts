/** The words in which rules and requests speak (the field terms of the command line, `sportello procedure decide`). */
export const deskTypes = ['pharmacy', 'health-authority', 'municipality', 'regional-office', 'space-region'] as const;
export const places = [...deskTypes, 'call-centre', 'web'] as const;
export const operations = [
  'activation',
  'reissue',
  'renewal',
  'suspension',
  'reactivation',
  'revocation',
  'interop-activation',
  'interop-duplicate',
  'interop-revocation',
  'signature-certificate',
  'reader-handout',
  'pin-unblock',
  'validity-extension',
] as const;
export const holderCases = ['adult', 'minor', 'emancipated-minor', 'ward', 'delegate'] as const;
export const identificationModes = ['local-operator', 'remote-video', 'prior-card', 'user-code', 'none'] as const;
export const relations = ['holder', 'parent', 'guardian', 'spouse', 'child', 'relative', 'other'] as const;
export const forms = [
  'request',
  'delegation',
  'representative',
  'kinship',
  'parental-authority',
  'guardianship',
  'court-papers',
  'emancipation-proof',
  'signature-request',
  'reader-request',
  'validity-extension',
] as const;
export const reasons = ['theft', 'loss', 'compromise', 'malfunction', 'data-error'] as const;
/** Of a theft or loss. */
export const lossProofs = ['police-report', 'self-certification'] as const;
export const cardStatuses = ['active', 'suspended', 'revoked', 'expired'] as const;
export const channels = ['email', 'sms'] as const;

export type DeskType = (typeof deskTypes)[number];
export type Place = (typeof places)[number];
export type Operation = (typeof operations)[number];
export type HolderCase = (typeof holderCases)[number];
export type IdentificationMode = (typeof identificationModes)[number];
export type Form = (typeof forms)[number];

/** Whether an operator compares the applicant with a document, here or by video. */
export function isIdentifiedByOperator(mode: IdentificationMode): boolean {
  return mode === 'local-operator' || mode === 'remote-video';
}
