import { type JsonWebKey, type KeyObject, createPrivateKey } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { type Result, err, ok } from '../devices/result.ts';
import { freshPrivateKey } from './fresh-key.ts';
import { algorithmOf } from './jws.ts';

export type DeviceKeyError = { readonly kind: 'device-key-unusable'; readonly file: string; readonly detail: string };

/** The device's signing key (private JWK, Ed25519 or P-256) in `file`. */
export function readDeviceKey(file: string): Result<KeyObject, DeviceKeyError> {
  try {
    const key = createPrivateKey({ key: JSON.parse(readFileSync(file, 'utf8')) as JsonWebKey, format: 'jwk' });
    algorithmOf(key);
    return ok(key);
  } catch (error) {
    // A parser's own message may quote what it read, and that is a private key.
    const detail = error instanceof Error && 'syscall' in error ? error.message : 'not a private JWK, Ed25519 or P-256';
    return err({ kind: 'device-key-unusable', file, detail });
  }
}

/** As `readDeviceKey`; where there is no file, an Ed25519 key is made and put there, for its owner's eyes only. Throws the system's errors. */
export function findOrMakeDeviceKey(file: string): Result<KeyObject, DeviceKeyError> {
  if (!existsSync(file)) {
    replaceFile(file, JSON.stringify(freshPrivateKey('ed25519').export({ format: 'jwk' })), 0o600);
  }
  return readDeviceKey(file);
}

/** Puts `text` where `file` was, whole or not at all, whatever interrupts it. Throws the system's errors. */
export function replaceFile(file: string, text: string, mode: number): void {
  const draft = `${file}.new`;
  const descriptor = openSync(draft, 'w', mode);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
}
