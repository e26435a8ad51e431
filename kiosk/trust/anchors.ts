import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Result, err, ok } from '../../devices/result.ts';
import { derObjects } from './pem.ts';
import { type AnchorCertificate, type Certificate, readAnchorCertificate, readCertificate } from './x509/certificate.ts';

export type AnchorError = { readonly kind: 'anchor-unusable'; readonly file: string; readonly detail: string };

/** Reads certificates of issuers, DER or PEM, several to a file. One that cannot be used ends it: a kiosk must not trust half its list. */
export const readAnchors = (files: readonly string[]): Result<readonly AnchorCertificate[], AnchorError> =>
  readAll(files, readAnchorCertificate);

/** Those of the national list, DER; one that cannot be used is left out: whoever made that list did not make it for this kiosk. */
export function usableAnchors(listed: readonly Buffer[]): readonly AnchorCertificate[] {
  return listed.map(readAnchorCertificate).flatMap((each) => (each.ok ? [each.value] : []));
}

/** Certificates between the cards and the anchors, in the same way. */
export const readIntermediates = (files: readonly string[]): Result<readonly Certificate[], AnchorError> => readAll(files, readCertificate);

function readAll<T>(files: readonly string[], read: (der: Buffer) => Result<T, string>): Result<readonly T[], AnchorError> {
  const found: T[] = [];
  for (const file of files) {
    const unusable = (detail: string): Result<never, AnchorError> => err({ kind: 'anchor-unusable', file: basename(file), detail });
    let objects: readonly Buffer[];
    try {
      objects = derObjects(readFileSync(file), 'CERTIFICATE');
    } catch (error) {
      return unusable(error instanceof Error ? error.message : String(error));
    }
    if (objects.length === 0) return unusable('holds no certificate');
    for (const der of objects) {
      const one = read(der);
      if (!one.ok) return unusable(one.error);
      found.push(one.value);
    }
  }
  return ok(found);
}
