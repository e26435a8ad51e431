import { z } from 'zod';
import type { Incident } from './mechanism.ts';

/** A line of the control socket, understood. */
export type Control =
  | { readonly kind: 'incident'; readonly incident: Incident }
  | { readonly kind: 'jam-after'; readonly lines: number }
  | { readonly kind: 'unplug' | 'plug' };

const incident = z.enum([
  'paper-out',
  'paper-near-end',
  'paper-ok',
  'cover-open',
  'cover-close',
  'offline',
  'online',
  'cutter-error',
  'power-cycle',
  'tear-off',
  'take',
] satisfies [Incident, ...Incident[]]);
const lines = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number);

/** Reads `paper-out`, `jam-after 3`, `unplug`, … ; `undefined` where the line is not one of them. */
export function parseControl(line: string): Control | undefined {
  const [word = '', argument, ...more] = line.trim().split(/\s+/);
  if (more.length > 0) return undefined;
  if (word === 'jam-after') {
    const count = lines.safeParse(argument);
    return count.success ? { kind: 'jam-after', lines: count.data } : undefined;
  }
  if (argument !== undefined) return undefined;
  if (word === 'unplug' || word === 'plug') return { kind: word };
  const parsed = incident.safeParse(word);
  return parsed.success ? { kind: 'incident', incident: parsed.data } : undefined;
}
