import { describe, expect, test } from 'vitest';
import { decide } from '../../../flows/procedures/decide.ts';
import { type Asked, asking, profileOf, refusalsOf, represented } from './requests.ts';

const profile = profileOf('sardegna');
const { minor, ward, delegate, 'emancipated-minor': emancipated } = represented;
const medical = (months: number, mentionsDiagnosis = false) => ({
  evidence: { ...delegate.evidence, medicalCertificate: { months, mentionsDiagnosis } },
});
const web = { desk: 'web', identification: 'user-code' } as const;
const callCentre = { desk: 'call-centre', identification: 'user-code' } as const;
const foreign = { card: { ownRegion: false } } as const;
const reader = { operation: 'reader-handout', evidence: { forms: ['reader-request'] } } satisfies Asked;
const signature = { operation: 'signature-certificate', evidence: { forms: ['signature-request'] } } satisfies Asked;
const prior = { status: 'active', sameIssuer: true, activatedInPerson: true, pinVerified: true } as const;
const renewal = { operation: 'renewal', desk: 'web', identification: 'prior-card' } as const;

/** What is refused, by its rules and the sources they cite; an empty list is allowed. */
const rows: [string, Asked, string[]][] = [
  ['OP-ISS: an adult at a health authority', {}, []],
  ['ACT-04: at a pharmacy', { desk: 'pharmacy' }, []],
  ['ACT-04: at a regional office', { desk: 'regional-office' }, []],
  ['ACT-08: not at a municipality', { desk: 'municipality' }, ['ACT-08 SAR 2.3, 9.3']],
  ['ACT-08: not on the web', { desk: 'web' }, ['ACT-08 SAR 2.3, 9.3']],
  ['ACT-11: not before the manual', { date: '2022-03-02' }, ['ACT-11 SAR']],
  ['ACT-11: on its very day', { date: '2022-03-03' }, []],
  ['COD-01: another person for an adult', { applicant: { relation: 'spouse' } }, ['COD-01 Codice civile art. 2']],
  ['1.8: without a stated will', { applicant: { will: undefined } }, ['C24 SAR 9.3.2(3)']],
  ['ACT-06: identified by nobody', { identification: 'none' }, ['ACT-06 SAR 2.3, 9.3']],
  ['OP-REM: not by video', { identification: 'remote-video' }, ['OP-REM [P] OP-REM: LOM; GUIDE']],

  ['DOC-01: no document', { applicant: { document: undefined } }, ['DOC-01 SAR 6.1.2; DPR 445/2000 art. 35']],
  ['DOC-01: through its last day', { applicant: { document: { type: 'passport', expires: '2026-11-26' } } }, []],
  [
    'DOC-01: the day after',
    { applicant: { document: { type: 'passport', expires: '2026-11-25' } } },
    ['DOC-01 DPR 445/2000 art. 35; DOC-01'],
  ],
  ['DOC-01: the last day of February', { date: '2028-02-29', applicant: { document: { type: 'passport', expires: '2028-02-29' } } }, []],
  ['DOC-02: a pension book without expiry', { applicant: { document: { type: 'pension-book', expires: null } } }, []],
  [
    'DOC-02: an identity card without expiry',
    { applicant: { document: { type: 'identity-card', expires: null } } },
    ['DOC-02 [P] DOC-02: some listed documents carry no expiry'],
  ],

  ['adult: eighteen on the very day', { card: { holderBirthDate: '2008-11-26' } }, []],
  ['C4: eighteen tomorrow', { card: { holderBirthDate: '2008-11-27' } }, ['C4 Codice civile art. 2']],
  ['C4: born on 29 February, not yet on 28', { date: '2026-02-28', card: { holderBirthDate: '2008-02-29' } }, ['C4 Codice civile art. 2']],
  ['adult: born on 29 February, on 1 March', { date: '2026-03-01', card: { holderBirthDate: '2008-02-29' } }, []],

  ['C8: without the card', { card: { shown: false } }, ['C8 SAR 9.3.1']],
  ['OP-CRD: a card without chip', { card: { chip: false } }, ['OP-CRD SAR 9.7.1 (OP-CRD)']],
  ['OP-RDT: data that differ', { card: { holderMatchesDocument: false } }, ['OP-RDT SAR 9.3.2(5), 9.3.3(4) (C19)']],
  ['C23: a card of another region', foreign, ['C23 SAR 9.3.1']],
  ['OP-ISS: a revoked card', { card: { status: 'revoked' } }, ['OP-ISS SAR 9.3.1']],
  ['OP-ISS: an expired card', { card: { status: 'expired' } }, ['OP-ISS SAR 9.3.1']],
  ['OP-ISS: a suspended card', { card: { status: 'suspended' } }, ['OP-ISS SAR 9.3.1']],
  ['OP-ISS: one that is active already', { card: { activated: true } }, ['OP-ISS SAR 9.3.1']],
  ['COD-15: new codes', { operation: 'reissue', card: { activated: true } }, []],
  ['COD-15: new codes for a card that never had any', { operation: 'reissue', card: { activated: false } }, ['OP-REI SAR 9.3.1']],

  ['minor: a parent', minor, []],
  ['minor: at a pharmacy', { ...minor, desk: 'pharmacy' }, []],
  ['C4: a minor without parental authority', { ...minor, evidence: { forms: [] } }, ['C4 SAR 9.3.4']],
  ['C4: a minor with somebody else', { ...minor, applicant: { relation: 'other' } }, ['C4 SAR 6.4, 9.3.4']],
  ['C4: a minor who comes of age today', { ...minor, card: { holderBirthDate: '2008-11-26' } }, ['C4 Codice civile art. 2']],
  ['C4: web × minor', { ...minor, desk: 'web', identification: 'none' }, ['C4 SAR 2.3, 9.3']],
  ['emancipated minor', emancipated, []],
  ['C4: emancipated without proof', { ...emancipated, evidence: { forms: [] } }, ['C4 SAR 6.4']],
  ['ward: a guardian', ward, []],
  ['C5: a ward without papers', { ...ward, evidence: { forms: [] } }, ['C5 SAR 9.3.5']],
  ['C5: a ward with a parent', { ...ward, applicant: { relation: 'parent' } }, ['C5 SAR 6.4, 9.3.5']],
  ['C7: a delegate, anyone', { ...delegate, applicant: { relation: 'other' } }, []],
  ['C7: the holder is no delegate', { ...delegate, applicant: { relation: 'holder' } }, ['C7 SAR 6.4.4 (C7)']],
  ['C6: exactly three months', { ...delegate, ...medical(3) }, ['C6 SAR 6.4.4 (C6)']],
  ['C6: a little more than three months', { ...delegate, ...medical(3.01) }, []],
  ['C6: less than three months', { ...delegate, ...medical(2) }, ['C6 SAR 6.4.4 (C6)']],
  ['C9: a diagnosis', { ...delegate, ...medical(6, true) }, ['C9 SAR 6.4.4 (C6)']],
  ['C9: no certificate', { ...delegate, evidence: { ...delegate.evidence, medicalCertificate: undefined } }, ['C9 SAR 6.4.4 (C6)']],
  ['COD-01: no delegation', { ...delegate, evidence: { ...delegate.evidence, forms: [] } }, ['COD-01 SAR 6.4.4']],
  [
    'DOC-01: no copy of the delegator’s document',
    { ...delegate, evidence: { ...delegate.evidence, holderDocumentCopy: false } },
    ['DOC-01 SAR 6.4.4'],
  ],
  ['C8: the delegator’s card is needed', { ...delegate, card: { shown: false } }, ['C8 SAR 9.3.1']],

  ['OP-INT-ACT: at a health authority', { operation: 'interop-activation', ...foreign }, []],
  [
    'OP-INT-ACT: at a regional office, by delegate',
    { operation: 'interop-activation', desk: 'regional-office', ...delegate, ...foreign },
    [],
  ],
  ['OP-INT-ACT: never at a pharmacy', { operation: 'interop-activation', desk: 'pharmacy', ...foreign }, ['OP-INT-ACT SAR 8']],
  ['OP-INT-DUP: never at a pharmacy', { operation: 'interop-duplicate', desk: 'pharmacy', ...foreign }, ['OP-INT-DUP SAR 8']],
  [
    'OP-INT-REV: never at a pharmacy',
    { operation: 'interop-revocation', desk: 'pharmacy', reason: 'malfunction', ...foreign },
    ['OP-INT-REV SAR 8'],
  ],
  ['OP-INT-ACT: a card of this region', { operation: 'interop-activation' }, ['OP-INT-ACT SAR 9.3.1']],
  ['C14: the second part by mail', { operation: 'interop-activation', contact: { email: undefined }, ...foreign }, ['C14 SAR 9.3.3(6)']],
  ['OP-INT-DUP: of an active card', { operation: 'interop-duplicate', card: { ownRegion: false, activated: true } }, []],
  ['OP-INT-REV: lost, without proof', { operation: 'interop-revocation', reason: 'loss', ...foreign }, ['OP-INT-REV SAR 8, 9.7.1']],

  ['OP-SUS: at a pharmacy', { operation: 'suspension', desk: 'pharmacy', reason: 'theft' }, []],
  ['OP-SUS: on the web by user code', { operation: 'suspension', reason: 'loss', ...web }, []],
  ['OP-SUS: by telephone', { operation: 'suspension', reason: 'compromise', ...callCentre }, []],
  ['OP-SUS: without a reason', { operation: 'suspension' }, ['OP-SUS SAR 9.5']],
  ['OP-SUS: for a malfunction', { operation: 'suspension', reason: 'malfunction' }, ['OP-SUS SAR 9.5']],
  ['OP-SUS: twice', { operation: 'suspension', reason: 'loss', card: { status: 'suspended' } }, ['OP-SUS SAR 9.3.1']],
  ['COD-05: on the web by nothing', { operation: 'suspension', reason: 'loss', desk: 'web', identification: 'none' }, ['ACT-06 SAR 9.5']],
  ['COD-05: at a desk by user code', { operation: 'suspension', reason: 'loss', identification: 'user-code' }, ['COD-05 SAR 9.5']],
  ['OP-REA: at a desk', { operation: 'reactivation', card: { status: 'suspended' } }, []],
  ['OP-REA: on the web', { operation: 'reactivation', card: { status: 'suspended' }, ...web }, []],
  ['OP-REA: by telephone, removed', { operation: 'reactivation', card: { status: 'suspended' }, ...callCentre }, ['OP-REA SAR 1.1, 9.6']],
  ['OP-REA: a revoked card', { operation: 'reactivation', card: { status: 'revoked' } }, ['OP-REA SAR 9.3.1']],
  ['OP-REA: a card that is not suspended', { operation: 'reactivation' }, ['OP-REA SAR 9.3.1']],
  ['OP-REV: a malfunction', { operation: 'revocation', reason: 'malfunction' }, []],
  ['OP-REV: theft with a police report', { operation: 'revocation', reason: 'theft', evidence: { lossProof: 'police-report' } }, []],
  [
    'OP-REV: loss with a self-certification',
    { operation: 'revocation', reason: 'loss', evidence: { lossProof: 'self-certification' } },
    [],
  ],
  ['OP-REV: theft without either', { operation: 'revocation', reason: 'theft' }, ['OP-REV SAR 9.7.1']],
  ['OP-REV: loss without either', { operation: 'revocation', reason: 'loss' }, ['OP-REV SAR 9.7.1']],
  ['OP-REV: desk only', { operation: 'revocation', reason: 'malfunction', ...web }, ['OP-REV SAR 9.7.1']],
  ['OP-REV-E: errors are the issuer’s', { operation: 'revocation', reason: 'data-error' }, ['OP-REV-E SAR 9.7.1']],

  ['OP-SIG: an adult', signature, []],
  ['OP-SIG: without the signed form', { operation: 'signature-certificate' }, ['OP-SIG SAR 9.3.2(8)']],
  ['OP-SIG: × interop', { ...signature, ...foreign }, ['C23 SAR 9.3.1']],
  ['OP-SIG: × suspended', { ...signature, card: { status: 'suspended' } }, ['OP-SIG SAR 9.3.1']],
  ['OP-SIG: × revoked', { ...signature, card: { status: 'revoked' } }, ['OP-SIG SAR 9.3.1']],
  ...(['minor', 'emancipated-minor', 'ward', 'delegate'] as const).map((name): (typeof rows)[number] => {
    const { evidence, ...rest } = represented[name];
    const asked: Asked = {
      ...rest,
      operation: 'signature-certificate',
      evidence: { ...evidence, forms: [...evidence.forms, 'signature-request'] },
    };
    return [`OP-SIG: × ${name}`, asked, ['OP-SIG SAR 7, 6.4, 9.1.3, 9.3.4-6']];
  }),
  ['OP-RDR: the household’s first', reader, []],
  ['OP-RDR: the household’s second', { ...reader, evidence: { ...reader.evidence, householdHasReader: true } }, ['OP-RDR SAR 9.3.2(10)']],
  ['OP-RDR: without the form', { operation: 'reader-handout' }, ['OP-RDR SAR 9.3.2(10)']],
  ['OP-PUK: with a chip', { operation: 'pin-unblock' }, []],
  ['OP-PUK: without', { operation: 'pin-unblock', card: { chip: false } }, ['OP-CRD SAR 9.7.1 (OP-CRD)']],
  ['OP-EXT: not here', { operation: 'validity-extension', date: '2023-06-01' }, ['OP-EXT [P] OP-EXT: LOM only']],

  ['OP-OLD: by the prior card', { ...renewal, card: { priorCard: prior } }, []],
  ...(
    [
      ['revoked', { ...prior, status: 'revoked' }],
      ['of another issuer', { ...prior, sameIssuer: false }],
      ['activated by proxy', { ...prior, activatedInPerson: false }],
      ['its PIN not verified', { ...prior, pinVerified: false }],
    ] as const
  ).map(([name, priorCard]): (typeof rows)[number] => [
    `OP-OLD: ${name}`,
    { ...renewal, card: { priorCard } },
    ['OP-OLD [W] procedures.md 2.1: same issuer, in person, no proxy'],
  ]),
];

