import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readList } from '../../../../kiosk/trust/trusted-list/reading.ts';
import { verifyEnveloped } from '../../../../kiosk/trust/trusted-list/signature.ts';
import { digestsOf } from '../../../../kiosk/trust/trusted-list/signers.ts';
import { limits, parseXml } from '../../../../kiosk/trust/trusted-list/xml.ts';
import { type Authority, makeAuthority } from '../../../bench/crl-generator.ts';
import { EXCLUSIVE, INCLUSIVE, MORE, type Signing, listXml, serviceXml, sign, signedList } from './making.ts';

const signer = makeAuthority('Specimen - AgID');
const rsaSigner = makeAuthority('Specimen - AgID 2', 'rsa');
const stranger = makeAuthority('Somebody else');
const ca = makeAuthority('Specimen - CA Cittadini');
const evil = makeAuthority('Evil - CA Cittadini');
const list = { services: [{ authority: ca }] };

/** What is believed of these bytes: the certificates of the list's services, or why nothing. */
function believed(bytes: Buffer | string, by: readonly Authority[] = [signer]): readonly string[] | string {
  const xml = parseXml(Buffer.from(bytes));
  if (!xml.ok) return xml.error;
  const pins = new Set(by.map(({ certificate }) => digestsOf(new X509Certificate(certificate)).certificate));
  const signed = verifyEnveloped(xml.value, pins);
  if (!signed.ok) return signed.error;
  const read = readList(signed.value.document);
  return read.ok ? read.value.services.flatMap(({ certificates }) => certificates) : read.error;
}
const honest = [ca.certificate.toString('base64')];

const PSS = 'http://www.w3.org/2007/05/xmldsig-more#';
const XMLENC = 'http://www.w3.org/2001/04/xmlenc#';
it.each<[string, Authority, Signing]>([
  ['ECDSA with SHA-256', signer, { algorithm: `${MORE}ecdsa-sha256` }],
  ['ECDSA with SHA-384', signer, { algorithm: `${MORE}ecdsa-sha384`, digest: `${MORE}sha384` }],
  ['ECDSA with SHA-512', signer, { algorithm: `${MORE}ecdsa-sha512`, digest: `${XMLENC}sha512` }],
  ['RSA with SHA-256', rsaSigner, { algorithm: `${MORE}rsa-sha256` }],
  ['RSA with SHA-384', rsaSigner, { algorithm: `${MORE}rsa-sha384`, digest: `${MORE}sha384` }],
  ['RSA with SHA-512', rsaSigner, { algorithm: `${MORE}rsa-sha512`, digest: `${XMLENC}sha512` }],
  ['RSA-PSS with SHA-256', rsaSigner, { algorithm: `${PSS}sha256-rsa-MGF1` }],
  ['RSA-PSS with SHA-384', rsaSigner, { algorithm: `${PSS}sha384-rsa-MGF1` }],
  ['RSA-PSS with SHA-512', rsaSigner, { algorithm: `${PSS}sha512-rsa-MGF1` }],
  ['exclusive C14N', signer, { canonical: EXCLUSIVE }],
  ['inclusive C14N', signer, { canonical: INCLUSIVE }],
  ['a reference to the whole list by its Id', signer, { uri: '#list' }],
  ['XAdES SigningCertificate, the older form', signer, { element: 'SigningCertificate' }],
])('a list signed by %s is believed', (_, by, how) => {
  expect(believed(signedList(list, by, how), [signer, rsaSigner])).toEqual(honest);
});

it('a list may have comments, CDATA, and the entities that XML has of itself', () => {
  const xml = listXml(list).replace('Ente Specimen', 'Ente &lt;Specimen&gt; &#233; <![CDATA[& figli]]>');
  expect(believed(sign(xml, signer))).toEqual(honest);
});

