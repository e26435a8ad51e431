import { TLSSocket } from 'node:tls';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Result } from '../../devices/result.ts';
import type { CallName, IdempotencyKey } from '../cms/contract.ts';
import type { ProblemType } from '../cms/problems.ts';
import type { Decide } from './cms.ts';

/** What a write is, once its request was read: who keeps to which key, and what is to be decided. */
export interface Write {
  readonly call: CallName;
  /** What the key must say, besides the operation, for this request. */
  readonly step: string;
  readonly attempt: number | null;
  readonly operationId: string | null;
  /** `ProblemType`: refused before anything could be decided, and not stored. */
  readonly prepare: (kiosk: string, key: IdempotencyKey) => Promise<Result<Decide<object>, ProblemType>>;
}

/** A call that changes nothing: what is seen at an instant. */
export type Look = (
  call: CallName,
  request: FastifyRequest,
  reply: FastifyReply,
  see: (now: number) => Result<object, ProblemType>,
) => Promise<FastifyReply>;

/** A refusal of the request itself: nothing was looked up, decided or stored. */
export class Refusal extends Error {
  readonly type: ProblemType;

  constructor(type: ProblemType, detail = '') {
    super(detail);
    this.type = type;
  }
}

/** The kiosk's name: the common name of its client certificate, which TLS has verified; without one, the certificate's fingerprint. */
export function kioskOf(request: FastifyRequest): string {
  const { socket } = request.raw;
  if (!(socket instanceof TLSSocket)) throw new Error('not a TLS connection');
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  const name: unknown = subject.CN;
  return typeof name === 'string' ? name : fingerprint256;
}

export function bodyOf(request: FastifyRequest, mediaType?: string): Buffer {
  const given = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== undefined && given !== mediaType) throw new Refusal('media-type-unsupported');
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

export function jsonOf<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bodyOf(request, 'application/json')));
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal('request-unusable', 'not JSON');
  }
  const parsed = schema.safeParse(json);
  // The path names members of the contract or indexes; a member that it does not know is not repeated.
  if (!parsed.success) throw new Refusal('request-unusable', parsed.error.issues[0]?.path.join('.') ?? '');
  return parsed.data;
}

export function idOf(request: FastifyRequest<{ Params: { id: string } }>, schema: z.ZodType<string>): string {
  const id = schema.safeParse(request.params.id);
  if (!id.success) throw new Refusal('request-unusable', 'id');
  return id.data;
}
