import type { DocumentType, IdentityDocument } from './identity-document.ts';

/** How the usual documents are numbered (procedures.md, 2.5). The list of documents is open: what looks otherwise may be right. */
const usualNumbers: Readonly<Partial<Record<DocumentType, RegExp>>> = {
  // The electronic card, and the paper one.
  'identity-card': /^([A-Z]{2}\d{5}[A-Z]{2}|[A-Z]{2}\d{7})$/,
  passport: /^[A-Z0-9]{2}\d{7}$/,
  'driving-licence': /^([A-Z][AV]\d{7}[A-Z]|U1[A-Z0-9]{7}[A-Z])$/,
};

/** Whether the number is written as others of its type are; `false` is worth a second look, and no more. */
export function looksUsual({ type, number }: Pick<IdentityDocument, 'type' | 'number'>): boolean {
  return usualNumbers[type]?.test(number.replace(/\s/g, '').toUpperCase()) ?? true;
}
