import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { certificateExtent } from '../../../devices/card/der.ts';
import { encodePersonalData } from '../../../devices/card/personal-data.ts';
import { issueCnsCertificate, selfMadeIssuer } from '../../../devices/card/virtual/certificate.ts';
import { specimens } from '../../../devices/card/virtual/specimen.ts';

test('a specimen certificate follows the CNS profile and names the card and its data', async () => {
  const { personalData, cardId } = specimens.adult;
  const period = { notBefore: new Date('2022-01-01T00:00:00Z'), notAfter: new Date('2052-01-01T00:00:00Z') };
  const issuer = await selfMadeIssuer(period);
  const crlUrl = 'http://127.0.0.1:1/crl';
  const { certificate, privateKey } = await issueCnsCertificate({ personalData, cardId, issuer, serialNumber: '0A1B', ...period, crlUrl });
  const x509 = new X509Certificate(certificate);
  const authority = new X509Certificate(issuer.certificate);
  const hash = createHash('sha1').update(encodePersonalData(personalData)).digest('base64');

  expect(x509.subject.split('\n')).toEqual([
    'C=IT',
    'O=Sportello specimen',
    'OU=REGIONE EMILIA-ROMAGNA',
    `CN=RSSMRA72L09H501S/${cardId}.${hash.replaceAll('+', '\\+')}`,
  ]);
  expect(x509.checkIssued(authority) && x509.verify(authority.publicKey) && !x509.ca && authority.ca).toBe(true);
  expect(x509.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
  expect(x509.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
  expect(x509.serialNumber).toBe('0A1B');
  expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect([new Date(x509.validFrom), new Date(x509.validTo)]).toEqual([period.notBefore, period.notAfter]);
  expect(Buffer.from(certificate).includes(crlUrl)).toBe(true);
});

const somewhere = { notBefore: new Date('2022-01-01T00:00:00Z'), notAfter: new Date('2052-01-01T00:00:00Z') };
const big = (length: number): readonly number[] => [length >> 8, length & 0xff];

test('a certificate is found raw, behind a prefix that states its length, and before any padding', async () => {
  const { certificate } = await selfMadeIssuer(somewhere);
  const { length } = certificate;
  const prefixes: Record<string, readonly number[]> = {
    none: [],
    'big endian': big(length),
    'little endian': [...big(length)].reverse(),
    'of Infocamere, five bytes': [0x01, ...big(length), 0x00, 0x00],
    'hexadecimal digits': [...Buffer.from(length.toString(16).padStart(6, '0'))],
  };
  for (const [name, prefix] of Object.entries(prefixes)) {
    const file = Uint8Array.of(...prefix, ...certificate, ...new Uint8Array(500));
    expect(certificateExtent(file.subarray(0, 256)), name).toEqual({ from: prefix.length, length });
  }
});

test('what states another length, or is empty, is no certificate', () => {
  expect(certificateExtent(Uint8Array.of(0x05, 0x00, 0x30, 0x82, 0x05, 0x00))).toBeUndefined();
  expect(certificateExtent(new Uint8Array(256))).toBeUndefined();
  expect(certificateExtent(new Uint8Array(256).fill(0xff))).toBeUndefined();
  expect(certificateExtent(new Uint8Array())).toBeUndefined();
});

test('any bytes have an extent inside what they state, or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const extent = certificateExtent(bytes);
      if (extent === undefined) return;
      expect(bytes[extent.from]).toBe(0x30);
      expect(extent.from).toBeLessThanOrEqual(8);
      expect(extent.length).toBeGreaterThan(1);
    }),
  );
});
