import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandEntry } from '../../../../kiosk/project.ts';
import { batchAnswer } from '../../../../kiosk/trust/verify-command.ts';
import { Sources } from '../../../../kiosk/trust/verify-request.ts';
import { authority as cnsAuthority, card, holder, pem, reading } from '../issuing.ts';
import { NOW, authority, ca, certify, crl, day, eku, integer, keyUsage, policies, root } from './making.ts';

const folder = mkdtempSync(join(tmpdir(), 'verify-'));
const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

const top = authority('Root');
const middle = authority('Middle');
const leaf = authority('Leaf');
const serial = integer(4711);
const anchor = file('root.pem', `a line of text\n${pem('CERTIFICATE', root(top))}`);
const issuing = certify(top, middle, [ca(), keyUsage(0x06), policies('1.2.3')]);
const intermediate = file('middle.der', issuing);
const target = certify(middle, leaf, [eku('1.3.6.1.5.5.7.3.2'), policies('1.2.3')], { serial });
const certificate = file('leaf.pem', pem('CERTIFICATE', target));
const lists = file('both.crl', pem('X509 CRL', crl(top)) + pem('X509 CRL', crl(middle)));
const listed = file('listed.crl', crl(middle, { listed: [{ serial, reason: 6 }], thisUpdate: day(-0.5) }));

function sportello(args: readonly string[], input = ''): { code: number | null; answer: string; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [commandEntry(), 'trust', 'verify', ...args], {
    input,
    encoding: 'utf8',
  });
  return { code: status, answer: stdout, said: stderr };
}

const at = ['--at', NOW.toISOString()];
const path = ['--anchor', anchor, '--intermediate', intermediate];

describe('sportello trust verify', () => {
  it('answers with path, revocation and policies, and exits by them', () => {
    const { code, answer, said } = sportello([...path, '--crl', lists, ...at, '--policy', '1.2.3', certificate]);
    expect({ code, said }).toEqual({ code: 0, said: '' });
    expect(JSON.parse(answer)).toMatchObject({
      valid: true,
      status: 'good',
      reason: '',
      path: ['CN=Leaf, O=Specimen', 'CN=Middle, O=Specimen', 'CN=Root, O=Specimen'],
      revocation: { status: 'good', crl: { thisUpdate: day(-1).toISOString() } },
      policies: ['1.2.3'],
    });
  });

  it.each<[string, readonly string[], object]>([
    ['suspended', [...path, '--crl', lists, listed, ...at, certificate], { status: 'suspended' }],
    ['unknown without CRLs', [...path, ...at, certificate], { status: 'unknown' }],
    ['invalid without a path', ['--anchor', anchor, ...at, '--no-revocation', certificate], { status: 'invalid' }],
    ['invalid for another purpose', [...path, ...at, '--no-revocation', '--eku', '1.3.6.1.5.5.7.3.1', certificate], { status: 'invalid' }],
    [
      'invalid for another policy',
      [...path, ...at, '--no-revocation', '--require-explicit-policy', '--policy', '1.2.4', certificate],
      { status: 'invalid' },
    ],
    ['invalid below too many authorities', [...path, ...at, '--no-revocation', '--max-depth', '0', certificate], { status: 'invalid' }],
    ['unknown from CRLs too old', [...path, '--crl', lists, ...at, '--max-crl-age', '3600', certificate], { status: 'unknown' }],
    ['invalid under the profile of cards', [...path, '--crl', lists, ...at, '--profile', 'cns', certificate], { status: 'invalid' }],
    ['invalid where it is no certificate', [...path, ...at, file('junk', 'junk')], { status: 'invalid' }],
  ])('%s is a no', (_, args, answer) => {
    const { code, answer: written } = sportello(args);
    expect(code).toBe(1);
    expect(JSON.parse(written)).toMatchObject({ valid: false, ...answer });
  });

  it('takes the last file for the certificate, after whatever list', () => {
    expect(
      sportello(['--intermediate', intermediate, '--crl', lists, ...at, '--no-revocation', '--anchor', anchor, certificate]).code,
    ).toBe(0);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no certificate', [], /certificate is needed/],
    ['a file that is not there', ['--anchor', anchor, join(folder, 'none')], /none: ENOENT/],
    ['an anchor that is none', ['--anchor', file('nothing', 'x'), certificate], /anchor/],
    ['a time that is none', [...path, '--at', 'tomorrow', certificate], /at: not an ISO 8601 time/],
    ['a depth that is none', [...path, '--max-depth', '-1', certificate], /not a whole number/],
    ['a batch that is not there', ['--batch', join(folder, 'none')], /ENOENT/],
  ])('is unusable with %s: one line, no stack trace', (_, args, line) => {
    const { code, answer, said } = sportello(args);
    expect({ code, answer }).toEqual({ code: 2, answer: '' });
    expect(said).toMatch(line);
    expect(said.trim().split('\n')).toHaveLength(1);
  });
});

