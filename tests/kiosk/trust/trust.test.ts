import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as asn1js from 'asn1js';
import fc from 'fast-check';
import * as pkijs from 'pkijs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CardReading } from '../../../devices/card/contract.ts';
import type { Certified } from '../../../devices/card/virtual/certificate.ts';
import type { TrustVerdict } from '../../../flows/ports/trust.ts';
import type { Log } from '../../../kiosk/log/log.ts';
import { importCrls } from '../../../kiosk/trust/crl/import.ts';
import { issuerOf } from '../../../kiosk/trust/crl/issuer.ts';
import { openStore } from '../../../kiosk/trust/crl/store.ts';
import { type CardTrust, type TrustOptions, createTrust } from '../../../kiosk/trust/trust.ts';
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

/** Why each could not be imported, `null` where it was. */
function imported(folder: string, crls: readonly Uint8Array[], now = at(3)): readonly (string | null)[] {
  const opened = openStore(folder);
  if (!opened.ok) throw new Error(opened.error);
  const issuers = [ca, elliptic].map(({ certificate }) => issuerOf(certificate));
  const done = crls.map((der) => importCrls(opened.value, [file(der)], { issuers, now, allowSha1: false, allowRsa1024: false }));
  opened.value.close();
  return done.map((each) => (each.ok ? null : each.error.detail));
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'trust-store-'));

