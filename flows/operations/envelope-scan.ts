import { fromCallback } from 'xstate';
import type { BarcodeScanner, Scan } from '../../devices/barcode/contract.ts';

/** What a scanner is asked for: a code at a time, and whether it is there. */
export type EnvelopeScanner = Pick<BarcodeScanner, 'next' | 'onStatus' | 'status'>;

export type ScanEvent =
  { readonly type: 'scanned'; readonly scan: Scan } | { readonly type: 'scanner-gone' } | { readonly type: 'scanner-back' };

/** Listens to the scanner while it runs, and at no other time: what is read earlier or later is nobody's. `null`: there is none. */
export const scanning = (scanner: EnvelopeScanner | null) =>
  fromCallback<ScanEvent>(({ sendBack }) => {
    const ended = new AbortController();
    if (scanner === null) sendBack({ type: 'scanner-gone' });
    else void listen(scanner, sendBack, ended.signal);
    return () => ended.abort();
  });

async function listen(scanner: EnvelopeScanner, tell: (event: ScanEvent) => void, ended: AbortSignal): Promise<void> {
  for (;;) {
    const scanned = await scanner.next(ended);
    if (!scanned.ok && scanned.error.kind === 'aborted') return;
    if (scanned.ok) tell({ type: 'scanned', scan: scanned.value });
    else {
      tell({ type: 'scanner-gone' });
      if (!(await isBack(scanner, ended))) return;
      tell({ type: 'scanner-back' });
    }
  }
}

/** `true` once it is there again; `false` where nobody waits for it any more. */
function isBack(scanner: EnvelopeScanner, ended: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (back: boolean): void => {
      stop();
      resolve(back);
    };
    const stop = scanner.onStatus(({ state }) => {
      if (state !== 'disconnected') settle(true);
    });
    ended.addEventListener('abort', () => settle(false), { once: true });
    if (ended.aborted) settle(false);
    else if (scanner.status().state !== 'disconnected') settle(true);
  });
}
