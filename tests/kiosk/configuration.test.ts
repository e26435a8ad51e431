import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfiguration } from '../../kiosk/configuration.ts';

const presenter = 'serial:/dev/ttyS0?presenter=custom';
const plain = 'serial:/dev/ttyS0';

function read(policy: object, device: string, trust: object = { anchors: ['x'] }) {
  const folder = mkdtempSync(join(tmpdir(), 'configuration-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'kiosk.json');
  const cms = { url: 'https://localhost', ca: 'a', clientCertificate: 'b', clientKey: 'c', signingKey: 'd' };
  const site = { id: 'prova-1', name: 'Prova', desk: 'health-authority', profile: 'emilia-romagna' };
  writeFileSync(file, JSON.stringify({ site, policy, cms, trust, printer: { device }, operators: 'o', state: 's' }));
  return readConfiguration(file);
}

test.each<[boolean, string, string, boolean]>([
  [true, 'E2', plain, true],
  [true, 'E3', presenter, true],
  [true, 'E3', plain, false],
  [true, 'E4', plain, true],
  [false, 'E2', plain, true],
  [false, 'E3', presenter, true],
  [false, 'E3', plain, false],
  [false, 'E4', presenter, false],
  [true, 'E1', plain, false],
])('attended %s, %s for a hand-over, on %s: usable is %s', (attended, handOverEvidence, device, usable) => {
  const configured = read({ attended, handOverEvidence }, device);
  expect(configured.ok).toBe(usable);
  if (!configured.ok) expect(configured.error.detail).toMatch(/^policy\.handOverEvidence: /);
});

test('anchors may be none where there is a trusted list, and only there', () => {
  const trustedList = { url: 'https://lista.example/TSL-IT.xml', signers: ['agid.pem'] };
  expect(read({ attended: true }, plain, { anchors: [], trustedList }).ok).toBe(true);
  expect(read({ attended: true }, plain, { anchors: [] })).toMatchObject({
    ok: false,
    error: { detail: 'trust.anchors: no anchor and no trusted list: no card could be trusted' },
  });
});

test('one print an operation, unless the owner says otherwise', () => {
  expect(read({ attended: true }, plain)).toMatchObject({ value: { policy: { printAttempts: 1, handOverEvidence: 'E4' } } });
  for (const printAttempts of [0, 6, 1.5]) expect(read({ attended: true, printAttempts }, plain).ok).toBe(false);
});
