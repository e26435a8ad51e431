import { z } from 'zod';

/** A service of a trust service provider, as the list speaks of it (TS 119 612, 5.5). */
const service = z.strictObject({
  provider: z.string(),
  name: z.string(),
  /** ServiceTypeIdentifier and ServiceStatus, as URIs. */
  type: z.string(),
  status: z.string(),
  /** Since when it has this status. */
  since: z.iso.datetime({ offset: true }),
  /** DER, in base64. */
  certificates: z.array(z.base64().min(1)),
});
export type Service = z.infer<typeof service>;

export const trustedList = z.strictObject({
  /** SchemeTerritory: a country, in two letters. */
  territory: z.string().regex(/^[A-Z]{2}$/),
  sequenceNumber: z.number().int().positive(),
  issued: z.iso.datetime({ offset: true }),
  /** `null`: the last list of a scheme that was closed (5.3.15). */
  nextUpdate: z.iso.datetime({ offset: true }).nullable(),
  services: z.array(service),
});
export type TrustedList = z.infer<typeof trustedList>;

/** Which services' certificates are anchors, by their type and status. */
export interface Selection {
  readonly types: readonly string[];
  readonly statuses: readonly string[];
}

/** Identification of persons by smart card is the service kind of CNS authorities (trust.md, 3). */
const IDENTITY_SERVICE = 'http://uri.etsi.org/TrstSvc/Svctype/IdV';
const STATUS = 'http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus';
export const identityServices: Selection = {
  types: [IDENTITY_SERVICE],
  statuses: [`${STATUS}/granted`, `${STATUS}/recognisedatnationallevel`],
};

export interface ListedAnchor {
  readonly provider: string;
  readonly service: string;
  readonly certificate: Buffer;
}

/** A certificate of which one service of these types says yes and another no is none: the list contradicts itself. */
export function anchorsOf({ services }: TrustedList, { types, statuses }: Selection, at: Date): readonly ListedAnchor[] {
  const chosen = services.filter(({ type }) => types.includes(type));
  const isTrusted = ({ status, since }: Service): boolean => statuses.includes(status) && new Date(since) <= at;
  const refused = new Set(chosen.filter((each) => !isTrusted(each)).flatMap(({ certificates }) => certificates));
  const anchors = new Map<string, ListedAnchor>();
  for (const { provider, name, certificates } of chosen.filter(isTrusted)) {
    for (const certificate of certificates) {
      if (refused.has(certificate) || anchors.has(certificate)) continue;
      anchors.set(certificate, { provider, service: name, certificate: Buffer.from(certificate, 'base64') });
    }
  }
  return [...anchors.values()];
}

/** Past its NextUpdate, or the last list of a scheme that was closed. It goes on being used: whoever took a provider off would have issued a new one. */
export function isStale({ nextUpdate }: TrustedList, at: Date): boolean {
  return nextUpdate === null || new Date(nextUpdate) < at;
}
