import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
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
