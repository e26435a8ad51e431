import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { usualRelayPolicy } from '../../devices/card/relay.ts';
import { startCardHost } from '../../devices/card/remote.ts';
import type { CommandingCardReader, RelayCount, RelayError, RelayExchange, RelayPolicy } from '../../devices/card/contract.ts';
import { schemes } from '../../devices/card/secure-messaging/schemes.ts';
import { VirtualCnsCard, type VirtualCardOptions } from '../../devices/card/virtual/card.ts';
import { type Certified, issueCnsCertificate, selfMadeIssuer } from '../../devices/card/virtual/certificate.ts';
import { secureMessagingOf } from '../../devices/card/virtual/secured.ts';
import { type Specimen, specimens } from '../../devices/card/virtual/specimen.ts';
import { VpcdSlot } from '../../devices/card/virtual/vpcd.ts';
import type { Result } from '../../devices/result.ts';
import { Secret } from '../../devices/secret.ts';
import type { CmsError } from '../../flows/ports/cms.ts';
import type { EnvelopeCms, EnvelopeReserve, RelayReceipt } from '../../flows/ports/envelopes.ts';
import { processEntry } from '../../kiosk/project.ts';
import { cmsConfiguration } from '../../kiosk/reference-cms/configuration.ts';
import { type RunningCms, startReferenceCms } from '../../kiosk/reference-cms/start.ts';
import { untilStatus } from '../devices/card/cards.ts';
import {
  type CmsSurroundings,
  type TestCms,
  cmsSurroundings,
  keptLog,
  newOperationId,
  signDecision,
  signal,
  specimen,
  startCms,
} from './cms.ts';
import { startPcscd } from './pcscd.ts';

export type Scheme = keyof typeof schemes;

/**
 * What a card leaves the factory with; the PUK is known to the CMS alone, and the PIN to nobody. Codes here have eight digits: no five of a row of
 * bytes pass for one by chance.
 */
export const factoryCodes = { pin: '50617294', puk: '71839264' } as const;
/** The envelopes of the bench: two of a magazine, one of another operator, one of another desk; and what lies in each. */
export const envelopes = {
  first: { number: '2000000000013', pin: '93185264', userCode: '40275318' },
  second: { number: '2000000000021', pin: '27406183', userCode: '61938204' },
  ofAnother: { number: '2000000000039', pin: '84613975', userCode: '75026149' },
  elsewhere: { number: '2000000000047', pin: '36952708', userCode: '18340957' },
} as const;
export const batch = 'lotto-1';
export const desk = 'health-authority';

export interface BenchCard {
  readonly card: VirtualCnsCard;
  readonly cardId: string;
  readonly certificateDigest: string;
  readonly certified: Certified;
  readonly keys: { readonly encryption: Uint8Array; readonly mac: Uint8Array };
  readonly scheme: Scheme | null;
  /** Whether the card takes this PIN, asked past reader and CMS under its own keys; costs a try where it does not. */
  takes(pin: string): boolean;
}

const period = { notBefore: new Date('2023-01-01T00:00:00Z'), notAfter: new Date('2033-01-01T00:00:00Z') };

/** A card with keys of its own, `null`: of a series without secure messaging. */
export async function benchCard(
  scheme: Scheme | null,
  { personalData, cardId }: Specimen,
  more: Partial<VirtualCardOptions> = {},
): Promise<BenchCard> {
  const issuer = await selfMadeIssuer(period);
  const certified = await issueCnsCertificate({ personalData, cardId, issuer, serialNumber: '01', ...period });
  const keys = { encryption: new Uint8Array(randomBytes(16)), mac: new Uint8Array(randomBytes(16)) };
  const secured = scheme === null ? {} : { secureMessaging: secureMessagingOf(schemes[scheme], keys), secured: ['unblock'] as const };
  const codes = { pin: Secret.fromText(factoryCodes.pin), puk: Secret.fromText(factoryCodes.puk) };
  const card = new VirtualCnsCard({ personalData, cardId, ...certified, ...codes, ...secured, ...more });
  const certificateDigest = createHash('sha256').update(certified.certificate).digest('hex');
  const block = Buffer.from(pinBlock, 'hex');
  return {
    card,
    cardId,
    certificateDigest,
    certified,
    keys,
    scheme,
    takes(pin) {
      card.reset();
      const data = Buffer.from(block);
      data.write(pin, 'ascii');
      const answer = Buffer.from(card.transmit(Uint8Array.of(0x00, 0x20, 0x00, 0x10, 0x08, ...data))).toString('hex');
      card.reset();
      return answer === '9000';
    },
  };
}

const pinBlock = 'ffffffffffffffff';

/** What the CMS knows of these cards, and its envelopes. */
export function specimensFile(folder: string, cards: readonly BenchCard[]): string {
  const file = join(folder, `envelopes-${randomUUID()}.json`);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const magazine = { kind: 'magazine', id: 'magazzino-1' };
  writeFileSync(
    file,
    JSON.stringify({
      cards: cards.map(({ cardId, certificateDigest, scheme, keys }) => ({
        cardId,
        certificateDigest,
        puk: factoryCodes.puk,
        askingTries: 'free',
        messaging: scheme === null ? null : { scheme, encryptionKey: hex(keys.encryption), macKey: hex(keys.mac) },
      })),
      batches: [
        {
          batch,
          desk,
          envelopes: [
            { ...envelopes.first, holder: magazine },
            { ...envelopes.second, holder: magazine },
            { ...envelopes.ofAnother, holder: { kind: 'operator', id: 'operator-2' } },
          ],
        },
        { batch: 'lotto-2', desk: 'pharmacy', envelopes: [{ ...envelopes.elsewhere, holder: magazine }] },
      ],
    }),
  );
  return file;
}

