import { cardDemands } from './card.ts';
import { type Delivery, contactDemands, deliveryOf } from './contact.ts';
import type { Demand } from './demand.ts';
import { notesOf } from './notes.ts';
import { paperDemands } from './papers.ts';
import { placeDemands, rulesOfOperations } from './place.ts';
import type { OperationRule, Profile } from './profile.ts';
import type { ProcedureRequest } from './request.ts';
import { whoDemands } from './who.ts';

export interface Decision {
  /** Only if nothing more is needed for the operation to start: then, and only then, `refusals` is empty. */
  readonly allowed: boolean;
  readonly refusals: readonly { readonly rule: string; readonly text: string; readonly citation: string }[];
  /** All that the applicant brings for this operation and case; `present`: whether the request holds it already. */
  readonly required: readonly {
    readonly item: string;
    readonly text: string;
    readonly english: string;
    readonly present: boolean;
    readonly citation: string;
  }[];
  readonly steps: readonly { readonly step: string; readonly text: string; readonly citation: string }[];
  readonly delivery: Delivery;
  readonly notes: readonly string[];
}

/** What a profile says of a request. Pure and total: whatever is asked is answered, and every refusal cites its source. */
export function decide(profile: Profile, request: ProcedureRequest): Decision {
  const rule = profile.operations[request.operation];
  const demands = [...validityDemands(profile, request), ...demandsOf(profile, request)];
  const refusals = demands.filter(({ met }) => !met).map(({ rule, text, citation }) => ({ rule, text, citation }));
  return {
    allowed: refusals.length === 0,
    refusals,
    required: demands.flatMap(({ item, met, citation }) =>
      item === undefined ? [] : [{ item: item.name, text: item.it, english: item.en, present: met, citation }],
    ),
    steps: rule.absent === true ? [] : stepsOf(profile, rule, request),
    delivery: rule.absent === true ? { scheme: 'none', channels: [] } : deliveryOf(profile, rule, request),
    notes: notesOf(profile, request),
  };
}

function demandsOf(profile: Profile, request: ProcedureRequest): readonly Demand[] {
  const rule = profile.operations[request.operation];
  if (rule.absent === true) {
    const absent = { rule: rulesOfOperations[request.operation], text: rule.note, citation: rule.citation, met: false };
    return [absent, ...whoDemands(profile, request)];
  }
  return [
    ...placeDemands(profile, rule, request),
    ...whoDemands(profile, request),
    ...paperDemands(profile, rule, request),
    ...cardDemands(profile, rule, request),
    ...contactDemands(profile, rule, request),
  ];
}

/** A manual is versioned, and a version has its days (ACT-11). ISO dates compare as text. */
function validityDemands({ validFrom, validTo, sources }: Profile, { date }: ProcedureRequest): readonly Demand[] {
  const met = (validFrom === null || validFrom <= date) && (validTo === null || date <= validTo);
  return [
    { rule: 'ACT-11', text: 'In questa data la procedura non è in vigore in questa versione.', citation: sources[0]?.name ?? '[P]', met },
  ];
}

function stepsOf({ sequences, remoteVideo }: Profile, { sequence }: OperationRule, request: ProcedureRequest): Decision['steps'] {
  const name = request.identification === 'remote-video' && remoteVideo.absent !== true ? remoteVideo.sequence : sequence;
  return (sequences[name] ?? [])
    .filter(({ cases }) => cases === undefined || cases.includes(request.case))
    .map(({ step, it, citation }) => ({ step, text: it, citation }));
}
