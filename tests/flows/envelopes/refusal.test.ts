import { expect, test } from 'vitest';
import { type Envelope, type EnvelopeState, envelopeStates } from '../../../flows/envelopes/envelope.ts';
import { type EnvelopeNumberRule, envelopeNumber } from '../../../flows/envelopes/envelope-number.ts';
import { readEnvelope } from '../../../flows/envelopes/refusal.ts';

const rule: EnvelopeNumberRule = { pattern: String.raw`^20\d{10}$`, check: 'luhn', symbologies: ['code-39'] };
const number = '200000000121';
const here = { operationId: 'mine', pile: 'operator:mrossi' } as const;

const envelope = (state: EnvelopeState, given: Partial<Envelope> = {}): Envelope => ({
  number,
  batch: 'L',
  place: 1,
  state,
  pile: 'operator:mrossi',
  operationId: 'mine',
  ...given,
});
const read = (text: string, found?: Envelope): unknown => {
  const taken = readEnvelope(envelopeNumber(text, rule), (asked) => (asked === found?.number ? found : undefined), here);
  return taken.ok ? 'taken' : taken.error;
};

test.each<[string, string, Envelope | undefined]>([
  ['taken', number, envelope('drawn')],
  ['other-form', '100000000123', envelope('drawn')],
  ['other-form', '20000000', envelope('drawn')],
  ['wrong-check', '200000000124', envelope('drawn')],
  ['unknown', number, undefined],
  ['of-another', number, envelope('drawn', { operationId: 'theirs' })],
  ['of-another', number, envelope('assigned', { pile: 'operator:bianchi' })],
  ['of-another', number, envelope('received', { pile: null })],
  ['not-the-drawn-one', number, envelope('assigned', { operationId: null })],
])('%s: %s', (answer, text, found) => {
  expect(read(text, found)).toBe(answer);
});

test('every envelope that was read before is used, this operation’s own too', () => {
  for (const state of envelopeStates.filter((each) => !['received', 'assigned', 'drawn'].includes(each)))
    expect(read(number, envelope(state))).toBe('used');
});
