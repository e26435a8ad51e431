import { useNamespaces as withNames } from 'xpath';
import { type Result, err, ok } from '../../../devices/result.ts';
import { type Service, type TrustedList, trustedList } from './list.ts';

const TSL = 'http://uri.etsi.org/02231/v2#';
const LIST_TYPE = 'http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric';
const VERSIONS = ['5', '6'];

const select = withNames({ tsl: TSL });
const elements = (path: string, from: Node): readonly Element[] => select(path, from) as Element[];
const text = (path: string, from: Node): string => elements(path, from)[0]?.textContent.trim() ?? '';

/** Reads a list whose signature holds. Services without a certificate (named by key or subject alone) have none here: they can be no anchors. */
export function readList(document: Document): Result<TrustedList, string> {
  const root = document.documentElement;
  if (root.namespaceURI !== TSL || root.localName !== 'TrustServiceStatusList') return err('not a trusted list of TS 119 612');
  const scheme = 'tsl:SchemeInformation';
  if (!VERSIONS.includes(text(`${scheme}/tsl:TSLVersionIdentifier`, root))) return err('a trusted list of a version that is not known');
  if (text(`${scheme}/tsl:TSLType`, root) !== LIST_TYPE) return err('not the list of a country, but another kind');
  const next = text(`${scheme}/tsl:NextUpdate/tsl:dateTime`, root);
  const read = trustedList.safeParse({
    territory: text(`${scheme}/tsl:SchemeTerritory`, root),
    sequenceNumber: Number(text(`${scheme}/tsl:TSLSequenceNumber`, root)),
    issued: text(`${scheme}/tsl:ListIssueDateTime`, root),
    nextUpdate: next === '' ? null : next,
    services: elements('tsl:TrustServiceProviderList/tsl:TrustServiceProvider', root).flatMap(servicesOf),
  });
  if (read.success) return ok(read.data);
  const [issue] = read.error.issues;
  return err(`not a trusted list of TS 119 612: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function servicesOf(provider: Element): readonly Service[] {
  const name = text('tsl:TSPInformation/tsl:TSPName/tsl:Name', provider);
  return elements('tsl:TSPServices/tsl:TSPService/tsl:ServiceInformation', provider).map((each) => ({
    provider: name,
    name: text('tsl:ServiceName/tsl:Name', each),
    type: text('tsl:ServiceTypeIdentifier', each),
    status: text('tsl:ServiceStatus', each),
    since: text('tsl:StatusStartingTime', each),
    certificates: elements('tsl:ServiceDigitalIdentity/tsl:DigitalId/tsl:X509Certificate', each).map(({ textContent }) =>
      textContent.replace(/\s+/g, ''),
    ),
  }));
}
