import { writeFileSync } from 'node:fs';
import * as asn1js from 'asn1js';
import fc from 'fast-check';
import * as pkijs from 'pkijs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CardReading } from '../../../devices/card/contract.ts';
import type { Certified } from '../../../devices/card/virtual/certificate.ts';
import type { TrustVerdict } from '../../../flows/ports/trust.ts';
import type { Log } from '../../../kiosk/log/log.ts';
import { type CardTrust, createTrust } from '../../../kiosk/trust/trust.ts';
import { NOW, altered, at, authority, card, crl, extension, file, holder, pem, reading } from './issuing.ts';

const log: Log = { event: () => undefined };
const signal = new AbortController().signal;

let ca: Certified;
let elliptic: Certified;
let namesake: Certified;
let anchors: string[];
let good: Uint8Array;
let fresh: Uint8Array;

beforeAll(async () => {
  ca = await authority();
  elliptic = await authority('Specimen EC - CA Cittadini', 'P-256');
  namesake = await authority();
  anchors = [file(pem('CERTIFICATE', elliptic.certificate)), file(ca.certificate)];
  good = await card(ca);
  fresh = await crl(ca);
});

function trust(crls: readonly Uint8Array[] = [fresh], grace = 0): CardTrust {
  const made = createTrust({ anchors, crls: crls.map((der) => file(der)), grace, log });
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}

async function verdict(
  certificate: Uint8Array,
  crls?: readonly Uint8Array[],
  changes: Partial<CardReading> = {},
  time = NOW,
): Promise<TrustVerdict> {
  return await trust(crls).checkCard(reading(certificate, changes), time, signal);
}

const keyUsage = (bits: number): pkijs.Extension =>
  extension('2.5.29.15', true, new asn1js.BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits: 0 }));
const without =
  (oid: string) =>
  (certificate: pkijs.Certificate): void => {
    certificate.extensions = certificate.extensions?.filter(({ extnID }) => extnID !== oid) ?? [];
  };
const adding =
  (added: pkijs.Extension) =>
  (certificate: pkijs.Certificate): void => {
    without(added.extnID)(certificate);
    certificate.extensions?.push(added);
  };
const commonName =
  (value: string) =>
  (certificate: pkijs.Certificate): void => {
    certificate.subject = new pkijs.RelativeDistinguishedNames({
      typesAndValues: [new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value }) })],
    });
  };

