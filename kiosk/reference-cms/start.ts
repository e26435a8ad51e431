import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Certified } from '../../devices/card/virtual/certificate.ts';
import type { Log } from '../log/log.ts';
import { type Behind, ownCodes } from './behind.ts';
import { createCms } from './cms.ts';
import type { CmsConfiguration } from './configuration.ts';
import { takeIn } from './envelope-specimens.ts';
import { type Faults, createFaults, listenForFaults } from './faults.ts';
import { createCrlIssuing } from './crl-issuing.ts';
import type { RevokedCard } from './crl-signing.ts';
import { startDistributionPoint } from './distribution-point.ts';
import { createHoldersPortal } from './holders-portal.ts';
import { createMail } from './mail.ts';
import { createOutbox } from './outbox.ts';
import { createServer } from './server.ts';
import { registerCards } from './service-specimens.ts';
import { cmsKey } from './signing.ts';
import { type Store, openStore } from './store.ts';

const DAY_MS = 24 * 3_600_000;
/** How long stored answers are kept (cms.md). */
const ANSWERS_KEPT_MS = 30 * DAY_MS;
/** How often it looks for what is due without being asked. */
const ROUND_MS = 250;

export interface RunningCms {
  readonly port: number;
  readonly url: string;
  /** Of the distribution point, `null` where there is none. */
  readonly crlUrl: string | null;
  /** Of the holders' portal, `null` where there is none. */
  readonly portalUrl: string | null;
  readonly faults: Faults;
  readonly store: Store;
  /** What is due by now: silence voids, second parts leave, old answers go, a new CRL comes. Happens by itself every 250 ms. */
  round(): Promise<void>;
  close(): Promise<void>;
}

const signingJwk = z.looseObject({ kty: z.string(), kid: z.string().optional() });

/** Starts the reference CMS; everything that it must not forget is in its database. Rejects where a file or the port is unusable. */
export async function startReferenceCms(
  configuration: CmsConfiguration,
  { log, now = Date.now, behind: given }: { log: Log; now?: () => number; behind?: Behind },
): Promise<RunningCms> {
  const begun = performance.now();
  const text = (file: string): string => readFileSync(file, 'utf8');
  const {
    tls,
    smtp,
    sms,
    operators,
    codes,
    codesADay,
    ttl,
    mailPace,
    control,
    distributionPoint,
    envelopes,
    services,
    signatures,
    host,
    port,
  } = configuration;

  const { kid, ...jwk } = signingJwk.parse(JSON.parse(text(configuration.signingKey)));
  const key = cmsKey({ ...jwk, ...(kid === undefined ? {} : { kid }) });
  const files = { certificate: text(tls.certificate), key: text(tls.key), clientCa: text(tls.clientCa) };
  const store = openStore(configuration.database);
  if (envelopes !== undefined) store.transaction(() => takeIn(envelopes.specimens, store.envelopes, now()));
  if (services !== undefined) {
    const digest = (household: string): Buffer => key.digest('household', household);
    store.transaction(() => registerCards(services.specimens, store.services, digest, now()));
  }
  const mail = createMail({
    route: smtp,
    ...(sms === undefined ? {} : { texts: sms }),
    log,
    now,
    pace: mailPace,
    due: (at) => due(at),
  });
  const behind = given ?? ownCodes({ store, mail, scheme: codes });
  const due = createOutbox(store, behind);
  const cms = createCms({
    store,
    key,
    mail,
    behind,
    log,
    operators: new Map(operators.map(({ id, publicKey }) => [id, publicKey])),
    scheme: codes,
    ttl,
    codesADay,
    signatureAuthority: signatures === undefined ? null : authorityOf(text(signatures.certificate), text(signatures.key)),
    offer: envelopes ?? null,
    cardChanged: () => issuing?.renew(),
    clock: now,
  });
  const faults = createFaults(({ mode, call }) => log.event('cms-fault', { mode, call: call ?? 'all' }));
  const app = createServer({ tls: files, cms, store, key, faults, log, now });

  const issuing =
    distributionPoint?.issue === undefined
      ? null
      : createCrlIssuing({
          ...distributionPoint.issue,
          file: distributionPoint.file,
          now,
          changed: () => [
            ...store.services.listed().map(asListed),
            // Signatures of the same authority alone: the list is that one's.
            ...(signatures?.certificate === distributionPoint.issue?.certificate ? store.signatures.revoked().map(asVoided) : []),
          ],
        });
  await issuing?.issueIfDue();
  const round = async (): Promise<void> => {
    store.transaction(() => {
      cms.voidSilent(now());
      store.dropAnswersBefore(now() - ANSWERS_KEPT_MS);
    });
    await mail.deliver();
    await issuing?.issueIfDue();
  };

  const socket = control === undefined ? null : await listenForFaults(control, faults);
  await app.listen({ host, port });
  const point = distributionPoint === undefined ? null : await startDistributionPoint(distributionPoint);
  const portal = envelopes?.portalPort === undefined ? null : createHoldersPortal({ tls: files, store, key, log, now });
  await portal?.listen({ host, port: envelopes?.portalPort ?? 0 });
  const { port: taken } = app.server.address() as AddressInfo;
  const rounds = setInterval(() => void round(), ROUND_MS);
  void round();
  log.event('cms-ready', { port: taken, startMs: Math.round(performance.now() - begun) });
  return {
    port: taken,
    url: `https://localhost:${taken}`,
    crlUrl: point?.url ?? null,
    portalUrl: portal === null ? null : `https://localhost:${(portal.server.address() as AddressInfo).port}`,
    faults,
    store,
    round,
    async close() {
      clearInterval(rounds);
      await Promise.all([app.close(), portal?.close(), socket?.close(), point?.close()]);
      await mail.close();
      await issuing?.close();
      store.close();
    },
  };
}

function authorityOf(certificate: string, privateKey: string): Certified {
  return { certificate: new Uint8Array(new X509Certificate(certificate).raw), privateKey };
}

/** A signature certificate that was made and never loaded. */
function asVoided({ serial, at }: ReturnType<Store['signatures']['revoked']>[number]): RevokedCard {
  return { serial, reason: 'cessationOfOperation', date: new Date(at) };
}

/** What the list says of a card that a service changed: a suspension is a hold. */
function asListed({ serial, status, reason, changedAt }: ReturnType<Store['services']['listed']>[number]): RevokedCard {
  const why = status === 'suspended' ? 'certificateHold' : reason === 'malfunction' ? 'cessationOfOperation' : 'keyCompromise';
  return { serial, reason: why, date: new Date(changedAt) };
}