function trust(crls: readonly Uint8Array[] = [fresh], changes: Partial<TrustOptions> = {}): CardTrust {
  const store = newFolder();
  if (crls.length > 0) imported(store, crls);
  const made = createTrust({ anchors, store, maxCrlAge: null, clock: { fault: () => null }, log, ...changes });
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
    expect(answer.crl).toEqual({
      number: '1',
      thisUpdate: at(-1).toISOString(),
      nextUpdate: at(1).toISOString(),
      ageSeconds: 86_400,
      secondsPastEnd: -86_400,
    });
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
    'of an issuer nobody trusts': { make: async () => card(await authority('Nobody')), reason: /issuer is not known/ },
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
    const since = at(-1).toISOString();
    expect(await verdict(good, [await listing()])).toMatchObject({ status: 'revoked', reason: 'unspecified', since });
    expect(await verdict(good, [await listing(1)])).toMatchObject({ status: 'revoked', reason: 'keyCompromise', since });
    expect(await verdict(good, [await listing(6)])).toMatchObject({ status: 'suspended', reason: 'certificateHold', since });
  });

  it('keeps what is listed past nextUpdate, but not what is not', async () => {
    expect(await verdict(good, [await listing()], {}, at(30))).toMatchObject({ status: 'revoked' });
    const answer = await verdict(good, [fresh], {}, at(2));
    expect(answer).toMatchObject({ status: 'unknown', reason: expect.stringMatching(/too old/) });
    expect(answer.crl).toMatchObject({ secondsPastEnd: 86_400 });
  });

  it('caps what a CRL says of itself by the age of the site policy', async () => {
    const young = trust([fresh], { maxCrlAge: 86_401 });
    expect(await young.checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'good', crl: { secondsPastEnd: -1 } });
    const old = trust([fresh], { maxCrlAge: 86_399 });
    expect(await old.checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'unknown', crl: { secondsPastEnd: 1 } });
  });

  it('takes silence for nothing while the clock cannot be believed, and what is listed for listed', async () => {
    const clock = { fault: () => ({ kind: 'jumped', seconds: 7_200 }) as const };
    const unsure = await trust([fresh], { clock }).checkCard(reading(good), NOW, signal);
    expect(unsure).toMatchObject({ status: 'unknown', reason: expect.stringMatching(/clock cannot be believed/) });
    expect(unsure.crl?.secondsPastEnd).toBeLessThan(0);
    expect(await trust([await listing(6)], { clock }).checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'suspended' });
  });

  it('lets a CRL without nextUpdate live three days', async () => {
    const endless = await crl(ca, { nextUpdate: null });
    expect(await verdict(good, [endless], {}, at(1.9))).toMatchObject({ status: 'good' });
    expect(await verdict(good, [endless], {}, at(2.1))).toMatchObject({ status: 'unknown' });
  });

  it('asks the newest CRL: a suspension that was lifted is over', async () => {
    const before = await crl(ca, { listed: [{ serial: own, reason: 6 }], thisUpdate: at(-2) });
    expect(await verdict(good, [before, fresh])).toMatchObject({ status: 'good' });
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
    'of another issuer': { make: async () => crl(await authority('Nobody')), reason: /issuer is not known/ },
    'with an unknown critical extension': {
      make: () => crl(ca, { extensions: [extension('1.3.6.1.4.1.55555.2', true, new asn1js.Null())] }),
      reason: /unknown critical/,
    },
    'cut short': { make: () => Promise.resolve(fresh.subarray(0, fresh.length - 10)), reason: /runs past|cut short/ },
    'that is no CRL': { make: () => Promise.resolve(good), reason: /./ },
    'that is empty': { make: () => Promise.resolve(new Uint8Array()), reason: /neither DER nor/ },
  };
  for (const [what, { make, reason }] of Object.entries(absent)) {
    it(`counts a CRL ${what} as absent`, async () => {
      const der = await make();
      expect(imported(newFolder(), [der])[0]).toMatch(reason);
      expect((await verdict(good, [der])).status).toBe('unknown');
      expect(await verdict(good, [der, fresh])).toMatchObject({ status: 'good' });
    });
  }

  const silent: Record<string, () => Promise<Uint8Array>> = {
    'a delta alone': () => crl(ca, { extensions: [extension('2.5.29.27', true, new asn1js.Integer({ value: 1 }))] }),
    'one for authorities only': () => crl(ca, { extensions: [distributionPoint({ onlyContainsCACerts: true })] }),
  };
  for (const [what, make] of Object.entries(silent)) {
    it(`does not take the silence of ${what} for an answer`, async () => {
      expect(imported(newFolder(), [await make()])).toEqual([null]);
      expect(await verdict(good, [await make()])).toMatchObject({ status: 'unknown' });
    });
  }

  it('takes a CRL of more entries than an object tree bears', async () => {
    const listed = Array.from({ length: 5_000 }, (_, index) => ({ serial: (index + 0x10000).toString(16), reason: 1 }));
    expect(await verdict(good, [await crl(ca, { listed })])).toMatchObject({ status: 'good' });
    expect(await verdict(good, [await crl(ca, { listed: [...listed, { serial: own }] })])).toMatchObject({ status: 'revoked' });
  });

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

  it('tells the doctor and the operator how old the lists are', () => {
    expect(trust([fresh]).revocationState(at(2))).toEqual({
      clockFault: null,
      lists: [
        {
          issuer: 'CN=Specimen - CA Cittadini, O=Specimen, C=IT',
          number: '1',
          thisUpdate: at(-1).toISOString(),
          nextUpdate: at(1).toISOString(),
          ageSeconds: 3 * 86_400,
          secondsPastEnd: 86_400,
        },
      ],
    });
    expect(trust([]).revocationState(NOW)).toEqual({ clockFault: null, lists: [] });
  });

  it('sees in the same store what another process put there since', async () => {
    const store = newFolder();
    const checker = trust([], { store });
    expect(await checker.checkCard(reading(good), NOW, signal)).toMatchObject({
      status: 'unknown',
      reason: 'no CRL answers for it',
      crl: null,
    });
    imported(store, [fresh]);
    expect(await checker.checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'good' });
  });

  it('says unknown, and logs why, where the store is no store or a part of it is damaged', async () => {
    const told: string[] = [];
    const telling: Log = { event: (name) => void told.push(name) };
    const store = newFolder();
    writeFileSync(join(store, 'crl.db'), 'no database, whatever its name says, and long enough to look like one'.repeat(100));
    expect(await trust([], { store, log: telling }).checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'unknown' });
    expect(told).toContain('crl-store-unreadable');
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

describe('an authority between card and anchor', () => {
  let root: Certified;
  let between: Certified;
  let below: Uint8Array;
  let cardCrl: Uint8Array;
  const rootCrl = async (contents: Parameters<typeof crl>[1] = {}): Promise<Uint8Array> => crl(root, contents);

  beforeAll(async () => {
    root = await authority('Specimen - Radice');
    const own = await authority('Specimen - CA sottoposta');
    const certificate = await altered(own.certificate, root, (sub) => {
      sub.issuer = pkijs.Certificate.fromBER(Uint8Array.from(root.certificate)).subject;
      sub.serialNumber = new asn1js.Integer({ value: 0x77 });
    });
    between = { ...own, certificate: certificate };
    below = await card(between);
    cardCrl = await crl(between);
  });

  async function judged(crls: readonly Uint8Array[], time = NOW): Promise<TrustVerdict> {
    const store = newFolder();
    const opened = openStore(store);
    if (!opened.ok) throw new Error(opened.error);
    const issuers = [root, between].map(({ certificate }) => issuerOf(certificate));
    for (const der of crls)
      expect(importCrls(opened.value, [file(der)], { issuers, now: at(3), allowSha1: false, allowRsa1024: false }).ok).toBe(true);
    opened.value.close();
    const files = { anchors: [file(root.certificate)], intermediates: [file(between.certificate)] };
    return await trust([], { ...files, store }).checkCard(reading(below), time, signal);
  }

  it('is not asked for where no CRL could speak of it', async () => {
    expect(await judged([cardCrl])).toMatchObject({ status: 'good', crl: { thisUpdate: at(-1).toISOString() } });
  });

  it.each([
    ['revoked', { listed: [{ serial: '77', reason: 2 }] }, 'invalid', /authority above it is revoked/],
    ['suspended', { listed: [{ serial: '77', reason: 6 }] }, 'invalid', /authority above it is suspended/],
    ['not listed', {}, 'good', /^$/],
    ['not listed by a CRL that is too old', { nextUpdate: at(-0.5) }, 'unknown', /too old/],
  ] as const)('%s', async (_, contents, status, reason) => {
    const answer = await judged([cardCrl, await rootCrl(contents)]);
    expect(answer.status).toBe(status);
    expect(answer.reason).toMatch(reason);
  });

  it('makes no path without its own certificate', async () => {
    const answer = await trust([], { anchors: [file(root.certificate)] }).checkCard(reading(below), NOW, signal);
    expect(answer).toMatchObject({ status: 'invalid', reason: expect.stringMatching(/issuer is not known/) });
  });
});

describe('anchors', () => {
  it('may come from the national trusted list, one that cannot be read left out', async () => {
    const listed = [Buffer.from(ca.certificate), Buffer.from('3003020101', 'hex')];
    expect(await trust([fresh], { anchors: [], listed }).checkCard(reading(good), NOW, signal)).toMatchObject({ status: 'good' });
  });

  it('follow the national trusted list when another takes its place', async () => {
    const checker = trust([fresh], { anchors: [], listed: [] });
    const status = async (): Promise<string> => (await checker.checkCard(reading(good), NOW, signal)).status;
    expect(await status()).toBe('invalid');
    checker.useListed([Buffer.from(ca.certificate)]);
    expect(await status()).toBe('good');
    checker.useListed([Buffer.from(elliptic.certificate)]);
    expect(await status()).toBe('invalid');
  });

  it.each([
    ['missing', '/nowhere/ca.pem'],
    ['not a certificate', file(Buffer.from('nothing'))],
    ['PEM without a certificate', file('-----BEGIN NOTHING-----\n-----END NOTHING-----\n')],
  ])('refuses to start with an anchor file that is %s', (_, path) => {
    const made = createTrust({ anchors: [path], store: newFolder(), maxCrlAge: null, clock: { fault: () => null }, log });
    expect(made.ok).toBe(false);
  });
});
