/**
 * A screen that waits for the citizen: a warning after the delay `idle`, the transition `timedOut` after `idleWarning` more; any sign of life starts anew.
 * The initial state and the states below one that waits.
 */
export function patience<const TimedOut>(timedOut: TimedOut) {
  return {
    initial: 'calm',
    states: {
      calm: { after: { idle: 'warned' }, on: { 'citizen.stay': { target: 'calm', reenter: true } } },
      warned: { tags: 'warned', after: { idleWarning: timedOut }, on: { 'citizen.stay': 'calm' } },
    },
  } as const;
}
