import { describe, expect, test } from 'vitest';
import { decide } from '../../../flows/procedures/decide.ts';
import { type Asked, asking, profileOf, refusalsOf, represented } from './requests.ts';

const { minor, ward, delegate, 'emancipated-minor': emancipated } = represented;
type Row = [name: string, differs: Asked, refused: string[]];

function table(profile: string, usual: Asked, rows: Row[]): void {
  describe(profile, () => {
    test.each(rows)('%s', (_, differs, refused) => expect(refusalsOf(asking({ profile, ...usual, ...differs }))).toEqual(refused));
  });
}

const relative = (applicant: Asked['applicant']): Asked => ({
  ...delegate,
  applicant,
  evidence: { forms: ['delegation'], holderDocumentCopy: true },
});
const remote = { desk: 'space-region', identification: 'remote-video' } as const;
const copies = (...forms: NonNullable<Asked['evidence']>['forms'] & object): Asked['evidence'] => ({ forms, holderDocumentCopy: true });
const extension = { desk: 'web', operation: 'validity-extension', identification: 'none' } as const;

table('lombardia', {}, [
  ['ACT-08: a Scelta e Revoca office', {}, []],
  ['ACT-08: a municipality', { desk: 'municipality' }, []],
  ['ACT-08: spazioRegione', { desk: 'space-region' }, []],
  ['ACT-08: not a pharmacy', { desk: 'pharmacy' }, ['ACT-08 LOM']],
  ['C14: a mobile will do', { contact: { email: undefined } }, []],
  ['C14: an e-mail will do', { contact: { mobile: undefined } }, []],
  ['C14: neither', { contact: { email: undefined, mobile: undefined } }, ['C14 LOM (C14)']],
  ['C14: a number that is no mobile', { contact: { email: undefined, mobile: '0461 000000' } }, ['C14 LOM (C14)']],
  ['C4: a minor, by the representative’s form', { ...minor, evidence: { forms: ['representative'] } }, []],
  ['C4: a minor, by the form of kinship (Arcore)', { ...minor, evidence: { forms: ['kinship'] } }, []],
  ['C4: a minor without either', { ...minor, evidence: { forms: [] } }, ['C4 LOM']],
  ['C5: a ward', { ...ward, evidence: { forms: ['representative'] } }, []],
  ['C4: emancipated minors are absent', emancipated, ['C4 LOM (ACT-08)', 'C4 [P] LOM: silent']],
  ['C7: the spouse', relative({ relation: 'spouse' }), []],
  ['C7: a child, the spouse being absent', relative({ relation: 'child', nearerRelativesAbsent: true }), []],
  ['C7: a child who does not say so', relative({ relation: 'child' }), ['C7 LOM (C7)']],
  ['C7: a relative of the third degree', relative({ relation: 'relative', degree: 3, nearerRelativesAbsent: true }), []],
  ['C7: of the third degree, who does not say so', relative({ relation: 'relative', degree: 3 }), ['C7 LOM (C7)']],
  ['C7: of the fourth degree', relative({ relation: 'relative', degree: 4, nearerRelativesAbsent: true }), ['C7 LOM (C7)']],
  ['C7: of no stated degree', relative({ relation: 'relative', nearerRelativesAbsent: true }), ['C7 LOM (C7)']],
  ['C7: anybody else (Arcore)', relative({ relation: 'other', nearerRelativesAbsent: true }), ['C7 LOM (C7)']],
  ['C6: no least impediment', { ...relative({ relation: 'spouse' }) }, []],
  [
    'C9: a diagnosis is refused though no certificate is asked for',
    { ...delegate, evidence: { ...delegate.evidence, medicalCertificate: { months: 1, mentionsDiagnosis: true } } },
    ['C9 [P] LOM (C7)'],
  ],
  ['OP-REM: by video', { ...remote, evidence: copies('request') }, []],
  ['OP-REM: not elsewhere', { ...remote, desk: 'municipality', evidence: copies('request') }, ['OP-REM LOM; GUIDE (OP-REM, COD-17)']],
  ['OP-REM: without the form', { ...remote, evidence: copies() }, ['OP-REM LOM (OP-REM)']],
  ['OP-REM: without the copies', { ...remote, evidence: { forms: ['request'] } }, ['DOC-01 LOM (OP-REM)']],
  [
    'C13: both parts by e-mail',
    { ...remote, evidence: copies('request'), contact: { mobile: undefined } },
    ['C13 LOM; GUIDE (OP-REM, COD-17)'],
  ],
  [
    'COD-17: nowhere for the first part',
    { ...remote, evidence: copies('request'), contact: { email: undefined } },
    ['COD-17 LOM; GUIDE (OP-REM, COD-17)'],
  ],
  ['OP-EXT: on its last day', { ...extension, date: '2023-12-31' }, []],
  ['OP-EXT: the day after', { ...extension, date: '2024-01-01' }, ['OP-EXT LOM: to 31 Dec 2023']],
  [
    'OP-EXT: a revoked card',
    { ...extension, date: '2023-06-01', card: { status: 'revoked' } },
    ['OP-EXT [P] C8; card facts of procedures.md 1.3'],
  ],
  ['OP-SUS: absent', { operation: 'suspension', reason: 'loss' }, ['OP-SUS LOM: silent']],
]);

