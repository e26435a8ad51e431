import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { commandEntry } from '../../../../kiosk/project.ts';
import { makeAuthority, pemOf } from '../../../bench/crl-generator.ts';
import { fileOf, newFolder } from '../crl/store.ts';
import { signedList } from './making.ts';

const signer = makeAuthority('Specimen - AgID');
const ca = makeAuthority('Specimen - CA Cittadini');
const issued = makeAuthority('Specimen - a certificate', 'ec', ca);
const hours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString();
const services = [{ authority: ca }];
const list = fileOf(signedList({ services, number: 7, issued: hours(-2), next: hours(1_000) }, signer));
const older = fileOf(signedList({ services, number: 6, issued: hours(-3) }, signer));
const signerFile = fileOf(pemOf('CERTIFICATE', signer.certificate));
const certificate = fileOf(issued.certificate);
const store = join(newFolder(), 'trusted-list');

function sportello(...args: readonly string[]): { code: number | null; out: string; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [commandEntry(), 'trust', ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, said: stderr };
}

beforeAll(() => {
  const { code, out } = sportello('list', 'import', '--store', store, '--signer', fileOf(ca.certificate), '--signer', signerFile, list);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ result: 'imported', territory: 'IT', sequenceNumber: 7, stale: false, anchors: 1 });
});

it('shows what is held, for people and as JSON', () => {
  const shown = sportello('list', 'show', '--store', store);
  expect(shown).toMatchObject({ code: 0, said: '' });
  expect(shown.out).toContain('trusted list of IT, number 7');
  expect(shown.out).toContain('  Ente Specimen: Autenticazione con CNS\n');
  const answer: unknown = JSON.parse(sportello('list', 'show', '--store', store, '--json').out);
  expect(answer).toMatchObject({
    sequenceNumber: 7,
    stale: false,
    services: [{ provider: 'Ente Specimen', service: 'Autenticazione con CNS' }],
  });
});

it('its services are anchors of trust verify, on the command line and in a batch', () => {
  const verified = sportello('verify', '--no-revocation', '--trusted-list', store, certificate);
  expect(verified).toMatchObject({ code: 0, said: '' });
  const batch = fileOf(
    [store, newFolder()].map((trustedList, id) => JSON.stringify({ id, certificate, trustedList, checkRevocation: false })).join('\n'),
  );
  const answers = sportello('verify', '--batch', batch).out.trim().split('\n');
  expect(answers.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { id: 0, valid: true },
    { id: 1, valid: false, reason: 'no trusted list was imported yet' },
  ]);
});

it.each<[string, readonly string[], number, RegExp]>([
  ['an older list', ['import', '--store', store, '--signer', signerFile, older], 1, /older than the one that is held/],
  ['a list of a stranger', ['import', '--store', store, '--signer', fileOf(ca.certificate), list], 1, /nobody who is pinned/],
  ['no file', ['import', '--store', store, '--signer', signerFile, '/nowhere.xml'], 2, /ENOENT/],
  ['a signer that is none', ['import', '--store', store, '--signer', list, list], 2, /holds no certificate|not a certificate/],
  ['no signer', ['import', '--store', store, list], 2, /no signer is pinned/],
  ['an empty store', ['show', '--store', newFolder()], 2, /holds no trusted list/],
  ['no configuration', ['refresh', '--config', '/nowhere.json'], 2, /ENOENT/],
])('%s is one line on standard error, and the list stays', (_, args, code, problem) => {
  const before = readFileSync(join(store, 'trusted-list.json'), 'utf8');
  const done = sportello('list', ...args);
  expect(done.code).toBe(code);
  expect(done.out).toBe('');
  expect(done.said).toMatch(problem);
  expect(done.said.trim().split('\n')).toHaveLength(1);
  expect(readFileSync(join(store, 'trusted-list.json'), 'utf8')).toBe(before);
});
