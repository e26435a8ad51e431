/**
 * The process that keeps what trust rests on: the store of CRLs and the national trusted list. The core only reads. It lives no longer than the core: when
 * the channel breaks, it ends; what was not made current by then never was.
 */
import { keepList } from '../trusted-list/keeping.ts';
import { keepCrls } from './keeping.ts';
import { type FromRefresher, refreshSettings } from './refresh-messages.ts';

const ended = new AbortController();
process.once('disconnect', () => {
  ended.abort();
  process.exit(0);
});
process.once('message', (raw) => {
  const settings = refreshSettings.parse(raw);
  const firstRounds = [keepList, keepCrls].map(
    (keep) => new Promise<void>((firstRoundDone) => void keep(settings, { tell, firstRoundDone, signal: ended.signal })),
  );
  void Promise.all(firstRounds).then(() => tell({ type: 'round-done' }));
});

function tell(message: FromRefresher): void {
  if (process.connected) process.send?.(message, () => undefined);
}