describe('the path and the profile', () => {
  it('finds a good card good', async () => {
    const answer = await verdict(good);
    expect(answer).toMatchObject({ status: 'good', reason: '', fiscalCode: holder.personalData.fiscalCode });
    expect(answer.crl).toEqual({ thisUpdate: at(-1).toISOString(), nextUpdate: at(1).toISOString(), ageSeconds: 86_400 });
    expect(answer.certificateDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says of one past its end that it expired, and of nothing else', async () => {
    expect(await verdict(await card(ca, { notAfter: at(-1) }))).toMatchObject({
      status: 'expired',
      reason: expect.stringMatching(/^expired at/),
    });
  });

  it('takes an issuer with an elliptic key', async () => {
    expect(await verdict(await card(elliptic), [await crl(elliptic)])).toMatchObject({ status: 'good' });
  });

  it('takes an Lombard policy for the national one', async () => {
    const policies = new pkijs.CertificatePolicies({
      certificatePolicies: [new pkijs.PolicyInformation({ policyIdentifier: '1.3.159.6.1.3.2.10' })],
    });
    expect(await verdict(await altered(good, ca, adding(extension('2.5.29.32', false, policies.toSchema()))))).toMatchObject({
      status: 'good',
    });
  });

  const invalid: Record<string, { readonly make: () => Promise<Uint8Array>; readonly reason: RegExp }> = {
    'not yet valid': { make: () => card(ca, { notBefore: at(1) }), reason: /not valid before/ },
    'changed after it was signed': {
      make: async () => {
        const der = Buffer.from(good);
        der[der.indexOf('REGIONE')] = 0x53;
        return der;
      },
      reason: /signature/,
    },
    'of another issuer of the same name': { make: () => card(namesake), reason: /signature/ },
    'of an issuer nobody trusts': { make: async () => card(await authority('Nobody')), reason: /no trust anchor/ },
    'without extended key usage': { make: () => altered(good, ca, without('2.5.29.37')), reason: /clientAuth/ },
    'for servers': {
      make: () =>
        altered(good, ca, adding(extension('2.5.29.37', false, new pkijs.ExtKeyUsage({ keyPurposes: ['1.3.6.1.5.5.7.3.1'] }).toSchema()))),
      reason: /clientAuth/,
    },
    'without policy': { make: () => altered(good, ca, without('2.5.29.32')), reason: /policy/ },
    'without key usage': { make: () => altered(good, ca, without('2.5.29.15')), reason: /digitalSignature/ },
    'for signatures': { make: () => altered(good, ca, adding(keyUsage(0xc0))), reason: /nonRepudiation/ },
    'an authority': {
      make: () => altered(good, ca, adding(extension('2.5.29.19', true, new pkijs.BasicConstraints({ cA: true }).toSchema()))),
      reason: /authority/,
    },
    'with an unknown critical extension': {
      make: () => altered(good, ca, adding(extension('1.3.6.1.4.1.55555.1', true, new asn1js.Null()))),
      reason: /unknown critical extension/,
    },
    'with an extension twice': {
      make: () => altered(good, ca, (certificate) => certificate.extensions?.push(keyUsage(0x80))),
      reason: /twice/,
    },
    'with a name of another shape': { make: () => altered(good, ca, commonName('MARIO ROSSI')), reason: /name/ },
    'cut short': { make: () => Promise.resolve(good.subarray(0, good.length - 40)), reason: /cut short/ },
    'with something behind it': { make: () => Promise.resolve(Buffer.concat([good, Buffer.alloc(3)])), reason: /followed/ },
    empty: { make: () => Promise.resolve(new Uint8Array()), reason: /certificate/ },
  };
  for (const [what, { make, reason }] of Object.entries(invalid)) {
    it(`refuses a certificate ${what}`, async () => {
      const answer = await verdict(await make());
      expect(answer.status).toBe('invalid');
      expect(answer.reason).toMatch(reason);
    });
  }

  it('ends with a verdict on whatever bytes stand for a certificate', async () => {
    const checker = trust();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        expect((await checker.checkCard(reading(bytes), NOW, signal)).status).toBe('invalid');
      }),
    );
  });

  it('never finds a certificate good in which one bit was flipped', async () => {
    const checker = trust();
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(7), async (place, bit) => {
        const der = Uint8Array.from(good);
        der[place] = (der[place] ?? 0) ^ (1 << bit);
        expect((await checker.checkCard(reading(der), NOW, signal)).status).toBe('invalid');
      }),
      { numRuns: 500, examples: [[3, 1]] },
    );
  });
});

describe('the certificate is of the card that was read', () => {
  it('accepts the hash over a personal-data file that was read with its zero padding', async () => {
    const padded = Buffer.concat([Buffer.from(reading(good).personalDataFile, 'base64'), Buffer.alloc(180)]).toString('base64');
    expect(await verdict(good, [fresh], { personalDataFile: padded })).toMatchObject({ status: 'good' });
  });

  it('refuses another fiscal code', async () => {
    const personalData = { ...holder.personalData, fiscalCode: 'RSSMRA75C22H501I' };
    expect(await verdict(good, [fresh], { personalData })).toMatchObject({
      status: 'invalid',
      reason: expect.stringMatching(/fiscal code/),
    });
  });

  it('refuses another card number', async () => {
    expect(await verdict(good, [fresh], { cardId: '6080100000000028' })).toMatchObject({
      status: 'invalid',
      reason: expect.stringMatching(/card number/),
    });
  });

  it('refuses other personal data', async () => {
    const file = Buffer.from(reading(good).personalDataFile, 'base64');
    file[file.indexOf('ROSSI')] = 0x42;
    expect(await verdict(good, [fresh], { personalDataFile: file.toString('base64') })).toMatchObject({
      status: 'invalid',
      reason: expect.stringMatching(/personal data/),
    });
  });
});

