import type { Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import { isIdentifiedByOperator, type Operation } from './vocabulary.ts';

const givesCodes: readonly Operation[] = ['activation', 'reissue', 'interop-activation', 'interop-duplicate'];

/** What the operator must know: where sources differ or are silent, and what the kiosk does not carry out itself. Each line begins with its id. */
export function notesOf(profile: Profile, request: ProcedureRequest): readonly string[] {
  const { operation, case: holderCase, desk, identification, applicant } = request;
  const notes: string[] = [];
  const note = (id: string, text: string, citation: string): void => void notes.push(`${id}: ${text} (${citation})`);

  const { delegate } = profile.cases;
  if (holderCase === 'delegate' && delegate.absent !== true && delegate.impediment !== undefined) {
    note('C6', delegate.impediment.legalNote, delegate.impediment.citation);
  }
  for (const [id, point] of Object.entries(profile.points)) {
    if ((point.operations ?? [operation]).includes(operation) && (point.cases ?? [holderCase]).includes(holderCase)) {
      note(id, point.note, point.citation);
    }
  }
  const { withoutExpiry } = profile.identification;
  if (isIdentifiedByOperator(identification) && applicant?.document?.expires === null) {
    note('DOC-02', withoutExpiry.legalNote, withoutExpiry.citation);
  }
  if (givesCodes.includes(operation)) {
    const { third } = profile.codes;
    if (third.absent === true) note('C3', third.note, third.citation);
    else note('C3', `Terzo codice: ${third.name}. ${third.roles.join(' ')}`, third.citation);
    for (const [id, field] of [
      ['C16', profile.oldCard],
      ['C17', profile.duplicateCardProof],
    ] as const) {
      note(id, field.note, field.citation);
    }
  }
  const { fee } = profile;
  if (fee.absent === true || fee.places.some((place) => place === desk)) note('C18', fee.note, fee.citation);
  return notes;
}
