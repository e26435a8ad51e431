import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createCrlIssuing } from '../../../kiosk/reference-cms/crl-issuing.ts';
import { issueAuthority, makeKeyPair } from '../../../kiosk/demo/x509.ts';
import { type RevokedCard, derOf } from '../../../kiosk/reference-cms/crl-signing.ts';
import { ask, fileOf, importInto, newFolder } from '../trust/crl/store.ts';

const keys = await makeKeyPair('RSA-2048');
const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2040-01-01') };
const certificate = await issueAuthority({ organization: 'Specimen', commonName: 'Specimen - CA Cittadini' }, keys, validity);
const ca = { certificate: Buffer.from(derOf(certificate)) };
const hour = 3_600_000;
const begin = Date.parse('2026-06-15T10:00:00Z');
const date = '2026-06-01T00:00:00Z';

function issuing(file: string, clock: { now: number }, changed: () => readonly RevokedCard[] = () => []) {
  return createCrlIssuing({
    certificate: fileOf(certificate),
    key: fileOf(keys.privateKeyPem),
    revoked: [
      { serial: '1F', reason: 'keyCompromise', date },
      { serial: '07', reason: 'certificateHold', date },
    ],
    hours: 24,
    file,
    now: () => clock.now,
    changed,
  });
}

it('a desk that fetches it hours apart, for days, always has a CRL that is good, and cards as it lists them', async () => {
  const store = newFolder();
  const file = join(newFolder(), 'ca.crl');
  const clock = { now: begin };
  const issuer = issuing(file, clock);
  let last = '';
  let different = 0;
  for (let hours = 0; hours <= 72; hours += 6) {
    clock.now = begin + hours * hour;
    await issuer.issueIfDue();
    const crl = readFileSync(file);
    if (crl.toString('hex') !== last) different += 1;
    last = crl.toString('hex');
    const later = new Date(clock.now + 6 * hour);
    expect(importInto(store, [ca], [crl], new Date(clock.now)).ok).toBe(true);
    expect(['1f', '07', '08'].map((serial) => ask(store, ca, serial, {}, later).status)).toEqual(['revoked', 'suspended', 'good']);
  }
  expect(different).toBe(7);
});

it('one that was started again goes on with higher numbers', async () => {
  const store = newFolder();
  const file = join(newFolder(), 'ca.crl');
  for (const now of [begin, begin + 1_000]) {
    await issuing(file, { now }).issueIfDue();
    expect(importInto(store, [ca], [readFileSync(file)], new Date(now)).ok).toBe(true);
  }
  expect(ask(store, ca, '08', {}, new Date(begin + hour)).crl?.number).toBe(BigInt(begin / 1000 + 1));
});

it('a card that is suspended is on the next list at once, and off it when it is reactivated, within a second too', async () => {
  const store = newFolder();
  const file = join(newFolder(), 'ca.crl');
  const clock = { now: begin };
  let suspended: readonly RevokedCard[] = [];
  const issuer = issuing(file, clock, () => suspended);
  const after = async (): Promise<string> => {
    await issuer.issueIfDue();
    expect(importInto(store, [ca], [readFileSync(file)], new Date(clock.now)).ok).toBe(true);
    return ask(store, ca, '08', {}, new Date(clock.now)).status;
  };
  expect(await after()).toBe('good');
  suspended = [{ serial: '08', reason: 'certificateHold', date: new Date(begin) }];
  expect(await after()).toBe('good');
  issuer.renew();
  expect(await after()).toBe('suspended');
  suspended = [];
  issuer.renew();
  expect(await after()).toBe('good');
});
