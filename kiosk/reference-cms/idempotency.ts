/** What is to be done with a request, by what was kept under its key. */
export type Before<Kept> =
  | { readonly kind: 'new' }
  /** The same request: its answer stands, byte for byte, and nothing is done again. */
  | { readonly kind: 'same'; readonly kept: Kept }
  /** Another request under the same key: refused, and somebody is told. */
  | { readonly kind: 'another' };

/** `kept`: what stands under the request's key, with the digest of the request that it answered; `null` if nothing does (cms.md). */
export function askedBefore<Kept extends { readonly digest: Uint8Array }>(kept: Kept | null, digest: Uint8Array): Before<Kept> {
  if (kept === null) return { kind: 'new' };
  return Buffer.compare(kept.digest, digest) === 0 ? { kind: 'same', kept } : { kind: 'another' };
}
