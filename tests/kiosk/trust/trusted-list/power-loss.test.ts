import { X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { processEntry } from '../../../../kiosk/project.ts';
import { importList } from '../../../../kiosk/trust/trusted-list/import.ts';
import { digestsOf } from '../../../../kiosk/trust/trusted-list/signers.ts';
import { readHeld } from '../../../../kiosk/trust/trusted-list/store.ts';
import { makeAuthority } from '../../../bench/crl-generator.ts';
import { crashStates, recordSession, reopened } from '../../../harness/power-loss.ts';
import { fileOf, newFolder } from '../crl/store.ts';
import { signedList } from './making.ts';

it('power lost at any moment of an import leaves the old list or the new one, and the new one once that is said', async () => {
  const signer = makeAuthority('Specimen - AgID');
  const services = [{ authority: makeAuthority('Specimen - CA Cittadini') }];
  const pins = new Set([digestsOf(new X509Certificate(signer.certificate)).certificate]);
  const folder = newFolder();
  const now = new Date();
  expect(importList(folder, { bytes: signedList({ services }, signer) }, pins, now)).toMatchObject({ ok: true });
  const newer = signedList({ services, number: 41, issued: now.toISOString() }, signer);
  const importer = [process.execPath, processEntry('tests/processes/list-importer.ts'), folder, fileOf(signer.certificate), fileOf(newer)];
  const session = await recordSession(importer, folder);

  const found = new Set<string>();
  for (const state of crashStates(session, 7)) {
    const number = reopened(state, (left) => {
      const held = readHeld(left);
      return held.ok ? held.value?.list.sequenceNumber : held.error;
    });
    found.add(`${number}${state.said.includes('done') ? ' done' : ''}`);
  }
  expect(found).toEqual(new Set(['40', '41', '41 done']));
});
