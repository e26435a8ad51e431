import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStored } from '../../../kiosk/records/audit/stored.ts';
import { startVerification } from '../../../kiosk/records/audit/verification.ts';
import { verifyCheckpoint } from '../../../kiosk/records/checkpoint.ts';
import { publicKeyFile } from '../../../kiosk/records/checkpoints.ts';
import type { Sportello } from '../../harness/sportello.ts';

/** `records verify`, with the CMS's key and the checkpoint beside the database. */
export function chainFaults(world: Sportello): readonly string[] {
  const folder = join(world.folder, 'state', 'records');
  const keyOf = (file: string) => createPublicKey({ key: JSON.parse(readFileSync(file, 'utf8')) as JsonWebKey, format: 'jwk' });
  const deviceKey = keyOf(join(folder, publicKeyFile));
  const stored = openStored(folder);
  if (!stored.ok) return [`I6 ${JSON.stringify(stored.error)}`];
  try {
    const beside = stored.value.beside === null ? null : verifyCheckpoint(stored.value.beside, deviceKey);
    const verification = startVerification({
      deviceKey,
      cmsKey: keyOf(world.pki.files.cmsSigningPublicKey),
      witnesses: beside === null ? [] : [beside],
    });
    const given = stored.value.give(verification);
    const { faults } = verification.finish();
    return [
      ...(given.ok ? [] : [JSON.stringify(given.error)]),
      ...faults.map(({ kind, seq, detail }) => `${kind} at ${seq}: ${detail}`),
    ].map((fault) => `I6 ${fault}`);
  } finally {
    stored.value.close();
  }
}
