import { describe, expect, it } from 'vitest';
import { ask } from './asking.ts';
import {
  authority,
  ca,
  called,
  certificate,
  certify,
  constraints,
  directory,
  dns,
  email,
  extension,
  ip,
  keyUsage,
  name,
  oid,
  root,
  sequence,
  text,
  tlv,
  uri,
} from './making.ts';

const top = authority('Root');
const anchors = [root(top)];
const narrow = authority('Narrow');
const leaf = authority('Leaf');

type Names = readonly Uint8Array[];
const upn = (value: string): Buffer => tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, text(0x0c, value)));

function valid(names: Names, permitted: Names, excluded: Names = [], subject: Uint8Array = leaf.subject): boolean {
  const intermediates = [certify(top, narrow, [ca(), keyUsage(0x06), constraints(permitted, excluded)])];
  const extensions = names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names))];
  const target = certificate({ subject, keys: leaf.keys, issuer: narrow.subject, by: narrow.keys, extensions });
  return ask(target, { anchors, intermediates }).valid;
}

describe('a permitted name', () => {
  it.each<[string, Uint8Array, Uint8Array, boolean]>([
    ['a host itself', dns('example.it'), dns('Example.IT'), true],
    ['a host below', dns('a.b.example.it'), dns('example.it'), true],
    ['a host that only ends alike', dns('badexample.it'), dns('example.it'), false],
    ['a wildcard below', dns('*.example.it'), dns('example.it'), true],
    ['a wildcard above', dns('*.it'), dns('example.it'), false],
    ['any host under an empty constraint', dns('example.it'), dns(''), true],
    ['a constraint with a period before it', dns('a.example.it'), dns('.example.it'), false],
    ['a host that is none', dns('exa mple.example.it'), dns('example.it'), false],
    ['a mailbox', email('ugo@example.it'), email('ugo@EXAMPLE.it'), true],
    ['a mailbox in another case', email('Ugo@example.it'), email('ugo@example.it'), false],
    ['a mailbox of a host', email('ugo@example.it'), email('example.it'), true],
    ['a mailbox of a host below', email('ugo@a.example.it'), email('example.it'), false],
    ['a mailbox of a domain', email('ugo@a.example.it'), email('.example.it'), true],
    ['a mailbox of the domain itself', email('ugo@example.it'), email('.example.it'), false],
    ['a mail address without a host', email('ugo'), email('example.it'), false],
    ['a URI', uri('https://ugo@example.it:8443/x'), uri('example.it'), true],
    ['a URI below', uri('https://a.example.it'), uri('example.it'), false],
    ['a URI in a domain', uri('https://a.example.it'), uri('.example.it'), true],
    ['a URI at an address', uri('https://192.0.2.1/'), uri('example.it'), false],
    ['a URI without an authority', uri('urn:isbn:1'), uri('example.it'), false],
    ['an address', ip(192, 0, 2, 7), ip(192, 0, 2, 0, 255, 255, 255, 0), true],
    ['an address outside', ip(192, 0, 3, 7), ip(192, 0, 2, 0, 255, 255, 255, 0), false],
    ['an address of the other length', ip(...Array<number>(16).fill(0)), ip(0, 0, 0, 0, 0, 0, 0, 0), false],
    ['a mask with holes', ip(192, 0, 2, 7), ip(192, 0, 2, 0, 255, 0, 255, 0), false],
    ['a range that is none', ip(192, 0, 2, 7), ip(192, 0, 2, 0), false],
    ['a directory name below', directory(called('x')), directory(name(['2.5.4.10', 'Specimen'])), true],
    ['a directory name beside', directory(name(['2.5.4.10', 'Other'])), directory(name(['2.5.4.10', 'Specimen'])), false],
    ['a form that cannot be judged', upn('ugo@example.it'), upn('example.it'), false],
    ['another form than the constraint speaks of', dns('example.it'), upn('example.it'), true],
  ])('%s', (_, own, base, expected) => {
    expect(valid([own], [base])).toBe(expected);
  });

  it('needs to be within one constraint of its form in each authority', () => {
    expect(valid([dns('a.it')], [dns('a.it'), dns('b.it')])).toBe(true);
    expect(valid([dns('a.it'), dns('c.it')], [dns('a.it'), dns('b.it')])).toBe(false);
  });
});

describe('an excluded name', () => {
  it.each<[string, Uint8Array, Uint8Array, boolean]>([
    ['a host below', dns('a.example.it'), dns('example.it'), false],
    ['a host beside', dns('a.example.com'), dns('example.it'), true],
    ['a wildcard that stands for it', dns('*.example.it'), dns('a.example.it'), false],
    ['a wildcard that does not', dns('*.example.it'), dns('b.a.example.it'), true],
    ['a mailbox', email('ugo@example.it'), email('example.it'), false],
    ['a URI', uri('https://example.it'), uri('example.it'), false],
    ['an address', ip(10, 0, 0, 1), ip(10, 0, 0, 0, 255, 0, 0, 0), false],
    ['a form that cannot be judged', upn('ugo'), upn('eva'), false],
  ])('%s', (_, own, base, expected) => {
    expect(valid([own], [], [base])).toBe(expected);
  });

  it('is excluded although it is permitted', () => {
    expect(valid([dns('a.example.it')], [dns('example.it')], [dns('a.example.it')])).toBe(false);
  });
});

it('a mail address in the subject counts where there is none beside it', () => {
  const subject = name(['2.5.4.3', 'Leaf'], ['1.2.840.113549.1.9.1', 'ugo@example.com', 0x16]);
  expect(valid([], [email('example.it')], [], subject)).toBe(false);
  expect(valid([], [email('example.com')], [], subject)).toBe(true);
});

it('constraints bind no authority that is self-issued, unless it is the target', () => {
  const inside = name(['2.5.4.10', 'Elsewhere']);
  const own = authority('Narrow');
  const chain = [
    certify(top, narrow, [ca(), keyUsage(0x06), constraints([directory(inside)])]),
    certify(narrow, own, [ca(), keyUsage(0x06)]),
  ];
  const target = certificate({
    subject: name(['2.5.4.10', 'Elsewhere'], ['2.5.4.3', 'x']),
    keys: leaf.keys,
    issuer: own.subject,
    by: own.keys,
  });
  expect(ask(target, { anchors, intermediates: chain }).valid).toBe(true);
  expect(ask(chain[1]!, { anchors, intermediates: chain }).valid).toBe(false);
});
