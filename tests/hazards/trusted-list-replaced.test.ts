import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { importList } from '../../kiosk/trust/trusted-list/import.ts';
import { identityServices } from '../../kiosk/trust/trusted-list/list.ts';
import { digestsOf } from '../../kiosk/trust/trusted-list/signers.ts';
import { makeAuthority } from '../bench/crl-generator.ts';
import { Sportello } from '../harness/sportello.ts';
import { type MadeService, signedList } from '../kiosk/trust/trusted-list/making.ts';

let world: Sportello;
afterEach(() => world.close());

test(
  'a kiosk that trusts by the national list alone takes another list without a new start, and with it the cards of its authorities',
  { timeout: 60_000 },
  async () => {
    const signer = makeAuthority('Specimen - AgID');
    const pin = digestsOf(new X509Certificate(signer.certificate)).certificate;
    // Nobody answers there: the list comes from a technician.
    const trustedList = {
      url: 'http://127.0.0.1:1/list.xml',
      signers: [`sha256:${pin}`],
      types: [...identityServices.types],
      statuses: [...identityServices.statuses],
    };
    world = await Sportello.start({ reader: 'in-process', trust: { anchors: [], trustedList } });
    const issued = new Date(Date.now() - 3_600_000).toISOString();
    const put = (number: number, services: readonly MadeService[]): boolean =>
      importList(
        join(world.folder, 'state', 'trusted-list'),
        { bytes: signedList({ services, number, issued }, signer) },
        new Set([pin]),
        new Date(),
      ).ok;
    const loaded = (number: number): boolean =>
      world.logs.some((line) => line.includes('"trusted-list-loaded"') && line.includes(`"sequenceNumber":${number}`));

    await world.client.on('welcome');
    await world.card('insert');
    expect(await world.client.on('stopped')).toMatchObject({ reason: 'card-not-verifiable' });
    await world.takeCard();

    const authority = { ...signer, certificate: new X509Certificate(world.pki.cnsCa.certificate).raw };
    expect(put(1, [{ authority }])).toBe(true);
    await vi.waitUntil(() => loaded(1), { timeout: 20_000, interval: 20 });
    // The CRL is that authority's, and comes after it.
    await vi.waitUntil(() => world.logs.some((line) => line.includes('"crl-imported"')), { timeout: 20_000, interval: 20 });
    await world.toRecognised();
    await world.takeCard();

    expect(put(2, [{ authority, status: 'withdrawn' }])).toBe(true);
    await vi.waitUntil(() => loaded(2), { timeout: 20_000, interval: 20 });
    await world.card('insert');
    expect(await world.client.on('stopped')).toMatchObject({ reason: 'card-not-verifiable' });
  },
);
