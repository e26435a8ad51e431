import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { decide } from '../../../flows/procedures/decide.ts';
import { type Profile, parseProfile } from '../../../flows/procedures/profile.ts';
import { procedureRequest, type ProcedureRequest } from '../../../flows/procedures/request.ts';

export function profileOf(id: string): Profile {
  const parsed = parseProfile(JSON.parse(readFileSync(`flows/procedures/profiles/${id}.json`, 'utf8')));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

type Deep<T> = T extends readonly unknown[] ? T : T extends object ? { [Key in keyof T]?: Deep<T[Key]> | undefined } : T;

export type Asked = Deep<ProcedureRequest>;

/** Of the request that an adult makes in person with everything at hand, what differs. */
export function asking(differs: Asked): ProcedureRequest {
  const { applicant, card, contact, evidence, ...rest } = differs;
  return procedureRequest.parse({
    profile: 'sardegna',
    desk: 'health-authority',
    operation: 'activation',
    case: 'adult',
    identification: 'local-operator',
    date: '2026-11-26',
    ...rest,
    applicant: { relation: 'holder', document: { type: 'identity-card', expires: '2030-01-01' }, will: true, ...applicant },
    evidence: { forms: [], ...evidence },
    card: { shown: true, chip: true, status: 'active', ownRegion: true, holderMatchesDocument: true, ...card },
    contact: { email: 'holder@example.org', mobile: '+39 333 0000000', ...contact },
  });
}

/** The rules that refuse a request; an empty list is allowed. */
export function refusalsOf(request: ProcedureRequest): string[] {
  const { allowed, refusals } = decide(profileOf(request.profile), request);
  expect(allowed).toBe(refusals.length === 0);
  return refusals.map(({ rule, citation }) => `${rule} ${citation}`);
}

/** As `asking`, for somebody who is represented, with all papers of the strictest region. */
export const represented = {
  minor: {
    case: 'minor',
    applicant: { relation: 'parent', ownCardShown: true },
    evidence: { forms: ['parental-authority', 'representative', 'request'] },
    card: { holderBirthDate: '2015-05-05' },
  },
  ward: {
    case: 'ward',
    applicant: { relation: 'guardian' },
    evidence: { forms: ['guardianship', 'court-papers', 'representative', 'request'] },
  },
  delegate: {
    case: 'delegate',
    applicant: { relation: 'spouse' },
    evidence: { forms: ['delegation', 'request'], medicalCertificate: { months: 6, mentionsDiagnosis: false }, holderDocumentCopy: true },
  },
  'emancipated-minor': {
    case: 'emancipated-minor',
    evidence: { forms: ['emancipation-proof', 'request'] },
    card: { holderBirthDate: '2009-05-05' },
  },
} satisfies Record<string, Asked>;
