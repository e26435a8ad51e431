import { type Decision, decide } from '../../flows/procedures/decide.ts';
import type { Profile } from '../../flows/procedures/profile.ts';
import type { ProcedureRequest } from '../../flows/procedures/request.ts';
import {
  forms,
  type HolderCase,
  holderCases,
  identificationModes,
  type Operation,
  operations,
  type Place,
  places,
} from '../../flows/procedures/vocabulary.ts';
import { readProfile, faultsLine, profileIds } from './profiles.ts';

/** `docs/procedures.md`: a table a region, desk × operation × case, each allowed or with the rule that refuses, asked of the engine itself. */
export function proceduresPage(): string {
  const regions = profileIds().map((id) => {
    const read = readProfile(id);
    if (!read.ok) throw new Error(`${id}: ${faultsLine(read.error)}`);
    return regionOf(read.value);
  });
  return `# What each region allows

Each cell is asked of the engine with everything at hand that any rule could ask for: **yes** with the ways of identifying that will do (an operator at
the desk where none is named), or the rules that refuse whatever one brings. The ids are those of the domain reference, with their
sources in the profile.

Made from \`flows/procedures/profiles/\`; \`npm run procedures:report\` writes it again, a test fails when it is stale.
${regions.join('')}`;
}

function regionOf(profile: Profile): string {
  const { id, version, regions, sources } = profile;
  const rows = operations.flatMap((operation) => rowsOf(profile, operation));
  return `
## ${regions.join(', ')} (\`${id}\` ${version})

${sources.map(({ name, title }) => `- ${name}: ${title}`).join('\n')}

| operation | desk | ${holderCases.join(' | ')} |
|---|---|${holderCases.map(() => '---|').join('')}
${rows.join('\n')}
`;
}

/** Desks that answer alike share a row. */
function rowsOf(profile: Profile, operation: Operation): string[] {
  const alike = new Map<string, Place[]>();
  for (const desk of places) {
    const cells = holderCases.map((holderCase) => cellOf(profile, desk, operation, holderCase)).join(' | ');
    alike.set(cells, [...(alike.get(cells) ?? []), desk]);
  }
  return [...alike].map(([cells, desks]) => `| ${operation} | ${desks.length === places.length ? 'any' : desks.join(', ')} | ${cells} |`);
}

function cellOf(profile: Profile, desk: Place, operation: Operation, holderCase: HolderCase): string {
  const answers = identificationModes.map((mode) => ({
    mode,
    ...decide(profile, withEverything(profile, desk, operation, holderCase, mode)),
  }));
  const modes = answers.filter(({ allowed }) => allowed).map(({ mode }) => mode);
  if (modes.length > 0) return modes.length === 1 && modes[0] === 'local-operator' ? '**yes**' : `**yes**: ${modes.join(', ')}`;
  const fewest = answers.reduce<Decision>(
    (best, each) => (each.refusals.length < best.refusals.length ? each : best),
    answers[0] as Decision,
  );
  return [...new Set(fewest.refusals.map(({ rule }) => rule))].join(', ');
}

const applicants = { adult: 'holder', 'emancipated-minor': 'holder', minor: 'parent', ward: 'guardian', delegate: 'spouse' } as const;

/** Whatever a rule could ask for, so that what still refuses is the rule alone. */
function withEverything(
  { id, validFrom, operations: rules }: Profile,
  desk: Place,
  operation: Operation,
  holderCase: HolderCase,
  identification: ProcedureRequest['identification'],
): ProcedureRequest {
  const rule = rules[operation];
  const ruled = rule.absent === true ? undefined : rule;
  const date = ruled?.lastDay?.date ?? validFrom ?? '2026-01-01';
  const reason = ruled?.reason?.allowed[0];
  return {
    profile: id,
    desk,
    operation,
    case: holderCase,
    identification,
    date,
    ...(reason === undefined ? {} : { reason }),
    applicant: {
      relation: applicants[holderCase],
      nearerRelativesAbsent: true,
      document: { type: 'passport', expires: '9999-12-31' },
      ownCardShown: true,
      will: true,
    },
    evidence: {
      forms: [...forms],
      medicalCertificate: { months: 1200, mentionsDiagnosis: false },
      lossProof: 'police-report',
      holderDocumentCopy: true,
    },
    card: {
      shown: true,
      chip: true,
      status: ruled?.card.statuses[0] ?? 'active',
      ownRegion: ruled?.card.region !== 'other',
      holderMatchesDocument: true,
      priorCard: { status: 'active', sameIssuer: true, activatedInPerson: true, pinVerified: true },
    },
    contact: { email: 'holder@example.org', mobile: '3330000000' },
  };
}
