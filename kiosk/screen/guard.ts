import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request was turned away, with the HTTP status that says so. */
export const refusals = {
  'foreign-host': 421,
  'foreign-origin': 403,
  'cross-site': 403,
  method: 405,
  'no-page': 403,
  'not-signed-on': 401,
  'content-type': 415,
  'too-large': 413,
  'not-readable': 400,
  'not-a-command': 400,
  'not-found': 404,
  'too-many-streams': 503,
  busy: 429,
  internal: 500,
} as const;
export type Refusal = keyof typeof refusals;

/**
 * A local service is reachable from every page that a browser on this machine opens, and by DNS rebinding from names that are not
 * ours. So: our own `Host` by number or by `localhost`; our own `Origin` on whatever writes; and no request that the browser itself
 * says comes from another site (Fetch Metadata), save that a neighbouring port may link to the page. `null`: welcome.
 */
export function refusalOf(request: IncomingMessage, port: number): Refusal | null {
  const one = (name: string): string | undefined => {
    const values = request.headersDistinct[name];
    return values?.length === 1 ? values[0] : undefined;
  };
  const host = one('host');
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return 'foreign-host';
  if (request.method !== 'GET' && request.method !== 'POST') return 'method';

  const origin = request.headersDistinct['origin'];
  const writes = request.method === 'POST';
  if ((writes || origin !== undefined) && one('origin') !== `http://${host}`) return 'foreign-origin';

  const fetchSite = request.headersDistinct['sec-fetch-site'];
  if (fetchSite === undefined) return null;
  const site = one('sec-fetch-site');
  if (site === 'same-origin' || (site === 'none' && !writes)) return null;
  const followedLink = site === 'same-site' && !writes && one('sec-fetch-mode') === 'navigate' && one('sec-fetch-dest') === 'document';
  return followedLink ? null : 'cross-site';
}

/** A cookie that only this process can have given: unguessable, unreadable for scripts, sent by our own site only, gone with the browser. */
export class Ticket {
  readonly #name: string;
  readonly #value = randomBytes(32).toString('hex');

  constructor(name: string) {
    this.#name = name;
  }

  get given(): string {
    return `${this.#name}=${this.#value}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Exactly one cookie of the name, with the value: a second one was put there by somebody else. */
  heldBy(request: IncomingMessage): boolean {
    const values = (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(`${this.#name}=`))
      .map((pair) => Buffer.from(pair.slice(this.#name.length + 1)));
    const expected = Buffer.from(this.#value);
    return values.length === 1 && values[0]?.length === expected.length && timingSafeEqual(values[0], expected);
  }
}
