import { type Element, Malformed, constructed, hex, listOf, primitive, tag, whole } from './der.ts';
import { type Name, nameOf } from './name.ts';

/** A GeneralName (RFC 5280, 4.2.1.6). Forms that nobody compares here keep their bytes: they are equal if those are. */
export type GeneralName =
  | { readonly form: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly form: 'directory'; readonly name: Name }
  | { readonly form: 'ip'; readonly octets: Uint8Array }
  | { readonly form: 'other'; readonly tag: number; readonly bytes: string };

const textForms: Readonly<Record<number, 'email' | 'dns' | 'uri'>> = {
  [primitive(1)]: 'email',
  [primitive(2)]: 'dns',
  [primitive(6)]: 'uri',
};
const otherForms: ReadonlySet<number> = new Set([constructed(0), constructed(3), constructed(5), primitive(8)]);

export function generalNameOf(element: Element, what: string): GeneralName {
  const textForm = textForms[element.tag];
  if (textForm !== undefined) {
    if (element.content.some((octet) => octet > 0x7f || octet === 0)) throw new Malformed(`${what}: a name outside ASCII`);
    return { form: textForm, text: Buffer.from(element.content).toString('latin1') };
  }
  if (element.tag === constructed(4)) return { form: 'directory', name: nameOf(whole(element.content, tag.sequence, what), what) };
  if (element.tag === primitive(7)) return { form: 'ip', octets: element.content };
  if (!otherForms.has(element.tag)) throw new Malformed(`${what}: a name of an unknown kind`);
  return { form: 'other', tag: element.tag, bytes: hex(element.content) };
}

export function generalNamesOf(content: Uint8Array, what: string): readonly GeneralName[] {
  return listOf(content, what).map((element) => generalNameOf(element, what));
}

/** Two GeneralNames are the same name exactly if this is the same. */
export function keyOf(name: GeneralName): string {
  switch (name.form) {
    case 'directory':
      return `directory:${name.name.key}`;
    case 'ip':
      return `ip:${hex(name.octets)}`;
    case 'other':
      return `${name.tag}:${name.bytes}`;
    default:
      return `${name.form}:${name.form === 'dns' ? name.text.toLowerCase() : name.text}`;
  }
}
