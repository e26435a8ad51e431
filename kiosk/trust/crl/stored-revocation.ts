import { createPublicKey } from 'node:crypto';
import type { RevocationAnswer, RevocationSource } from '../path/revocation.ts';
import type { Certificate } from '../x509/certificate.ts';
import { keysOfPoint } from '../x509/extensions.ts';
import { keyOf } from '../x509/general-name.ts';
import { type CrlAnswer, type Subject, askAbout } from './answer.ts';
import { serialOfInteger } from './serial.ts';
import type { CrlStore } from './store.ts';

/**
 * What the store's CRLs say of the certificates of a path. `maxAge`: seconds from thisUpdate, whatever a CRL says of itself. Of an authority of which no CRL
 * in the store could speak nothing is asked (docs/decisions/0100-a-card-by-its-store.md).
 */
export function storedCrls(store: CrlStore | null, maxAge: number | null): RevocationSource {
  return {
    revocationOf(certificate, issuer, at) {
      const isAuthority = certificate.basicConstraints?.ca ?? false;
      const subject: Subject = {
        issuers: [
          {
            name: issuer.name,
            key: createPublicKey({ key: Buffer.from(issuer.key.spki), format: 'der', type: 'spki' }),
            keyDigest: issuer.key.digest,
            mayIssueCrls: issuer.mayIssueCrls,
          },
        ],
        kind: isAuthority ? 'ca' : 'user',
        ...placesOf(certificate),
      };
      const serial = serialOfInteger(Buffer.from(certificate.serial, 'hex'));
      const answer = store === null ? null : askAbout(store, subject, at, { grace: 0, maxAge })(serial);
      if (answer?.crl == null) return isAuthority ? notAsked : silent;
      return answerOf(answer);
    },
  };
}

const notAsked: RevocationAnswer = { status: 'good', reason: '', since: null, crl: null };
const silent: RevocationAnswer = { status: 'unknown', reason: 'no CRL answers for it', since: null, crl: null };

/** Where the certificate says that its CRLs are, and whose they are if not its issuer's (RFC 5280, 4.2.1.13 and 6.3.3). */
function placesOf({ distributionPoints, issuer }: Certificate): Pick<Subject, 'points' | 'crlIssuers'> {
  const points = distributionPoints.flatMap(({ name, crlIssuer }) => {
    if (name === null) return crlIssuer.map(keyOf);
    const beginnings = crlIssuer.flatMap((each) => (each.form === 'directory' ? [each.name] : []));
    return (beginnings.length === 0 ? [issuer] : beginnings).flatMap((beginning) => keysOfPoint(name, beginning));
  });
  const crlIssuers = distributionPoints.flatMap(({ crlIssuer }) =>
    crlIssuer.flatMap((each) => (each.form === 'directory' ? [each.name.key] : [])),
  );
  return { points: [...points, keyOf({ form: 'directory', name: issuer })], crlIssuers };
}

function answerOf({ status, reason, since, crl, stale }: CrlAnswer): RevocationAnswer {
  const end = crl?.nextUpdate == null ? '' : `, next due ${isoOf(crl.nextUpdate)}`;
  const why = crl !== null && stale ? `the CRL of ${isoOf(crl.thisUpdate)}${end} is too old` : 'the CRLs speak of some reasons only';
  return {
    status,
    reason: status === 'good' ? '' : status === 'unknown' ? why : (reason ?? 'unspecified'),
    since: since === null ? null : isoOf(since),
    crl:
      crl === null
        ? null
        : {
            number: crl.number?.toString() ?? null,
            thisUpdate: isoOf(crl.thisUpdate),
            nextUpdate: crl.nextUpdate === null ? null : isoOf(crl.nextUpdate),
          },
  };
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
