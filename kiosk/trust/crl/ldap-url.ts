import { type Result, err, ok } from '../../../devices/result.ts';

/** What an LDAP distribution point asks for: one attribute of one entry (RFC 4516). */
export interface LdapPoint {
  readonly host: string;
  readonly port: number;
  /** The entry's distinguished name (RFC 4514), percent-encoding taken off. */
  readonly entry: string;
  /** The attribute that holds the CRL, without the option `;binary`. */
  readonly attribute: string;
  /** RFC 4515, in brackets. */
  readonly filter: string;
}

/** Attributes that hold CRLs (RFC 4523, 4.2 to 4.4). */
const attributes = ['certificateRevocationList', 'authorityRevocationList', 'deltaRevocationList'];

const shape =
  /^ldap:\/\/(\[[0-9a-f:.]+\]|[^:/?#[\]@]+)(?::(\d{1,5}))?\/([^?#]*)(?:\?([^?#]*))?(?:\?([^?#]*))?(?:\?([^?#]*))?(?:\?([^?#]*))?$/i;

/**
 * Reads `ldap://host/dn?attribute`. Authorities write it as they please: `%3d` beside `=`, encoded commas or plain ones, spaces left as they are, with
 * `;binary` or without (trust.md, 3). What it could ask beyond one attribute of one entry is refused.
 */
export function readLdapUrl(url: string): Result<LdapPoint, string> {
  const [, host, port = '389', ...encoded]: readonly (string | undefined)[] = shape.exec(url) ?? [];
  if (host === undefined) return err('not an LDAP URL with a host and an entry');
  const parts = encoded.map((part) => decoded(part ?? ''));
  const [entry, asked, scope, filter, extensions] = parts;
  if (entry == null || asked == null || scope == null || filter == null || extensions == null) return err('its percent-encoding is broken');
  if (Number(port) === 0 || Number(port) > 65_535) return err(`there is no port ${port}`);
  if (entry.trim() === '') return err('it names no entry');
  if (scope !== '' && scope.toLowerCase() !== 'base') return err(`the scope ${scope}: one entry holds a CRL`);
  if (extensions.split(',').some((each) => each.startsWith('!'))) return err('it demands an extension that is not known here');
  const attribute = attributeOf(asked);
  if (attribute === null) return err(`the attribute ${asked} holds no CRL`);
  return ok({ host: host.replace(/^\[|\]$/g, ''), port: Number(port), entry, attribute, filter: bracketed(filter) });
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function attributeOf(asked: string): string | null {
  if (asked === '') return 'certificateRevocationList';
  const bare = asked.replace(/;binary$/i, '').toLowerCase();
  return attributes.find((each) => each.toLowerCase() === bare) ?? null;
}

function bracketed(filter: string): string {
  if (filter === '') return '(objectClass=*)';
  return filter.startsWith('(') ? filter : `(${filter})`;
}
