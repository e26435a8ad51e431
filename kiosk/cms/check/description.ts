import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../project.ts';
import { problemMediaType } from '../problems.ts';

const document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        operationId: z.string(),
        responses: z.record(z.string(), z.object({ content: z.record(z.string(), z.object({ schema: z.unknown() })).optional() })),
      }),
    ),
  ),
  components: z.object({ schemas: z.object({ Problem: z.unknown() }) }),
});

export interface DescribedAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly json: unknown;
}

export interface Description {
  /** What is not as `openapi.json` has it, naming members and never values; `null`: all is. `call` is an `operationId` of it, or none of them. */
  faultOf(call: string, answer: DescribedAnswer): string | null;
}

/** Reads the contract as every connector's author has it: from `openapi.json`, and from nothing else. */
export function readDescription(): Description {
  const { paths, components } = document.parse(JSON.parse(readFileSync(join(projectRoot(), 'kiosk/cms/openapi.json'), 'utf8')));
  const schemaOf = (schema: unknown): z.ZodType => z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  const answers = new Map<string, { readonly status: number; readonly schema: z.ZodType }>();
  for (const { operationId, responses } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    for (const [status, { content }] of Object.entries(responses)) {
      const described = content?.['application/json'];
      if (described !== undefined) answers.set(operationId, { status: Number(status), schema: schemaOf(described.schema) });
    }
  }
  const problem = schemaOf(components.schemas.Problem);

  return {
    faultOf(call, { status, mediaType, json }) {
      const good = answers.get(call);
      if (good !== undefined && status === good.status) {
        if (mediaType !== 'application/json') return `${call}: status ${status} with content type ${mediaType || '(none)'}`;
        const read = good.schema.safeParse(json);
        return read.success ? null : `${call}: ${first(read.error)}`;
      }
      if (status < 400) return `${call}: status ${status}`;
      if (mediaType !== problemMediaType) return `${call}: a refusal (${status}) with content type ${mediaType || '(none)'}`;
      const read = problem.safeParse(json);
      if (!read.success) return `${call}: a refusal (${status}) that is no problem: ${first(read.error)}`;
      return (json as { status: number }).status === status ? null : `${call}: a refusal (${status}) that says another status`;
    },
  };
}

function first({ issues }: z.ZodError): string {
  const issue = issues[0];
  return `${issue?.path.join('.') || 'the answer'}: ${issue?.code ?? 'not as described'}`;
}
