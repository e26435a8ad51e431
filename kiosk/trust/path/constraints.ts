import { Malformed } from '../x509/der.ts';
import type { NameConstraints } from '../x509/extensions.ts';
import type { GeneralName } from '../x509/general-name.ts';
import type { Name } from '../x509/name.ts';

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

/** The names of a certificate that constraints speak of (RFC 5280, 6.1.3 b and c). */
export function constrainedNames(subject: Name, alternatives: readonly GeneralName[]): readonly GeneralName[] {
  const names: GeneralName[] = [...alternatives];
  if (subject.relative.length > 0) names.push({ form: 'directory', name: subject });
  // Mail addresses of old stand in the subject (4.2.1.10).
  if (!alternatives.some(({ form }) => form === 'email')) {
    for (const { type, text } of subject.attributes) if (type === EMAIL_ADDRESS && text !== null) names.push({ form: 'email', text });
  }
  return names;
}

/**
 * Why these names break the constraints of one authority, `null` if they keep them. A form is restricted only where the constraints name it. What cannot be
 * understood in a constraint or in a name that it restricts is refused. `spend` is told of each comparison.
 */
export function whyNotWithin(constraints: NameConstraints, names: readonly GeneralName[], spend: () => boolean): string | null {
  try {
    for (const name of names) {
      const permitted = constraints.permitted.filter((base) => isSameForm(base, name));
      let within = permitted.length === 0;
      for (const base of permitted) {
        if (!spend()) return TOO_MANY;
        if (matches(base, name, 'permitted')) within = true;
      }
      if (!within) return `a name outside the permitted ones: ${show(name)}`;
      for (const base of constraints.excluded) {
        if (!isSameForm(base, name)) continue;
        if (!spend()) return TOO_MANY;
        if (matches(base, name, 'excluded')) return `a name among the excluded ones: ${show(name)}`;
      }
    }
    return null;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

const TOO_MANY = 'too many names under too many constraints';

function isSameForm(base: GeneralName, name: GeneralName): boolean {
  return base.form === name.form && (base.form !== 'other' || name.form !== 'other' || base.tag === name.tag);
}

function show(name: GeneralName): string {
  if (name.form === 'directory') return 'its subject or another directory name';
  return 'text' in name ? name.text : `of the form ${name.form}`;
}

function matches(base: GeneralName, name: GeneralName, list: 'permitted' | 'excluded'): boolean {
  if (base.form === 'directory' && name.form === 'directory') return isPrefix(base.name, name.name);
  if (base.form === 'dns' && name.form === 'dns') return isDnsWithin(base, name, list);
  if (base.form === 'email' && name.form === 'email') return isMailWithin(base.text, name.text);
  if (base.form === 'uri' && name.form === 'uri') return isHostWithin(base.text, hostOf(name.text));
  if (base.form === 'ip' && name.form === 'ip') return isAddressWithin(base.octets, name.octets);
  throw new Malformed('nameConstraints: of a form that cannot be judged, and the certificate has such a name');
}

function isPrefix(base: Name, name: Name): boolean {
  return base.relative.length <= name.relative.length && base.relative.every((relative, i) => relative === name.relative[i]);
}

const label = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/;

function hostName(text: string, what: string): string {
  const host = text.toLowerCase();
  if (host.length > 253 || !host.split('.').every((part) => label.test(part) && part.length <= 63)) throw new Malformed(`${what}: ${text}`);
  return host;
}

type DnsName = Extract<GeneralName, { text: string }>;

/** Each DNS name is looked at once, and compared as often as there are constraints. */
const looked = new WeakMap<DnsName, string>();

function dnsHost(name: DnsName, text: string, what: string): string {
  const host = looked.get(name) ?? hostName(text, what);
  looked.set(name, host);
  return host;
}

/** With zero or more labels added on the left. A name with a wildcard is excluded if one of the names that it stands for is. */
function isDnsWithin(base: DnsName, name: DnsName, list: 'permitted' | 'excluded'): boolean {
  const wildcard = name.text.startsWith('*.');
  const host = dnsHost(name, wildcard ? name.text.slice(2) : name.text, 'a DNS name that is none');
  if (base.text === '') return true;
  const constraint = dnsHost(base, base.text, 'nameConstraints: a DNS name that is none');
  if (host.endsWith(constraint) && (host.length === constraint.length || host.at(-1 - constraint.length) === '.')) return true;
  return wildcard && list === 'excluded' && constraint.slice(constraint.indexOf('.') + 1) === host;
}

/** A mailbox, all mailboxes of a host, or with a leading period all of the hosts in a domain (RFC 5280, 4.2.1.10). */
function isMailWithin(base: string, text: string): boolean {
  const at = text.lastIndexOf('@');
  if (at < 1) throw new Malformed(`a mail address that is none: ${text}`);
  const host = hostName(text.slice(at + 1), 'a mail address that is none');
  const baseAt = base.lastIndexOf('@');
  if (baseAt >= 0) return text.slice(0, at) === base.slice(0, baseAt) && host === base.slice(baseAt + 1).toLowerCase();
  return isHostWithin(base, host);
}

/** Exactly this host, or with a leading period those in the domain, but not the domain itself. */
function isHostWithin(base: string, host: string): boolean {
  if (base === '') return true;
  const inDomain = base.startsWith('.');
  const constraint = hostName(inDomain ? base.slice(1) : base, 'nameConstraints: a host that is none');
  return inDomain ? host.endsWith(`.${constraint}`) : host === constraint;
}

/** A URI under a constraint must have an authority with a fully qualified host (RFC 5280, 4.2.1.10). */
function hostOf(uri: string): string {
  const [, authority] = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri) ?? [];
  const host = authority?.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  if (host === undefined || host === '' || /^[\d.]+$/.test(host) || host.startsWith('['))
    throw new Malformed(`a URI without a host’s name: ${uri}`);
  return hostName(host, 'a URI whose host is none');
}

/** Address and mask in one (RFC 5280, 4.2.1.10, in the manner of RFC 4632): the mask must be one run of ones. */
function isAddressWithin(base: Uint8Array, address: Uint8Array): boolean {
  if (address.length !== 4 && address.length !== 16) throw new Malformed('an IP address that is none');
  if (base.length !== 8 && base.length !== 32) throw new Malformed('nameConstraints: an IP range that is none');
  const half = base.length / 2;
  const mask = base.subarray(half);
  if (!/^1*0*$/.test(Array.from(mask, (octet) => octet.toString(2).padStart(8, '0')).join(''))) {
    throw new Malformed('nameConstraints: an IP mask with holes');
  }
  return half === address.length && mask.every((bits, i) => ((base[i] ?? 0) & bits) === ((address[i] ?? 0) & bits));
}
