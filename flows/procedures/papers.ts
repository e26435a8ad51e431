import type { Demand } from './demand.ts';
import type { OperationRule, Paper, Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import { rulesOfOperations } from './place.ts';
import type { HolderCase } from './vocabulary.ts';
import { words } from './words.ts';
import { rulesOfCases } from './who.ts';

/** Forms, certificates and proofs: those of the case, those of the operation, those of recognition by video. */
export function paperDemands(profile: Profile, rule: OperationRule, request: ProcedureRequest): readonly Demand[] {
  return [...casePapers(profile, request), ...videoPapers(profile, request), ...operationPapers(rule, request)];
}

function papersAsDemands(papers: readonly Paper[], rule: string, { evidence }: ProcedureRequest): readonly Demand[] {
  return papers.map(({ anyOf, holderDocumentCopyWillDo, citation }) => {
    const copy = holderDocumentCopyWillDo === true;
    const it = [...anyOf.map((form) => words.it.forms[form]), ...(copy ? ['il documento del titolare'] : [])].join(' oppure ');
    const en = [...anyOf.map((form) => words.en.forms[form]), ...(copy ? ['the holder’s document'] : [])].join(' or ');
    return {
      rule,
      text: `Manca: ${it}.`,
      citation,
      met: anyOf.some((form) => evidence.forms.includes(form)) || (copy && evidence.holderDocumentCopy === true),
      item: { name: [...anyOf, ...(copy ? ['holder-document'] : [])].join(' or '), it, en },
    };
  });
}

function copyDemand(citation: string, { evidence }: ProcedureRequest): Demand {
  return {
    rule: 'DOC-01',
    text: 'Manca il documento valido del titolare, anche in fotocopia.',
    citation,
    met: evidence.holderDocumentCopy === true,
    item: {
      name: 'holder-document-copy',
      it: 'il documento valido del titolare, anche in fotocopia',
      en: 'the valid document of the holder, a photocopy will do',
    },
  };
}

/** What a case's forms prove: who asks, signed (C24), whose parent or guardian one is, that one is delegated. */
const rulesOfPapers: Readonly<Record<HolderCase, string>> = { ...rulesOfCases, adult: 'C24', delegate: 'COD-01' };

function casePapers({ cases }: Profile, request: ProcedureRequest): readonly Demand[] {
  const rule = cases[request.case];
  if (rule.absent === true) return [];
  const demands = [...papersAsDemands(rule.papers, rulesOfPapers[request.case], request)];
  if (!('who' in rule)) return demands;
  if (rule.holderDocumentCopy !== undefined) demands.push(copyDemand(rule.holderDocumentCopy.citation, request));
  return [...demands, ...medicalDemands(rule, request)];
}

function medicalDemands(
  { impediment, citation }: Exclude<Profile['cases']['delegate'], { absent: true }>,
  { evidence: { medicalCertificate } }: ProcedureRequest,
): readonly Demand[] {
  const demands: Demand[] = [];
  if (impediment !== undefined) {
    const { months, inclusive } = impediment;
    const it = `il certificato medico generico, senza diagnosi, di un impedimento di ${inclusive ? 'almeno' : 'più di'} ${months} mesi`;
    const en = `a general medical certificate, without diagnosis, of an impediment of ${inclusive ? 'at least' : 'more than'} ${months} months`;
    demands.push({
      rule: 'C9',
      text: `Manca ${it}.`,
      citation: impediment.citation,
      met: medicalCertificate !== undefined,
      item: { name: 'medical-certificate', it, en },
    });
    if (medicalCertificate !== undefined) {
      const met = inclusive ? medicalCertificate.months >= months : medicalCertificate.months > months;
      demands.push({
        rule: 'C6',
        text: `L’impedimento deve durare ${inclusive ? 'almeno' : 'più di'} ${months} mesi.`,
        citation: impediment.citation,
        met,
      });
    }
  }
  if (medicalCertificate !== undefined) {
    demands.push({
      rule: 'C9',
      text: 'Il certificato riporta una diagnosi: non si può accettare. Serve un certificato generico.',
      citation: impediment?.citation ?? `[P] ${citation}`,
      met: !medicalCertificate.mentionsDiagnosis,
    });
  }
  return demands;
}

function videoPapers({ remoteVideo }: Profile, request: ProcedureRequest): readonly Demand[] {
  if (request.identification !== 'remote-video' || remoteVideo.absent === true) return [];
  return [
    ...papersAsDemands(remoteVideo.papers[request.case], 'OP-REM', request),
    copyDemand(remoteVideo.holderDocumentCopy.citation, request),
  ];
}

function operationPapers(
  { papers, reason: reasons, onePerHousehold, lastDay }: OperationRule,
  request: ProcedureRequest,
): readonly Demand[] {
  const { operation, reason, evidence, date } = request;
  const rule = rulesOfOperations[operation];
  const demands = [...papersAsDemands(papers ?? [], rule, request)];
  if (reasons !== undefined) {
    demands.push({
      // Errors in the personal data are the issuer's to revoke for, not the citizen's.
      rule: reason === 'data-error' && operation !== 'suspension' ? 'OP-REV-E' : rule,
      text: reason === undefined ? 'Bisogna dire il motivo.' : 'Per questo motivo l’operazione non è prevista.',
      citation: reasons.citation,
      met: reason !== undefined && reasons.allowed.includes(reason),
      item: { name: 'reason', it: 'il motivo della richiesta', en: 'the reason of the request' },
    });
    if (reasons.proofOfLossFor.length > 0 && (reason === undefined || reasons.proofOfLossFor.includes(reason))) {
      const it = 'per furto o smarrimento, la copia della denuncia o un’autocertificazione';
      demands.push({
        rule,
        text: `Serve, ${it}.`,
        citation: reasons.citation,
        met: reason === undefined || evidence.lossProof !== undefined,
        item: {
          name: 'police-report or self-certification',
          it,
          en: 'for theft or loss, a copy of the police report or a self-declaration',
        },
      });
    }
  }
  if (onePerHousehold !== undefined) {
    demands.push({
      rule,
      text: 'Il tuo nucleo familiare ha già ricevuto un lettore.',
      citation: onePerHousehold.citation,
      met: evidence.householdHasReader !== true,
    });
  }
  if (lastDay !== undefined) {
    demands.push({ rule, text: 'Il termine è passato.', citation: lastDay.citation, met: date <= lastDay.date });
  }
  return demands;
}