it.each<[string, string | Buffer, RegExp]>([
  ['unsigned', listXml(list), /not signed/],
  ['by a signer who is not pinned', signedList(list, stranger), /nobody who is pinned/],
  [
    'by a stranger who shows the certificate of the pinned one',
    signedList(list, stranger, { shows: signer, names: signer }),
    /does not hold/,
  ],
  ['with the certificate of another in XAdES', signedList(list, signer, { names: stranger }), /another signer/],
  ['without XAdES SigningCertificate', signedList(list, signer, { names: null }), /another signer/],
  [
    'over a part of the list',
    sign(listXml(list).replace('<tsl:SchemeInformation>', '<tsl:SchemeInformation Id="part">'), signer, { uri: '#part' }),
    /not over the whole list|does not hold/,
  ],
  ['with a RSA name and a curve’s key', String(signedList(list, signer)).replace('#ecdsa-sha256', '#rsa-sha256'), /does not hold/],
  [
    'with HMAC',
    String(signedList(list, signer)).replace(`${MORE}ecdsa-sha256`, 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'),
    /not supported/,
  ],
  ['with SHA-1', String(signedList(list, signer)).replaceAll(`${XMLENC}sha256`, 'http://www.w3.org/2000/09/xmldsig#sha1'), /not supported/],
  [
    'and changed',
    String(signedList(list, signer)).replace(
      ca.certificate.toString('base64').slice(0, 40),
      evil.certificate.toString('base64').slice(0, 40),
    ),
    /changed|does not hold|pinned/,
  ],
  ['twice', String(signedList(list, signer)).replace(/<ds:Signature [\s\S]*<\/ds:Signature>/, '$&$&'), /not the one of the whole list/],
])('a list signed %s is not', (_, bytes, problem) => {
  const answer = believed(bytes);
  expect(typeof answer).toBe('string');
  expect(answer).toMatch(problem);
});

/** Signature wrapping: what was signed still stands somewhere, and something else is put where it would be read. */
const good = String(signedList(list, signer, { uri: '#list' }));
const signatureOf = (xml: string): string => /<ds:Signature [\s\S]*<\/ds:Signature>/.exec(xml)![0];
const body = good.slice(good.indexOf('<tsl:TrustServiceStatusList'));
const forged = (id: string, inside = ''): string =>
  listXml({ services: [{ authority: evil }] })
    .replace('Id="list"', id)
    .replace('</tsl:TrustServiceStatusList>', `${inside}</tsl:TrustServiceStatusList>`);
it.each<[string, string]>([
  ['beside its signature, with another Id', forged('Id="other"', signatureOf(good) + `<x>${body.replace(signatureOf(good), '')}</x>`)],
  [
    'the signed one hidden in an element, its signature moved out',
    forged('Id="other"', `<x>${body.replace(signatureOf(good), '')}</x>${signatureOf(good)}`),
  ],
  ['the signed one hidden whole', forged('Id="other"', `<x>${body}</x>`)],
  ['both with the same Id', forged('Id="list"', `<x>${body.replace(signatureOf(good), '')}</x>${signatureOf(good)}`)],
  [
    'the signed one inside the signature',
    forged(
      'Id="other"',
      signatureOf(good).replace('</ds:Signature>', `<ds:Object>${body.replace(signatureOf(good), '')}</ds:Object></ds:Signature>`),
    ),
  ],
  ['an Id in other letters', forged('ID="list"', `<x>${body.replace(signatureOf(good), '')}</x>${signatureOf(good)}`)],
  [
    'a service put into the signature',
    good.replace('</ds:Signature>', `<ds:Object>${serviceXml({ authority: evil })}</ds:Object></ds:Signature>`),
  ],
  ['a service put into a comment’s place', good.replace('<!-- as they are -->', serviceXml({ authority: evil }))],
  ['another SignedProperties first', good.replace('<xades:SignedProperties', `<xades:SignedProperties Id="x"/><xades:SignedProperties`)],
])('a forged list is never believed: %s', (_, xml) => {
  const answer = believed(xml);
  expect(typeof answer === 'string' || answer.join() === honest.join()).toBe(true);
});

it('what stands in a comment, or beside what was signed, is not read', () => {
  const commented = listXml(list).replace('<!-- as they are -->', `<!-- ${serviceXml({ authority: evil })} -->`);
  expect(believed(sign(commented, signer))).toEqual(honest);
});

it('a byte changed anywhere: the same is believed, or nothing', () => {
  const bytes = signedList(list, signer);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ by;
      const answer = believed(changed);
      return typeof answer === 'string' || answer.join() === honest.join();
    }),
    { numRuns: 700 },
  );
});

it('cut short anywhere, nothing is believed', () => {
  const bytes = signedList(list, signer);
  const whole = bytes.lastIndexOf('>') + 1;
  fc.assert(
    fc.property(fc.nat(whole - 1), (length) => typeof believed(bytes.subarray(0, length)) === 'string'),
    { numRuns: 300 },
  );
});

const doctype = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>';
it.each<[string, () => Buffer | string, RegExp]>([
  ['a billion laughs', () => listXml(list).replace('?>\n', `?>\n${doctype}`).replace('Ente Specimen', '&c;'), /document type/],
  ['an external entity', () => listXml(list).replace('?>\n', '?>\n<!DOCTYPE x SYSTEM "file:///etc/passwd">'), /document type/],
  ['a document type in other letters', () => '<!doctype x><x/>', /document type/],
  ['an entity that nobody declared', () => sign(listXml(list), signer).replace('Ente Specimen', '&passwd;'), /./],
  ['too many bytes', () => Buffer.alloc(limits.bytes + 1, ' '), /larger than/],
  ['too deep', () => '<a>'.repeat(100_000) + '</a>'.repeat(100_000), /deeper than 64/],
  ['too many elements', () => `<a>${'<b/>'.repeat(limits.tags + 1)}</a>`, /more than 400000 tags/],
  ['a tag without an end', () => `<a b="${'<'.repeat(1_000_000)}`, /cut short/],
  ['nothing', () => '', /./],
  ['a page', () => '<html><body><p>Torniamo subito</body></html>', /./],
  ['JSON', () => '{"anchors":[]}', /./],
  ['UTF-16', () => Buffer.from(`\ufeff${listXml(list)}`, 'utf16le'), /not UTF-8/],
  ['Latin 1', () => listXml(list).replace('UTF-8', 'ISO-8859-1'), /not XML 1.0 in UTF-8/],
  ['XML 1.1', () => listXml(list).replace('version="1.0"', 'version="1.1"'), /not XML 1.0/],
  ['bytes that are no UTF-8', () => Buffer.concat([Buffer.from('<a>'), Buffer.of(0xff), Buffer.from('</a>')]), /not UTF-8/],
])('%s is refused at once', (_, bytes, problem) => {
  const given = bytes();
  const began = performance.now();
  const answer = believed(given);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(answer).toMatch(problem);
});

it.each<[string, Parameters<typeof listXml>[0], RegExp]>([
  ['of another namespace', { namespace: 'http://uri.etsi.org/02231/v3#' }, /not a trusted list/],
  ['of a version not known', { version: 9 }, /version/],
  ['that lists other lists', { listType: 'EUlistofthelists' }, /another kind/],
  ['without a number', { number: Number.NaN }, /sequenceNumber/],
  ['with a date that is none', { issued: 'yesterday' }, /issued/],
])('what is signed well and is no list of a country is not believed: %s', (_, made, problem) => {
  expect(believed(signedList({ ...list, ...made }, signer))).toMatch(problem);
});
