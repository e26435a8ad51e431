import { type JsonWebKey, type KeyObject, createPrivateKey, generateKeyPairSync, hash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { publicJwkOf } from '../../jws.ts';
import { countersignature, countersignatureType, digestOf, signCheckpoint } from '../../records/checkpoint.ts';
import { calls, stepOf } from '../contract.ts';
import { claimsOf } from '../signed.ts';
import type { Check } from './check.ts';
import { type Asked, type Conversation, must, said } from './conversation.ts';

/** How far the bench's device has had its journal countersigned: kept in a file, since a CMS remembers it from one run to the next. */
const journalEnd = z.strictObject({ sequence: z.int().nonnegative(), digest: z.string().nullable() });
type JournalEnd = z.infer<typeof journalEnd>;

export const witnessChecks: readonly Check[] = [
  {
    id: 'checkpoints',
    title: "A checkpoint of the device's journal is countersigned, once, if it follows the one before",
    needs: ['device'],
    async run(cms) {
      const device = deviceOf(cms);
      const first = device.checkpoint(1);
      const jws = await countersigned(cms, device, first);
      const again = await cms.answer(calls.checkpoint.answer, 200, asking(device, first));
      must(again.countersignature === jws, 'a checkpoint that was countersigned got another countersignature');
      if (cms.signingKey === null) return 'the countersignature was not verified: --signing-key FILE';
      const claims = await claimsOf(jws, countersignatureType, cms.signingKey, countersignature);
      must(claims !== null, 'the countersignature does not hold, or its claims are not those of one');
      const agrees = claims.sequence === first.sequence && claims.hash === first.hash && claims.checkpoint === digestOf(first.jws);
      must(agrees, 'the countersignature is about another checkpoint');
      return `row ${first.sequence}, signed by the pinned key`;
    },
  },
  {
    id: 'checkpoints-contradicted',
    title: "A checkpoint that goes back, forks, follows another than the last, or is another device's is refused",
    needs: ['device'],
    async run(cms) {
      const device = deviceOf(cms);
      await countersigned(cms, device, device.checkpoint(2));
      const contradictions: readonly (readonly [string, string, SignedCheckpoint])[] = [
        ['an earlier row', 'checkpoint-rolled-back', device.checkpoint(-1)],
        ['the same row with another hash', 'checkpoint-forked', device.checkpoint(0)],
        ['one that follows another than the last', 'checkpoint-forked', device.checkpoint(1, '0'.repeat(64))],
        ["another device's", 'checkpoint-refused', device.checkpoint(1, device.end.digest, anotherKey())],
      ];
      for (const [what, type, checkpoint] of contradictions) {
        const heard = await cms.ask(asking(device, checkpoint));
        must(heard.refusal === type, `${what}: ${said(heard)} instead of ${type}`);
      }
      await countersigned(cms, device, device.checkpoint(1));
      return 'four refusals, and the one that follows the last is countersigned';
    },
  },
];

/** Has it countersigned, and remembers how far the journal goes by it. */
async function countersigned(cms: Conversation, device: Device, checkpoint: SignedCheckpoint): Promise<string> {
  const { countersignature: jws } = await cms.answer(calls.checkpoint.answer, 200, asking(device, checkpoint));
  device.keep(checkpoint);
  return jws;
}

interface SignedCheckpoint {
  readonly operationId: string;
  readonly sequence: number;
  readonly hash: string;
  readonly jws: string;
}

interface Device {
  readonly key: KeyObject;
  readonly end: JournalEnd;
  /** Over the row so many after the last one that was countersigned; by itself it names that one as the one before. */
  checkpoint(further: number, previous?: string | null, key?: KeyObject): SignedCheckpoint;
  keep(checkpoint: SignedCheckpoint): void;
}

function deviceOf(cms: Conversation): Device {
  must(cms.bench.device !== undefined, 'the bench gives no device');
  const { privateKey, journal } = cms.bench.device;
  const key = createPrivateKey({ key: privateKey as JsonWebKey, format: 'jwk' });
  const end = readEnd(journal);
  return {
    key,
    end,
    checkpoint(further, previous = end.digest, signer = key) {
      const [operationId, sequence] = [cms.newOperation(), Math.max(end.sequence + further, 1)];
      const rowHash = hash('sha256', `${operationId} ${sequence}`);
      const at = new Date().toISOString();
      return { operationId, sequence, hash: rowHash, jws: signCheckpoint(signer, { sequence, hash: rowHash, operationId, previous, at }) };
    },
    keep({ sequence, jws }) {
      Object.assign(end, { sequence, digest: digestOf(jws) });
      writeFileSync(journal, JSON.stringify(end));
    },
  };
}

function readEnd(file: string): JournalEnd {
  if (!existsSync(file)) return { sequence: 0, digest: null };
  const read = journalEnd.safeParse(jsonOrNull(readFileSync(file, 'utf8')));
  must(read.success, `${file} is not the end of a journal`);
  return read.data;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const anotherKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

function asking(device: Device, checkpoint: SignedCheckpoint): Asked {
  const body = { operationId: checkpoint.operationId, checkpoint: checkpoint.jws, key: publicJwkOf(device.key) };
  const key = `${checkpoint.operationId}:${stepOf.checkpoint(digestOf(checkpoint.jws))}:1`;
  return { call: 'checkpoint', path: 'checkpoints', key, body };
}
