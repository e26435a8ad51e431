import type { ReactElement } from 'react';
import type { CitizenScreen } from '../../../flows/session/status.ts';
import { drawingOf } from './drawings/drawings.tsx';
import { Screen } from './frame.tsx';
import type { Texts } from './texts/texts.ts';

/** The card before goes out, the new one in; a card that is neither goes out again. */
export function SwapCards({
  status,
  t: { swapCards },
}: {
  readonly status: Extract<CitizenScreen, { screen: 'swap-cards' }>;
  readonly t: Texts;
}): ReactElement {
  const { main, below } = status.cardIn ? (status.problem === null ? swapCards.take : swapCards.takeThis) : swapCards.insert;
  return (
    <Screen main={main} drawing={drawingOf(status)}>
      <p className="below">{status.cardIn && status.problem !== null ? swapCards.problems[status.problem] : below}</p>
    </Screen>
  );
}