table('vda', { desk: 'municipality' }, [
  ['ACT-08: the registry office', {}, []],
  ['ACT-08: an adult at the AUSL', { desk: 'health-authority' }, ['ACT-08 VDA: wards at AUSL desks only']],
  ['C5: a ward at the AUSL', { ...ward, desk: 'health-authority' }, []],
  ['C5: ward × municipality', ward, ['C5 VDA (ACT-08)']],
  ['C5: a self-certification is no court paper', { ...ward, desk: 'health-authority', evidence: { forms: ['guardianship'] } }, ['C5 VDA']],
  ['C4: a minor with the parent’s card', minor, []],
  ['C4: a minor without it', { ...minor, applicant: { relation: 'parent' } }, ['C4 VDA']],
  ['C4: who acts as a parent', { ...minor, applicant: { relation: 'guardian', ownCardShown: true } }, []],
  ['C14: e-mail is mandatory', { contact: { email: undefined } }, ['C14 VDA (C14)']],
  ['C7: a delegate, anyone', { ...delegate, applicant: { relation: 'other' } }, []],
  [
    'C6: exactly three months',
    { ...delegate, evidence: { ...delegate.evidence, medicalCertificate: { months: 3, mentionsDiagnosis: false } } },
    ['C6 VDA (C6)'],
  ],
  ['OP-INT-ACT: absent', { operation: 'interop-activation', card: { ownRegion: false } }, ['OP-INT-ACT VDA: silent']],
]);

table('emilia-romagna', {}, [
  ['ACT-08: an AUSL desk', {}, []],
  ['ACT-08: not a pharmacy', { desk: 'pharmacy' }, ['ACT-08 GUIDE']],
  ['C4: a parent may act', minor, []],
  ['C14: e-mail is mandatory', { contact: { email: undefined } }, ['C14 ausl.re.it [W]: card, identity document and e-mail']],
  ['C7: delegation is absent', delegate, ['C7 GUIDE (ACT-08): AUSL desks; ausl.re.it [W]', 'C7 [P] GUIDE: silent']],
]);

table('toscana', {}, [
  ...(['pharmacy', 'health-authority', 'municipality', 'regional-office'] as const).map((desk): Row => [`ACT-08: ${desk}`, { desk }, []]),
  ['C1: an envelope asks for no contact', { contact: { email: undefined, mobile: undefined } }, []],
  [
    'OP-INT-ACT: never at a pharmacy',
    { desk: 'pharmacy', operation: 'interop-activation', card: { ownRegion: false } },
    ['OP-INT-ACT firenzetoday.it [W]'],
  ],
  ['OP-INT-ACT: at a municipality', { desk: 'municipality', operation: 'interop-activation', card: { ownRegion: false } }, []],
  [
    'OP-SUS: by telephone with the user code',
    { desk: 'call-centre', operation: 'suspension', identification: 'user-code', reason: 'theft' },
    [],
  ],
  [
    'OP-REA: by telephone',
    { desk: 'call-centre', operation: 'reactivation', identification: 'user-code', card: { status: 'suspended' } },
    ['OP-REA 159.213.235.16/-/riattivazione [W]'],
  ],
]);