describe('revocation', () => {
  const own = '0a01';
  const listing = async (reason?: number): Promise<Uint8Array> =>
    crl(ca, { listed: [{ serial: '0b' }, { serial: own, ...(reason === undefined ? {} : { reason }) }] });

  it('tells revoked from suspended', async () => {
    expect(await verdict(good, [await listing()])).toMatchObject({ status: 'revoked' });
    expect(await verdict(good, [await listing(1)])).toMatchObject({ status: 'revoked' });
    expect(await verdict(good, [await listing(6)])).toMatchObject({ status: 'suspended' });
  });

  it('keeps what is listed past nextUpdate, but not what is not', async () => {
    expect(await verdict(good, [await listing()], {}, at(30))).toMatchObject({ status: 'revoked' });
    const answer = await verdict(good, [fresh], {}, at(2));
    expect(answer).toMatchObject({ status: 'unknown', reason: expect.stringMatching(/ended/) });
    expect(answer.crl).not.toBeNull();
  });

  it('gives a stale CRL the grace of the site policy', async () => {
    expect(await trust([fresh], 86_400).checkCard(reading(good), at(2), signal)).toMatchObject({ status: 'good' });
    expect(await trust([fresh], 86_399).checkCard(reading(good), at(2), signal)).toMatchObject({ status: 'unknown' });
  });

  it('lets a CRL without nextUpdate live three days', async () => {
    const endless = await crl(ca, { nextUpdate: null });
    expect(await verdict(good, [endless], {}, at(1.9))).toMatchObject({ status: 'good' });
    expect(await verdict(good, [endless], {}, at(2.1))).toMatchObject({ status: 'unknown' });
  });

  it('asks the newest CRL: a suspension that was lifted is over', async () => {
    const before = await crl(ca, { listed: [{ serial: own, reason: 6 }], thisUpdate: at(-2) });
    expect(await verdict(good, [fresh, before])).toMatchObject({ status: 'good' });
  });

  it('knows nothing without a CRL, and from one of the future', async () => {
    expect(await verdict(good, [])).toMatchObject({ status: 'unknown', crl: null });
    expect(await verdict(good, [await crl(ca, { thisUpdate: at(0.5) })])).toMatchObject({ status: 'unknown' });
  });

  const distributionPoint = (parameters: pkijs.IssuingDistributionPointParameters): pkijs.Extension =>
    extension('2.5.29.28', true, new pkijs.IssuingDistributionPoint(parameters).toSchema());
  const absent: Record<string, { readonly make: () => Promise<Uint8Array>; readonly reason: RegExp }> = {
    'signed by somebody else of its name': { make: () => crl(namesake), reason: /signature/ },
    'of another issuer': { make: async () => crl(await authority('Nobody')), reason: /no trust anchor/ },
    'that is a delta': {
      make: () => crl(ca, { extensions: [extension('2.5.29.27', true, new asn1js.Integer({ value: 1 }))] }),
      reason: /delta/,
    },
    'for authorities only': {
      make: () => crl(ca, { extensions: [distributionPoint({ onlyContainsCACerts: true })] }),
      reason: /other certificates/,
    },
    'that is indirect': { make: () => crl(ca, { extensions: [distributionPoint({ indirectCRL: true })] }), reason: /indirect/ },
    'with an unknown critical extension': {
      make: () => crl(ca, { extensions: [extension('1.3.6.1.4.1.55555.2', true, new asn1js.Null())] }),
      reason: /unknown critical/,
    },
    'cut short': { make: () => Promise.resolve(fresh.subarray(0, fresh.length - 10)), reason: /cut short/ },
    'that is no CRL': { make: () => Promise.resolve(good), reason: /not a CRL/ },
    'that is empty': { make: () => Promise.resolve(new Uint8Array()), reason: /DER/ },
    'with more entries than can be parsed here': {
      make: () => crl(ca, { listed: Array.from({ length: 5_000 }, (_, index) => ({ serial: (index + 0x10000).toString(16), reason: 1 })) }),
      reason: /too large/,
    },
  };
  for (const [what, { make, reason }] of Object.entries(absent)) {
    it(`counts a CRL ${what} as absent`, async () => {
      const answer = await verdict(good, [await make()]);
      expect(answer.status).toBe('unknown');
      expect(answer.reason).toMatch(reason);
      expect(await verdict(good, [await make(), fresh])).toMatchObject({ status: 'good' });
    });
  }

  it('takes a partitioned CRL only for the certificates that name its distribution point', async () => {
    const url = 'http://ca.example.it/CDP2';
    const partition = (value: string): Promise<Uint8Array> =>
      crl(ca, {
        extensions: [distributionPoint({ distributionPoint: [new pkijs.GeneralName({ type: 6, value })], onlyContainsUserCerts: true })],
      });
    const pointing = await card(ca, { crlUrl: url });
    expect(await verdict(pointing, [await partition(url)])).toMatchObject({ status: 'good' });
    expect(await verdict(pointing, [await partition('http://ca.example.it/CDP3')])).toMatchObject({ status: 'unknown' });
    expect(await verdict(good, [await partition(url)])).toMatchObject({ status: 'unknown' });
  });

  it('reads PEM with CRLF under a name that says DER', async () => {
    const made = createTrust({ anchors, crls: [file(pem('X509 CRL', fresh), 'crl')], grace: 0, log });
    expect(made.ok && (await made.value.checkCard(reading(good), NOW, signal))).toMatchObject({ status: 'good' });
  });

  it('reads a CRL file again when it was changed, and tells the doctor its age', async () => {
    const path = file(fresh);
    const made = createTrust({ anchors, crls: [path], grace: 0, log });
    if (!made.ok) throw new Error('no trust');
    expect(await made.value.checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'good' });
    writeFileSync(path, await crl(ca, { listed: [{ serial: own, reason: 6 }], thisUpdate: at(-0.5) }));
    expect(await made.value.checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'suspended' });
    expect(await made.value.crlStates(at(2))).toEqual([
      {
        issuer: 'Specimen - CA Cittadini',
        thisUpdate: at(-0.5).toISOString(),
        nextUpdate: at(1).toISOString(),
        ageSeconds: 216_000,
        stale: true,
      },
    ]);
  });

  it('goes on without a CRL file that is not there', async () => {
    const made = createTrust({ anchors, crls: ['/nowhere/at/all.crl'], grace: 0, log });
    expect(made.ok && (await made.value.checkCard(reading(good), NOW, signal))).toMatchObject({
      status: 'unknown',
      reason: expect.stringMatching(/ENOENT/),
    });
  });

  it('ends with no verdict but unknown on whatever bytes stand for a CRL', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect((await verdict(good, [bytes])).status).toBe('unknown');
      }),
      { numRuns: 50 },
    );
  });
});

describe('anchors', () => {
  it('may come from the national trusted list, one that cannot be read left out', async () => {
    const listed = [Buffer.from(ca.certificate), Buffer.from('3003020101', 'hex')];
    const made = createTrust({ anchors: [], listed, crls: [file(fresh)], grace: 0, log });
    if (!made.ok) throw new Error(made.error.detail);
    expect(await made.value.checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'good' });
  });

  it.each([
    ['missing', '/nowhere/ca.pem'],
    ['not a certificate', file(Buffer.from('nothing'))],
    ['PEM without a certificate', file('-----BEGIN NOTHING-----\n-----END NOTHING-----\n')],
  ])('refuses to start with an anchor file that is %s', (_, path) => {
    const made = createTrust({ anchors: [path], crls: [], grace: 0, log });
    expect(made.ok).toBe(false);
  });
});
