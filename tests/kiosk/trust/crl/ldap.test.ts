import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { issuerOf } from '../../../../kiosk/trust/crl/issuer.ts';
import { type Refreshed, refresh } from '../../../../kiosk/trust/crl/refresh.ts';
import { type CrlStore, openStore } from '../../../../kiosk/trust/crl/store.ts';
import { der, integer, makeAuthority, makeCrl, manyEntries, pemOf } from '../../../bench/crl-generator.ts';
import { startSlapd, suffix } from '../../../harness/slapd.ts';
import { NOW, ask, days, newFolder } from './store.ts';

const ca = makeAuthority('Specimen - CA Cittadini');
const crl = makeCrl(ca, { thisUpdate: days(-1), nextUpdate: days(1), number: 2, entries: [{ serial: Buffer.of(1), reason: 1 }] });
const older = makeCrl(ca, { thisUpdate: days(-3), nextUpdate: days(1), number: 1, entries: [] });
const large = makeCrl(ca, { thisUpdate: days(-1), nextUpdate: days(1), number: 3, encoded: manyEntries(30_000) });
const BINARY = 'certificateRevocationList;binary';

let directory: Awaited<ReturnType<typeof startSlapd>>;
let folder: string;
let store: CrlStore;

beforeAll(async () => {
  directory = await startSlapd([
    { cn: 'CDP1', values: { [BINARY]: [crl] } },
    { cn: 'Two', values: { [BINARY]: [crl, older] } },
    { cn: 'Empty', values: {} },
    { cn: 'Large', values: { [BINARY]: [large] } },
    { cn: 'Elsewhere', values: {}, referral: `ldap://127.0.0.1:1/cn=CDP1,${suffix}` },
    { cn: 'Authorities', values: { 'authorityRevocationList;binary': [crl] } },
  ]);
});
afterAll(async () => await directory.close());
beforeEach(() => {
  folder = newFolder();
  const opened = openStore(folder);
  if (!opened.ok) throw new Error(opened.error);
  store = opened.value;
});
afterEach(() => store.close());

