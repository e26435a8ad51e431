import { expect, it } from 'vitest';
import { readLdapUrl } from '../../../../kiosk/trust/crl/ldap-url.ts';

const LAZIO = 'CN=Regione Lazio - CA Cittadini,OU=Servizi di Certificazione,O=Poste Italiane S.p.A.,C=IT';
const plain = { host: 'ldap.example.it', port: 389, attribute: 'certificateRevocationList', filter: '(objectClass=*)' };

/** Shapes of distribution points in certificates of Italian authorities (trust.md, 3), and RFC 4516. */
it.each([
  [
    'encoded here and there',
    'ldap://ldap.example.it:389/CN=Regione%20Lazio%20-%20CA%20Cittadini,OU%3dServizi%20di%20Certificazione,O%3dPoste%20Italiane%20S.p.A.,C%3dIT?certificateRevocationList',
    { ...plain, entry: LAZIO },
  ],
  [
    'encoded throughout',
    'ldap://ldap.example.it/cn%3DCDP2%2Cou%3DCRL%20CA%20Cittadini%2Co%3DLISPA%2Cc%3DIT?certificateRevocationList',
    { ...plain, entry: 'cn=CDP2,ou=CRL CA Cittadini,o=LISPA,c=IT' },
  ],
  ['not encoded at all', `ldap://ldap.example.it/${LAZIO}?certificateRevocationList;binary`, { ...plain, entry: LAZIO }],
  [';binary encoded', 'ldap://ldap.example.it/c=IT?certificateRevocationList%3Bbinary', { ...plain, entry: 'c=IT' }],
  ['in other letters', 'LDAP://ldap.example.it/c=IT?CERTIFICATEREVOCATIONLIST;Binary', { ...plain, entry: 'c=IT' }],
  ['without an attribute', 'ldap://ldap.example.it/c=IT', { ...plain, entry: 'c=IT' }],
  ['authorities', 'ldap://ldap.example.it/c=IT?authorityRevocationList', { ...plain, entry: 'c=IT', attribute: 'authorityRevocationList' }],
  ['a delta', 'ldap://ldap.example.it/c=IT?deltaRevocationList;binary', { ...plain, entry: 'c=IT', attribute: 'deltaRevocationList' }],
  [
    'scope and filter, its brackets left out',
    'ldap://ldap.example.it/c=IT?certificateRevocationList?base?objectClass=cRLDistributionPoint',
    { ...plain, entry: 'c=IT', filter: '(objectClass=cRLDistributionPoint)' },
  ],
  ['a filter', 'ldap://ldap.example.it/c=IT???(cn=a%2a)', { ...plain, entry: 'c=IT', filter: '(cn=a*)' }],
  ['an extension that may be left aside', 'ldap://ldap.example.it/c=IT????bindname=cn%3dx', { ...plain, entry: 'c=IT' }],
  ['an accent in UTF-8', 'ldap://ldap.example.it/o=Sanit%C3%A0,c=IT', { ...plain, entry: 'o=Sanità,c=IT' }],
  ['a question mark in a name', 'ldap://ldap.example.it/cn=a%3Fb,c=IT?certificateRevocationList', { ...plain, entry: 'cn=a?b,c=IT' }],
  ['IPv6', 'ldap://[::1]:3389/c=IT', { ...plain, host: '::1', port: 3389, entry: 'c=IT' }],
])('%s', (_, url, point) => {
  expect(readLdapUrl(url)).toEqual({ ok: true, value: point });
});

it.each([
  ['no host', 'ldap:///c=IT?certificateRevocationList', /host/],
  ['no entry', 'ldap://ldap.example.it/?certificateRevocationList', /no entry/],
  ['no path', 'ldap://ldap.example.it', /host and an entry/],
  ['another scheme', 'ldapi://ldap.example.it/c=IT', /not an LDAP URL/],
  ['who it is for', 'ldap://cn=admin:secret@ldap.example.it/c=IT', /not an LDAP URL/],
  ['a port too high', 'ldap://ldap.example.it:70000/c=IT', /port 70000/],
  ['broken encoding', 'ldap://ldap.example.it/c=I%T?certificateRevocationList', /percent-encoding/],
  ['bytes that are no UTF-8', 'ldap://ldap.example.it/o=Sanit%E0,c=IT', /percent-encoding/],
  ['an attribute that holds no CRL', 'ldap://ldap.example.it/c=IT?userPassword', /userPassword holds no CRL/],
  ['several attributes', 'ldap://ldap.example.it/c=IT?certificateRevocationList,cACertificate', /holds no CRL/],
  ['a whole tree', 'ldap://ldap.example.it/c=IT?certificateRevocationList?sub', /scope sub/],
  ['an extension that it demands', 'ldap://ldap.example.it/c=IT????!bindname=cn%3dx', /extension/],
  ['a fragment', 'ldap://ldap.example.it/c=IT#x', /not an LDAP URL/],
])('%s is refused', (_, url, problem) => {
  const read = readLdapUrl(url);
  expect(read).toMatchObject({ ok: false });
  expect(read.ok ? '' : read.error).toMatch(problem);
});