test.each(rows)('%s', (_, differs, expected) => {
  expect(refusalsOf(asking(differs))).toEqual(expected);
});

test('C8: nothing said of a card', () => {
  expect(refusalsOf({ ...asking({}), card: undefined })).toEqual(['C8 SAR 9.3.1']);
});

describe('steps', () => {
  const citations = (differs: Asked) => decide(profile, asking(differs)).steps.map(({ citation }) => citation);
  const step = (number: number | string) => `SAR 9.3.2(${number})`;

  test('SEQ-ENV: the eleven steps, after identification', () => {
    expect(citations({})).toEqual(['SAR 6.1', ...Array.from({ length: 11 }, (_, index) => step(index + 1))]);
  });
  test.each([
    ['SEQ-MIN', minor],
    ['SEQ-WRD', ward],
    ['SEQ-DEL', delegate],
  ])('%s: without 5 and 8, with our own check in place (C10)', (_, differs) => {
    const given = citations(differs);
    expect(given.slice(0, 5)).toEqual(['SAR 6.1', step(1), step(2), step(3), step(4)]);
    expect(given[5]).toBe('[P] C10');
    expect(given.slice(6)).toEqual([step(6), step(7), step(9), step(10), step(11)]);
  });
  test('an emancipated minor: all but the signature', () => {
    expect(citations(emancipated)).not.toContain(step(8));
    expect(citations(emancipated)).toContain(step(5));
  });
  test('SEQ-INT: only a delegate signs (6a)', () => {
    const interop = { operation: 'interop-activation', card: { ownRegion: false } } as const;
    expect(citations(interop)).toEqual(['SAR 6.1', ...[1, 2, 3, 4, 5, 6].map((number) => `SAR 9.3.3(${number})`)]);
    expect(citations({ ...delegate, ...interop }).at(-1)).toBe('SAR 9.3.3(6a)');
  });
});
