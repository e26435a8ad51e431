import { type Result, err, ok } from '../../devices/result.ts';
import { type EnvelopeNumberRule, envelopeNumber } from '../../flows/envelopes/envelope-number.ts';
import { placesOf } from '../../flows/procedures/bring.ts';
import { type DeskType, deskTypes } from '../../flows/procedures/vocabulary.ts';
import { faultsLine, readProfile } from '../procedures/profiles.ts';

/** A region as the demo plays it: all that it needs of the profile. */
export interface DemoRegion {
  readonly profile: string;
  /** The issuer that its cards name, and one that another region's do. */
  readonly issuer: string;
  readonly otherIssuer: string;
  readonly desk: DeskType;
  /** The numbers of the envelopes in the desk's pile; empty: its codes come in two parts. */
  readonly envelopes: readonly string[];
}

const envelopesInPile = 12;
/** Where the region's cards are activated at several desks, this one. */
const usualDesk: DeskType = 'health-authority';

export function readRegion(id: string): Result<DemoRegion, string> {
  const read = readProfile(id);
  if (!read.ok) return err(faultsLine(read.error));
  const profile = read.value;
  const places = placesOf(profile, 'activation', 'adult');
  const desk = places.includes(usualDesk) ? usualDesk : deskTypes.find((type) => places.includes(type));
  const issuer = profile.ownCards.issuers.find((code) => code.length === 4);
  if (desk === undefined || issuer === undefined) return err(`${id}: no desk, or no card, that the demo could show`);
  const { envelope } = profile.codes;
  return ok({
    profile: profile.id,
    issuer,
    otherIssuer: issuer === '0030' ? '0080' : '0030',
    desk,
    envelopes: envelope === undefined ? [] : numbersOf(envelope.number),
  });
}

/** The first numbers that are as the profile says that they look. */
function numbersOf(rule: EnvelopeNumberRule): readonly string[] {
  const many = Array.from({ length: envelopesInPile * 10 }, (_, n) => String(204_810_000_000 + n));
  return many.filter((number) => envelopeNumber(number, rule).ok);
}
