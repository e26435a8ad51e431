import { type KeyObject, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Certificate, type RelativeDistinguishedNames } from 'pkijs';
import { type Result, err, ok } from '../../devices/result.ts';
import { parseDer } from './der.ts';
import { type AnchorCertificate, readAnchorCertificate } from './x509/certificate.ts';
import { derObjects } from './pem.ts';

/** A trust anchor is a name and a key (RFC 5280, 6.1.1 d): its own extensions and dates ask nothing. */
export interface Anchor {
  readonly name: RelativeDistinguishedNames;
  readonly key: KeyObject;
  /** The same, for paths. */
  readonly ofPaths: AnchorCertificate;
}

export type AnchorError = { readonly kind: 'anchor-unusable'; readonly file: string; readonly detail: string };

/**
 * Reads certificates of issuers, DER or PEM, several to a file. One that cannot be used ends it: a kiosk must not trust half its list. Of those that the
 * national list has (`listed`, DER), one that cannot be used is left out: whoever made that list did not make it for this kiosk.
 */
export function readAnchors(files: readonly string[], listed: readonly Buffer[] = []): Result<readonly Anchor[], AnchorError> {
  const anchors: Anchor[] = listed.flatMap(usable);
  for (const file of files) {
    try {
      const found = derObjects(readFileSync(file), 'CERTIFICATE').map(anchorOf);
      if (found.length === 0) return err({ kind: 'anchor-unusable', file: basename(file), detail: 'holds no certificate' });
      anchors.push(...found);
    } catch (error) {
      return err({ kind: 'anchor-unusable', file: basename(file), detail: error instanceof Error ? error.message : String(error) });
    }
  }
  return ok(anchors);
}

function usable(der: Buffer): readonly Anchor[] {
  try {
    return [anchorOf(der)];
  } catch {
    return [];
  }
}

function anchorOf(der: Buffer): Anchor {
  const parsed = parseDer(der);
  if (!parsed.ok) throw new Error(parsed.error);
  const ofPaths = readAnchorCertificate(der);
  if (!ofPaths.ok) throw new Error(ofPaths.error);
  const certificate = new Certificate({ schema: parsed.value });
  const spki = Buffer.from(certificate.subjectPublicKeyInfo.toSchema().toBER());
  return { name: certificate.subject, key: createPublicKey({ key: spki, format: 'der', type: 'spki' }), ofPaths: ofPaths.value };
}