async function fetched(url: string, limits = { bytes: 10_000_000, ms: 5_000 }, more: readonly string[] = []): Promise<Refreshed> {
  const [done] = await refresh(store, [{ issuers: [issuerOf(ca.certificate)], urls: [url, ...more] }], {
    folder,
    all: true,
    now: () => NOW,
    limits,
    tries: 1,
    pause: async () => await Promise.resolve(),
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  return done!;
}

const at = (entry: string, rest = '?certificateRevocationList'): string => `ldap://127.0.0.1:${directory.port}/${entry}${rest}`;
const named = (cn: string): string => `cn=${encodeURIComponent(cn)},${suffix}`;

it.each([
  ['as it is', `cn=CDP1,${suffix}`, '?certificateRevocationList;binary'],
  ['without ;binary', `cn=CDP1,${suffix}`, '?certificateRevocationList'],
  ['encoded here and there', 'cn%3DCDP1,o=Specimen%2Cc%3dIT', '?certificateRevocationList?base?objectClass=*'],
  ['without an attribute', `cn=CDP1,${suffix}`, ''],
  ['the list of authorities', `cn=Authorities,${suffix}`, '?authorityRevocationList'],
])('a directory gives the CRL of an entry, %s', async (_, entry, rest) => {
  expect(await fetched(at(entry, rest))).toMatchObject({ result: 'imported', problems: [] });
  expect([ask(folder, ca, '01').status, ask(folder, ca, '02').status]).toEqual(['revoked', 'good']);
  expect(await fetched(at(entry, rest))).toMatchObject({ result: 'unchanged', problems: [] });
});

it.each([
  ['two values', () => at(named('Two')), /2 values/],
  ['no value', () => at(named('Empty')), /no values/],
  ['a value of another attribute', () => at(named('Authorities')), /no values/],
  ['no such entry', () => at(named('Nobody')), /./],
  ['an entry that the filter does not find', () => at(named('CDP1'), '???(cn=x)'), /0 entries/],
  ['a referral', () => at(named('Elsewhere')), /./],
  ['a CRL larger than is read', () => at(named('Large')), /larger than 1000000 bytes/],
  ['nobody', () => 'ldap://127.0.0.1:1/c=IT', /ECONNREFUSED/],
])('%s leaves the store as it was, and the second point is asked', async (_, url, problem) => {
  await fetched(at(named('CDP1')));
  const done = await fetched(url(), { bytes: 1_000_000, ms: 5_000 }, [at(named('CDP1'))]);
  expect(done.result).toBe('unchanged');
  expect(done.problems.join()).toMatch(problem);
  expect(ask(folder, ca, '01').status).toBe('revoked');
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});

/** LDAPMessage (RFC 4511, 4.1.1), for servers that no directory would be. It answers the message of a number. */
type Message = (id: number) => Buffer;
const message =
  (tag: number, ...contents: readonly Buffer[]): Message =>
  (id) =>
    der(0x30, integer(id), der(tag, ...contents));
const text = (value: string | Buffer): Buffer => der(0x04, Buffer.from(value));
const success = [der(0x0a, Buffer.of(0)), text(''), text('')];
const bound = message(0x61, ...success);
const done = message(0x65, ...success);
const entry = (name: string, ...values: readonly (string | Buffer)[]): Message =>
  message(0x64, text('c=IT'), der(0x30, der(0x30, text(name), der(0x31, ...values.map(text)))));
/** The number of a short request. */
const numberOf = (request: Buffer): number => request[4] ?? 0;

async function hostile<T>(serve: (socket: Socket) => void, use: (url: string) => Promise<T>): Promise<T> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    serve(socket);
  }).listen(0, '127.0.0.1');
  await new Promise<void>((listening) => server.once('listening', listening));
  try {
    return await use(`ldap://127.0.0.1:${(server.address() as AddressInfo).port}/c=IT?certificateRevocationList`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Answers the bind, and then the search. */
const answering =
  (...answers: readonly Message[]) =>
  (socket: Socket): void => {
    socket.once('data', (bind: Buffer) => {
      socket.write(bound(numberOf(bind)));
      socket.once('data', (search: Buffer) => socket.write(Buffer.concat(answers.map((answer) => answer(numberOf(search))))));
    });
  };

it.each<[string, (socket: Socket) => void, RegExp, string?]>([
  ['answers nothing', () => undefined, /not done after 300 ms/],
  ['answers the bind and no more', answering(), /not done after 300 ms/],
  ['sends an entry and no end', answering(entry(BINARY, crl)), /not done after 300 ms/],
  ['hangs up', (socket) => socket.end(), /./],
  [
    'hangs up in the middle of an answer',
    (socket) => socket.once('data', (bind: Buffer) => socket.end(bound(numberOf(bind)).subarray(0, 9))),
    /./,
  ],
  ['speaks HTTP', (socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')), /./],
  ['announces 2 GB', answering(() => Buffer.from('30847fffffff020102', 'hex')), /not done after 300 ms/],
  ['sends without end', (socket) => void socket.on('data', () => flood(socket)), /larger than 1000000 bytes/],
  [
    'sends a CRL of no issuer that is known',
    answering(entry(BINARY, makeCrl(makeAuthority('Another CA'))), done),
    /issuer is not known/,
    'refused',
  ],
  ['sends what is no CRL', answering(entry(BINARY, 'none today'), done), /neither DER nor the PEM/, 'refused'],
  ['sends an empty value', answering(entry(BINARY, ''), done), /./, 'refused'],
  ['sends a value too many', answering(entry(BINARY, crl, crl), done), /2 values/],
  ['sends the same attribute under both names', answering(entry(BINARY, crl), entry('certificateRevocationList', crl), done), /2 entries/],
  ['sends another attribute than was asked for', answering(entry('cACertificate;binary', crl), done), /no values/],
])('a server that %s is given up, and nothing changes', async (_, serve, problem, result = 'unreachable') => {
  const answer = await hostile(serve, async (url) => await fetched(url, { bytes: 1_000_000, ms: 300 }));
  expect(answer.problems.join()).toMatch(problem);
  expect(answer.result).toBe(result);
  expect(store.lists()).toEqual([]);
});

it('a server that names the attribute in its own way is understood, PEM too', async () => {
  const serve = answering(entry('CertificateRevocationList', pemOf('X509 CRL', crl)), done);
  expect(await hostile(serve, async (url) => await fetched(url))).toMatchObject({ result: 'imported', problems: [] });
});

function flood(socket: Socket): void {
  if (socket.destroyed) return;
  // An entry of 2 GB, as far as it comes.
  socket.write(Buffer.concat([Buffer.from('30847fffffff', 'hex'), Buffer.alloc(256 * 1024)]), () => flood(socket));
}
