import { useState } from 'react';
import { post } from './connection.ts';

/** Longer than the kiosk gives the printer. */
const PRINT_LIMIT_MS = 35_000;

/** A paper that the page has the kiosk print: `print` asks for it, `paper` says what became of it. */
export function usePaper(path: '/bring/print' | '/referral/print' | '/operator/form'): {
  readonly paper: 'none' | 'printing' | 'printed' | 'not-printed';
  readonly print: (asked: unknown) => Promise<void>;
} {
  const [paper, setPaper] = useState<'none' | 'printing' | 'printed' | 'not-printed'>('none');
  const print = async (asked: unknown): Promise<void> => {
    setPaper('printing');
    const answer = await post<{ readonly printed: boolean }>(path, asked, PRINT_LIMIT_MS);
    setPaper(answer?.printed === true ? 'printed' : 'not-printed');
  };
  return { paper, print };
}
