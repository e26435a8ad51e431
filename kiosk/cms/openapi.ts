import { z } from 'zod';
import { type CallName, calls, idempotencyHeader, mostOperationsAsked, problem } from './contract.ts';
import { problemMediaType, problemPrefix, problems } from './problems.ts';

/** The OpenAPI 3.1 description of the contract, made from its schemas; `openapi.json` is this, written down. */
export function describeContract(): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(calls) as CallName[]) {
    const call = calls[name];
    (paths[call.path] ??= {})[call.method.toLowerCase()] = describeCall(name);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'CMS link of Sportello', version: '1.0.0', description, license: { name: 'EUPL-1.2', identifier: 'EUPL-1.2' } },
    servers: [{ url: 'https://localhost', description: 'TLS 1.3 with a client certificate that names the kiosk' }],
    security: [{ kioskCertificate: [] }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problem) },
      responses: {
        Problem: {
          description: 'Refused; `type` says why',
          content: { [problemMediaType]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: { kioskCertificate: { type: 'mutualTLS', description: "The subject's common name is the kiosk's" } },
    },
  };
}

function describeCall(name: CallName): Record<string, unknown> {
  const call = calls[name];
  const parameters: unknown[] = [];
  if (call.path.includes('{id}')) {
    const schema = name === 'card' ? { type: 'string', pattern: String.raw`^\d{16}$` } : { type: 'string', format: 'uuid' };
    parameters.push({ name: 'id', in: 'path', required: true, schema });
  }
  if (name === 'operations')
    parameters.push({ name: 'ids', in: 'query', required: true, description: idsDescription, schema: { type: 'string' } });
  if (name === 'counts')
    parameters.push({ name: 'day', in: 'query', required: true, description: 'The day (UTC)', schema: { type: 'string', format: 'date' } });
  if (name === 'envelope-batches') parameters.push({ name: 'desk', in: 'query', required: true, schema: { type: 'string' } });
  if (call.method === 'POST' && !unkeyed.includes(name)) {
    parameters.push({ name: idempotencyHeader, in: 'header', required: true, description: keyDescription, schema: { type: 'string' } });
  }
  const refusals = call.refusals.map((type) => `\`${type}\``).join(', ');
  return {
    operationId: name,
    summary: call.summary,
    ...(refusals === '' ? {} : { description: `Refusals of its own: ${refusals}.` }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(call.request === null ? {} : { requestBody: { required: true, content: requestContent(call.request) } }),
    responses: {
      [call.status]: { description: 'Done', content: { 'application/json': { schema: schemaOf(call.answer) } } },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function requestContent(request: z.ZodType | 'one-time-code'): Record<string, unknown> {
  return request === 'one-time-code'
    ? { 'application/octet-stream': { schema: { description: 'The code: 6 ASCII digits, nothing else' } } }
    : { 'application/json': { schema: schemaOf(request) } };
}

function schemaOf(schema: z.ZodType): unknown {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

/** Writes under the keys of what they hold, and questions that write nothing. */
const unkeyed: readonly CallName[] = ['outcomes', 'card-standing', 'national-standing'];

const idsDescription = `Up to ${mostOperationsAsked} operations (UUIDv7, lower case), parted by commas`;

const keyDescription =
  '`<operation>:<step>:<attempt>`. Steps: `contact-code` (attempt: the send), `proof-<contact>`, `reserve` (attempt 1), `paper-part`, `relay-<relay>` (attempt: the sequence), `envelope-count-<batch>` (operation: the shift), `checkpoint-` and the first 32 characters of the SHA-256 of its JWS in hexadecimal, `service` and `service-void` (attempt 1), and the outcome itself (`handed-over`, …).';

const description = `What a kiosk needs of a Card Management System.

**Transport.** HTTPS, TLS 1.3 only, client certificate. JSON, UTF-8. Every answer carries \`at\`, the CMS's clock (UTC).

**Writes are idempotent.** The same \`${idempotencyHeader}\` with the same request gets the stored answer, byte for byte, with its status and content type; with another request it is refused (\`idempotency-mismatch\`) and an alarm is raised. Keys are kept 30 days. \`POST /outcomes\` has no key of its own: each outcome in it is looked up under the key that it would have alone, its body being the outcome without \`operationId\`, members in the order of the schema, no white space. Only answers that say "not now" (status 429 and 5xx) are not stored.

**An operation moves one way.** NONE → RESERVED → CONFIRMED | VOIDED | HELD; HELD → CONFIRMED | VOIDED only by an operator's signed decision. Silence voids a reservation: after 15 minutes, or 72 hours once the paper part was released. An outcome other than \`handed-over\` for an unknown operation voids it, so that a late reservation is refused. Only CONFIRMED sends the second part, once.

**Signed and sealed.** Proofs of contact and receipts are JWS by the CMS's key, which the kiosk has pinned apart from TLS. The paper part is a compact JWE (ECDH-ES on X25519, A256GCM), \`kid\` \`<operation>:<attempt>\`; inside, ASCII bytes, one line a code: \`<LABEL> <paper characters> <number of characters withheld>\\n\`, as in \`PIN 12 3\\nPUK 3456 4\\n\`.

**Blind envelopes.** A reservation with \`delivery: "envelope"\` is answered with scheme \`envelope\`, and has no paper part: the CMS sets the card's PIN to the envelope's, over \`POST /operations/{id}/relay\`. The first exchange binds the envelope to the operation, for good. The kiosk carries the card's answers to the CMS and its commands to the card; they are protected by keys that the kiosk has not. The end is a JWS (\`typ\` \`sportello-relay+jwt\`) that says whether the PIN is set, and how far that is known. A relay with a new id, after a tear, ends the one before and sets the same PIN again. Lists (\`sportello-envelope-batch+jwt\`) and answers to counts (\`sportello-envelope-count+jwt\`) are JWS as well; none of them holds a code.

**Services.** What gives no codes (suspension, reactivation, revocation, reader; the national revocation) is one question under the key \`<operation>:service:1\` and one receipt (JWS, \`typ\` \`sportello-service-receipt+jwt\`). A card's state moves one way: active ↔ suspended → revoked, and revoked is for good. A kiosk that got no answer asks \`/services/{id}/void\`: what was done stays done, and what was not never will be.

**Signature certificate.** Asked for as a service, it is answered \`ACCEPTED\`, and goes on over \`POST /operations/{id}/relay\` with no envelope in the first exchange: the card makes a key in DF_DS, the CMS's authority certifies it, and the CMS writes the certificate and reads it back. The end (JWS, \`typ\` \`sportello-relay+jwt\`) says whether it is loaded. However the relay ended, \`/services/{id}/void\` tells what it came to: DONE if it was read back, else VOIDED, and what was made is revoked. Silence until \`expiresAt\` voids as well.

**Remote issue.** Who was recognised by video is given codes of which the kiosk sees no part: \`POST /remote-issues\` is asked, answered and voided as a service, under \`<operation>:service:1\`. The CMS makes the codes, sends the first part by e-mail and the second by text message, each once, and nothing of them to the kiosk. Done, the card has had codes.

**Problems** (RFC 9457) have these types, after \`${problemPrefix}\`:

${Object.entries(problems)
  .map(([type, { status, title }]) => `- \`${type}\` (${status}): ${title}.`)
  .join('\n')}`;
