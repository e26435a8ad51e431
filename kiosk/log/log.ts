import { type Logger, pino, type DestinationStream } from 'pino';
import { events, type EventFields, type EventName } from './events.ts';

/** Writes registered events and nothing else: a field that the register does not allow is dropped even if the types were cheated. */
export interface Log {
  event<Name extends EventName>(name: Name, fields: EventFields<Name>): void;
}

/** One JSON line an event. `destination` defaults to standard error, so that a command's answer stays alone on standard output. */
export function createLog(part: string, destination: DestinationStream = pino.destination({ fd: 2, sync: true })): Log {
  const logger: Logger = pino({ base: { part }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    event(name, fields) {
      const { level, fields: allowed } = events[name];
      const kept: Record<string, string | number | boolean> = {};
      for (const [field, type] of Object.entries(allowed)) {
        const value: unknown = Reflect.get(fields, field);
        if (typeof value === type) kept[field] = value as string | number | boolean;
      }
      logger[level]({ ...kept, event: name });
    },
  };
}
