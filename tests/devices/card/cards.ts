import { VirtualCnsCard, type VirtualCardOptions } from '../../../devices/card/virtual/card.ts';
import { type Certified, issueCnsCertificate, selfMadeIssuer } from '../../../devices/card/virtual/certificate.ts';
import { type Specimen, specimens } from '../../../devices/card/virtual/specimen.ts';
import type { CardReader, CardStatus } from '../../../devices/card/contract.ts';
import { Secret } from '../../../devices/secret.ts';

const period = { notBefore: new Date('2023-01-01T00:00:00Z'), notAfter: new Date('2033-01-01T00:00:00Z') };
let issued: Promise<Certified> | undefined;

/** A certificate for the adult specimen, made once a test file: other cards may carry it where nobody compares. */
export async function specimenCertificate(): Promise<Certified> {
  issued ??= selfMadeIssuer(period).then((issuer) => issueCnsCertificate({ ...specimens.adult, issuer, serialNumber: '01', ...period }));
  return await issued;
}

export async function specimenCard(
  options: Partial<VirtualCardOptions> = {},
  { personalData, cardId }: Specimen = specimens.adult,
): Promise<VirtualCnsCard> {
  const certified = await specimenCertificate();
  const codes = { pin: Secret.fromText('12345'), puk: Secret.fromText('12345678') };
  return new VirtualCnsCard({ personalData, cardId, ...certified, ...codes, ...options });
}

/** Waits until the reader says so; no longer than `limitMs`. */
export async function untilStatus(reader: CardReader, state: CardStatus['state'], limitMs = 5_000): Promise<CardStatus> {
  return await new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      stop();
      reject(new Error(`still ${JSON.stringify(reader.status())}, not ${state}, after ${limitMs} ms`));
    }, limitMs);
    const look = (status: CardStatus): void => {
      if (status.state !== state) return;
      clearTimeout(limit);
      stop();
      resolve(status);
    };
    const stop = reader.onStatus(look);
    look(reader.status());
  });
}

export const noAbort = new AbortController().signal;
