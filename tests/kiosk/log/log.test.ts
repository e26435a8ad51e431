import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../../devices/secret.ts';
import { type EventName, events } from '../../../kiosk/log/events.ts';
import { createLog } from '../../../kiosk/log/log.ts';

/** Logs one event with fields of any make, as cheated types would let through, and gives the line back. */
function logged(name: EventName, fields: object): Record<string, unknown> {
  const lines: string[] = [];
  createLog('test', { write: (line) => void lines.push(line) }).event(name, fields);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!) as Record<string, unknown>;
}

const always = ['level', 'time', 'part', 'event'];

test('a registered event is one JSON line with its fields', () => {
  const line = logged('kiosk-ready', { port: 8080, startMs: 210 });
  expect(line).toMatchObject({ part: 'test', event: 'kiosk-ready', port: 8080, startMs: 210 });
  expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(Object.keys(line).sort()).toEqual([...always, 'port', 'startMs'].sort());
});

test('a field that is not registered is dropped', () => {
  const line = logged('kiosk-ready', {
    port: 8080,
    startMs: 1,
    fiscalCode: 'RSSMRA72L09H501S',
    level: 'silent',
    __proto__: { pin: '1234' },
  });
  expect(Object.keys(line).sort()).toEqual([...always, 'port', 'startMs'].sort());
  expect(JSON.stringify(line)).not.toContain('RSSMRA72L09H501S');
});

test('a Secret is dropped even where its field is registered, and prints as nothing if it comes as text', () => {
  const secret = Secret.fromText('58204417');
  const bare = logged('kiosk-stopping', { signal: secret });
  expect(bare).not.toHaveProperty('signal');
  // eslint-disable-next-line @typescript-eslint/restrict-template-expressions
  expect(logged('kiosk-stopping', { signal: `${secret}` })['signal']).toBe('[secret]');
});

test('whatever is passed, only registered fields of their registered type come out', () => {
  const anything = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('port', 'startMs', 'signal', 'session', 'sequence')), fc.anything());
  fc.assert(
    fc.property(fc.constantFrom(...(Object.keys(events) as EventName[])), anything, (name, fields) => {
      const { time: _time, level: _level, part, event, ...rest } = logged(name, fields);
      expect({ part, event }).toEqual({ part: 'test', event: name });
      const allowed: Readonly<Record<string, string>> = events[name].fields;
      for (const [field, value] of Object.entries(rest)) {
        // JSON has no NaN or Infinity: they arrive as null.
        expect([allowed[field], 'null']).toContain(value === null ? 'null' : typeof value);
        expect(allowed).toHaveProperty(field);
      }
    }),
  );
});

test('no field of the register has a name that the line needs for itself', () => {
  for (const [name, { fields }] of Object.entries(events)) {
    expect(Object.keys(fields), name).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(event|level|time|part)$/)]));
  }
});
