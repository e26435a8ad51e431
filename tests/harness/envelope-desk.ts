import { X509Certificate, createHash } from 'node:crypto';
import { vi } from 'vitest';
import type { OperatorStatus } from '../../flows/session/status.ts';
import { type Sportello, identityCard, operator } from './sportello.ts';

/** What the specimen card leaves the factory with, and its own keys for secure messaging. */
export const factoryCodes = { pin: '12345', puk: '12345678' } as const;
export const cardKeys = { scheme: 'cns', encryptionKey: '11'.repeat(8) + '5a'.repeat(8), macKey: '22'.repeat(8) + 'c3'.repeat(8) } as const;

function luhn(body: string): string {
  const sum = [...body].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return body + String((10 - (sum % 10)) % 10);
}

/** The envelopes of the operator and of another one, each with the PIN that lies in it. */
const plan = Array.from({ length: 8 }, (_, n) => ({ number: luhn(`2000000000${n}`), pin: `6139482${n}`, userCode: `402753184${n}` }));
export const ofAnother = { number: luhn('20000000009'), pin: '27406195', userCode: '619382047' };

function inside(number: string): (typeof plan)[number] {
  const envelope = plan.find((each) => each.number === number);
  if (envelope === undefined) throw new Error(`no envelope ${number}`);
  return envelope;
}

export const pinIn = (number: string): string => inside(number).pin;
export const userCodeIn = (number: string): string => inside(number).userCode;

export interface EnvelopePerson {
  readonly cardId: string;
  readonly certificate: string;
}

/** What the CMS knows of the specimen card, and its list for the desk. */
export function envelopeSpecimens({ cardId, certificate }: EnvelopePerson): object {
  const certificateDigest = createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex');
  const { scheme, encryptionKey, macKey } = cardKeys;
  const holder = { kind: 'operator', id: operator.id };
  return {
    cards: [{ cardId, certificateDigest, puk: factoryCodes.puk, askingTries: 'free', messaging: { scheme, encryptionKey, macKey } }],
    batches: [
      {
        batch: 'lotto-1',
        desk: 'health-authority',
        envelopes: [...plan.map((envelope) => ({ ...envelope, holder })), { ...ofAnother, holder: { kind: 'operator', id: 'altro' } }],
      },
    ],
  };
}

export type Taking = Extract<OperatorStatus['waiting'], { task: 'envelope' }>;

/** Up to where the operator looks for the envelope that the lot fell on; answers its number. */
export async function toEnvelope(world: Sportello): Promise<string> {
  await world.toOperator();
  if (world.client.operator()?.envelopes?.shiftOpen !== true) {
    const problem = await world.client.shift({ type: 'receive' });
    if (problem !== null) throw new Error(`the shift: ${problem}`);
  }
  await world.client.identify(identityCard);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'envelope');
  return drawn(world);
}

/** The envelope that was drawn last. */
export function drawn(world: Sportello): string {
  const row = world.journal().findLast(({ kind }) => kind === 'ENVELOPE_DRAWN');
  if (row?.kind !== 'ENVELOPE_DRAWN') throw new Error('nothing was drawn');
  return row.number;
}

/** The operator's hand with the scanner. */
export function scan(world: Sportello, text: string): void {
  if (world.scanner === null) throw new Error('this desk has no scanner');
  world.scanner.scan(`]A0${text}`);
}

/** Up to where the card has the envelope's PIN and the operator is to hand it over. */
export async function toHanding(world: Sportello): Promise<string> {
  const number = await toEnvelope(world);
  scan(world, number);
  await world.client.untilOperator(({ waiting }) => waiting?.task === 'hand-envelope');
  return number;
}

/** Waits until the operator is told why a number was not taken. */
export async function problemIs(world: Sportello, problem: Taking['problem']): Promise<void> {
  const seen = (): Taking['problem'] | undefined => {
    const waiting = world.client.operator()?.waiting;
    return waiting?.task === 'envelope' ? waiting.problem : undefined;
  };
  await vi.waitUntil(() => seen() === problem, { timeout: 10_000, interval: 5 });
}