export interface RelayWorldOptions {
  readonly scheme?: Scheme | null;
  readonly plainCommands?: 'refused' | 'allowed';
  readonly card?: Partial<VirtualCardOptions>;
}

/** A reader inside a real pcscd, held by a card process; a card in it; the reference CMS over TLS; and every byte that passes on the kiosk's side. */
export async function relayWorld({ scheme = 'cns', plainCommands = 'refused', card: more = {} }: RelayWorldOptions = {}) {
  const [mine, other] = await Promise.all([benchCard(scheme, specimens.adult, more), benchCard(scheme, specimens.secondAdult, more)]);
  const surroundings: CmsSurroundings = await cmsSurroundings();
  const configured = { specimens: specimensFile(surroundings.folder, [mine, other]), profiles: ['sardegna'], plainCommands, portalPort: 0 };
  const changes = { envelopes: configured, database: join(surroundings.folder, 'relay.sqlite') };
  const cms: TestCms = await startCms(surroundings, changes);
  let running: RunningCms | null = null;
  const pcscd = await startPcscd();
  const slot = new VpcdSlot(mine.card, { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
  const reader: CommandingCardReader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
  await slot.insert();
  await untilStatus(reader, 'present');
  return {
    ...surroundings,
    cms,
    client: cms.client,
    reader,
    slot,
    mine,
    other,
    async reserve(changes: Partial<EnvelopeReserve> = {}): Promise<string> {
      const request = { ...(await envelopeRequest(surroundings, mine)), ...changes };
      const reserved = await cms.client.reserveEnvelope(request, signal);
      if (!reserved.ok) throw new Error(JSON.stringify(reserved.error));
      return request.operationId;
    },
    /** Closes the CMS and starts it anew over the same database, at the same port. */
    async restartCms() {
      await (running ?? cms.cms).close();
      const configuration = cmsConfiguration.parse(surroundings.configuration({ ...changes, port: cms.cms.port }));
      running = await startReferenceCms(configuration, { log: keptLog().log });
    },
    async close() {
      await reader.close();
      await slot.remove();
      await pcscd.close();
      await cms.client.close();
      await (running ?? cms.cms).close();
      await surroundings.close();
    },
  };
}

export type RelayWorld = Awaited<ReturnType<typeof relayWorld>>;

/** A whole, good request to reserve a card whose codes lie in an envelope. */
export async function envelopeRequest(
  { operatorKey }: Pick<CmsSurroundings, 'operatorKey'>,
  { cardId, certificateDigest }: Pick<BenchCard, 'cardId' | 'certificateDigest'>,
): Promise<EnvelopeReserve> {
  const operationId = newOperationId();
  const { document, fiscalCode } = specimen;
  const decision = {
    decision: 'identified',
    operation: 'activation',
    case: 'adult',
    operationId,
    certificateDigest,
    fiscalCode,
    document,
  } as const;
  return {
    operationId,
    operation: 'activation',
    case: 'adult',
    desk,
    profile: { id: 'sardegna', version: '1' },
    card: { cardId, certificateDigest, chip: true },
    applicant: { relation: 'holder', fiscalCode, surname: 'ROSSI', name: 'MARIO', birthDate: '1972-07-09' },
    document,
    delivery: 'envelope',
    operatorAssertion: await signDecision(operatorKey, decision),
  };
}

/** What happens on the way to the CMS, before the `sequence`th exchange is asked: `lost` cuts the relay off there. */
export type OnTheWay = (sequence: number) => Promise<'lost' | undefined> | 'lost' | undefined;

export interface Relayed {
  readonly relayed: Result<RelayCount, RelayError>;
  readonly end: RelayReceipt | null;
  readonly refused: CmsError | null;
  /** How often the CMS was asked, the first time included. */
  readonly exchanges: number;
}

/** The kiosk's side of one relay: the card's answers to the CMS, its commands to the card. */
export async function relayOnce(
  { reader, client, mine }: Pick<RelayWorld, 'reader' | 'mine'> & { readonly client: Pick<EnvelopeCms, 'relay'> },
  {
    operationId,
    envelope = envelopes.first.number,
    relay = randomUUID(),
    policy = usualRelayPolicy,
  }: {
    readonly operationId: string;
    readonly envelope?: string;
    readonly relay?: string;
    readonly policy?: RelayPolicy;
  },
  onTheWay: OnTheWay = () => undefined,
): Promise<Relayed> {
  let exchanges = 0;
  let end: RelayReceipt | null = null;
  let refused: CmsError | null = null;
  const exchange: RelayExchange = async (answer, stop) => {
    const sequence = exchanges;
    if ((await onTheWay(sequence)) === 'lost') return 'lost';
    exchanges += 1;
    const asked =
      answer === undefined ? { sequence: 0 as const, envelope, certificateDigest: mine.certificateDigest } : { sequence, answer };
    const next = await client.relay({ operationId, relay, ...asked }, stop);
    if (!next.ok) {
      refused = next.error;
      return 'end';
    }
    if ('command' in next.value) return next.value.command;
    end = next.value.end;
    return 'end';
  };
  const relayed = await reader.relay(exchange, policy, signal);
  return { relayed, end, refused, exchanges };
}
