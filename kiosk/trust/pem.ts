/** The DER objects in a file, whatever its name says: one DER, or one or more PEM blocks of the given label (RFC 7468). */
export function derObjects(file: Uint8Array, label: 'CERTIFICATE' | 'X509 CRL'): readonly Buffer[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  // A DER object of more than 127 octets begins as no text does; before PEM, text of any length may stand.
  if ((bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) || !bytes.includes('-----BEGIN ')) return [bytes];
  const blocks = bytes.toString('latin1').matchAll(new RegExp(`-----BEGIN ${label}-----([^-]*)-----END ${label}-----`, 'g'));
  return [...blocks].map(([, body]) => Buffer.from(body ?? '', 'base64'));
}
