import type { CardReader } from '../devices/card/contract.ts';
import type { Log } from './log/log.ts';

/** The card reader; what it could not make anything of goes into the log as well, for whoever keeps the table of series. */
export function reportingUnknownCards(cards: CardReader, log: Pick<Log, 'event'>): CardReader {
  return {
    status: () => cards.status(),
    onStatus: (listener) => cards.onStatus(listener),
    close: () => cards.close(),
    read: async (signal) => {
      const reading = await cards.read(signal);
      if (!reading.ok && reading.error.kind === 'unknown-series') {
        const { atr, seen } = reading.error;
        log.event('card-series-unknown', { atr, seen });
      }
      return reading;
    },
  };
}