table('lazio', { evidence: { forms: ['request'] } }, [
  ['ACT-08: an ASL desk', {}, []],
  ['C24: without the signed form', { evidence: { forms: [] } }, ['C24 cns.regione.lazio.it [W]']],
  [
    'DOC-01: a document outside its list',
    { applicant: { document: { type: 'pension-book', expires: '2030-01-01' } } },
    ['DOC-01 cns.regione.lazio.it [W]: three documents; which ones is [P]'],
  ],
  ['C4: a minor by self-certification', { ...minor, evidence: { forms: ['request', 'parental-authority'] } }, []],
  ['C4: a minor by the minor’s own document', { ...minor, evidence: copies('request') }, []],
  ['C4: a minor without proof', { ...minor, evidence: { forms: ['request'] } }, ['C4 cns.regione.lazio.it [W]']],
  ['C5: wards: the papers are not stated', ward, ['C5 GUIDE (ACT-08)', 'C5 [P] C5: papers not stated']],
]);

table('campania', {}, [
  ['ACT-08: an ASL desk', {}, []],
  ['C14: an ordinary e-mail', { contact: { pec: false } }, []],
  ['C14: a certified one', { contact: { pec: true } }, []],
  ['C4: minors are absent', minor, ['C4 GUIDE (ACT-08)', 'C4 [P] GUIDE: silent']],
]);

table('trento', {}, [
  ['ACT-08: a desk of the Province', { desk: 'regional-office' }, []],
  ['C4: minors are refused', minor, ['C4 provincia.tn.it [W]; [M] which desks', 'C4 provincia.tn.it [W] (C4)']],
  ['C4: emancipated minors are not', emancipated, []],
  ['C5: a guardian', ward, []],
  ['C14: a mobile will do', { contact: { email: undefined } }, []],
  [
    'C3: a faulty card is revoked by telephone, with the CIP',
    { desk: 'call-centre', operation: 'revocation', identification: 'user-code', reason: 'malfunction' },
    [],
  ],
  [
    'C3: a stolen one is not',
    {
      desk: 'call-centre',
      operation: 'revocation',
      identification: 'user-code',
      reason: 'theft',
      evidence: { lossProof: 'police-report' },
    },
    ['OP-REV provincia.tn.it [W]: a faulty card'],
  ],
]);

/** Every point of procedures.md, 1.10, and where the operator reads it. */
const notes: [string, Asked][] = [
  ['C1', {}],
  ['C2', {}],
  ['C3', {}],
  ['C4', { profile: 'lombardia', ...minor }],
  ['C5', ward],
  ['C6', delegate],
  ['C7', { profile: 'lombardia', ...delegate }],
  ['C8', delegate],
  ['C9', delegate],
  ['C10', minor],
  ['C11', { operation: 'reactivation' }],
  ['C12', { profile: 'lombardia' }],
  ['C13', { profile: 'lombardia' }],
  ['C14', { profile: 'campania' }],
  ['C15', { operation: 'reissue' }],
  ['C16', { profile: 'lazio' }],
  ['C17', {}],
  ['C18', { desk: 'pharmacy' }],
  ['C20', {}],
  ['C21', {}],
  ['C22', { operation: 'reader-handout' }],
  ['C23', { profile: 'toscana', operation: 'interop-activation' }],
  ['C24', { profile: 'lazio' }],
];

test.each(notes)('%s is told to the operator', (id, differs) => {
  const request = asking(differs);
  const told = decide(profileOf(request.profile), request).notes.filter((note) => note.startsWith(`${id}: `));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/ \([^ ].{2,}\)$/);
});

test('C19: where to correct data stands in the refusal', () => {
  const { refusals } = decide(profileOf('vda'), asking({ profile: 'vda', desk: 'municipality', card: { holderMatchesDocument: false } }));
  expect(refusals).toMatchObject([
    { rule: 'OP-RDT', text: expect.stringContaining('Agenzia delle Entrate'), citation: expect.stringContaining('C19') },
  ]);
});

test.each([
  ['sardegna', {}, 'envelope', []],
  ['sardegna', { operation: 'interop-activation' }, 'split', ['email']],
  ['lombardia', {}, 'split', ['email', 'sms']],
  ['lombardia', remote, 'split', ['sms']],
  ['vda', {}, 'split', ['email']],
  ['emilia-romagna', {}, 'split', ['email']],
  ['toscana', {}, 'envelope', []],
  ['lazio', {}, 'split', ['email']],
  ['campania', {}, 'split', ['email']],
  ['sardegna', { operation: 'suspension' }, 'none', []],
] as const)('C1: delivery in %s %j is %s %j', (profile, differs, scheme, channels) => {
  expect(decide(profileOf(profile), asking({ profile, ...differs })).delivery).toEqual({ scheme, channels });
});
