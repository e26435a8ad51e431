import { expect, test } from 'vitest';
import type { CardError, CardReader } from '../../devices/card/contract.ts';
import { err } from '../../devices/result.ts';
import { reportingUnknownCards } from '../../kiosk/unknown-cards.ts';

const reading = async (error: CardError): Promise<unknown[]> => {
  const cards: CardReader = {
    status: () => ({ state: 'starting' }),
    onStatus: () => () => undefined,
    close: () => Promise.resolve(),
    read: () => Promise.resolve(err(error)),
  };
  const told: unknown[] = [];
  const reader = reportingUnknownCards(cards, { event: (name, fields) => told.push([name, fields]) });
  expect(await reader.read(new AbortController().signal)).toEqual(err(error));
  return told;
};

test('a card of an unknown series is logged with what it answered, and nothing else is', async () => {
  const [atr, seen] = ['3BFF', 'EF.ID_Carta from-mf: 6A82'];
  expect(await reading({ kind: 'unknown-series', atr, seen })).toEqual([['card-series-unknown', { atr, seen }]]);
  expect(await reading({ kind: 'card-removed' })).toEqual([]);
});