const der = (bytes: Uint8Array): { der: string } => ({ der: Buffer.from(bytes).toString('base64') });
const item = { id: 1, certificate: der(target), anchors: [anchor], intermediates: [intermediate], crls: [lists], at: NOW.toISOString() };

describe('a batch', () => {
  it('answers each line in order, and no broken one ends it', () => {
    const lines = [
      JSON.stringify(item),
      '{"id": 2, "certificate"',
      JSON.stringify({ ...item, id: 'three', certificate: join(folder, 'none') }),
      JSON.stringify({ id: 4 }),
      JSON.stringify({ ...item, id: 5, anchors: [] }),
      '[]',
      JSON.stringify({ ...item, id: 7, crls: [listed, lists] }),
      JSON.stringify({ ...item, id: 8, maxDepth: 0 }),
      JSON.stringify({ ...item, id: 9, checkRevocation: false, crls: [] }),
    ];
    const { code, answer } = sportello(['--batch', '-'], lines.join('\r\n'));
    expect(code).toBe(0);
    const answers = answer
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ id, valid, status }) => [id, valid, status])).toEqual([
      [1, true, 'good'],
      [null, false, 'invalid'],
      ['three', false, 'invalid'],
      [4, false, 'invalid'],
      [5, false, 'invalid'],
      [null, false, 'invalid'],
      [7, false, 'suspended'],
      [8, false, 'invalid'],
      [9, true, 'good'],
    ]);
    expect(answers.every(({ reason, valid }) => valid || reason !== '')).toBe(true);
  });

  it('reads a file as it reads standard input', () => {
    const batch = file('batch.jsonl', `${JSON.stringify(item)}\n\n${JSON.stringify({ ...item, id: 2 })}\n`);
    expect(sportello(['--batch', batch]).answer.trim().split('\n')).toHaveLength(2);
    expect(readFileSync(batch, 'utf8')).toContain('"id":2');
  });
});

describe('the profile of cards', async () => {
  const issuer = await cnsAuthority();
  const own = await card(issuer);
  const data = file('personal-data', Buffer.from(reading(own).personalDataFile, 'base64'));
  const asked = {
    id: 1,
    certificate: der(own),
    anchors: [der(issuer.certificate)],
    checkRevocation: false,
    at: NOW.toISOString(),
    profile: 'cns',
  };
  const answer = (more: object): ReturnType<typeof batchAnswer> => batchAnswer(JSON.stringify({ ...asked, ...more }), new Sources());

  it('is kept by a card', () => {
    expect(answer({})).toMatchObject({ valid: true });
    expect(answer({ personalData: data })).toMatchObject({ valid: true });
  });

  it('is not kept by an authority, nor with other personal data', () => {
    expect(answer({ certificate: der(issuer.certificate) })).toMatchObject({ status: 'invalid', reason: expect.stringMatching(/name/) });
    const other = file('other-data', Buffer.from(holder.personalData.surname));
    expect(answer({ personalData: other })).toMatchObject({ status: 'invalid', reason: expect.stringMatching(/personal data/) });
    expect(answer({ personalData: join(folder, 'none') })).toMatchObject({ status: 'invalid', reason: expect.stringMatching(/ENOENT/) });
  });
});
