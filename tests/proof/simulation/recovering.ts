import { recover } from '../../../flows/operations/recovery.ts';
import type { DeskPorts } from '../../../flows/session/desk.ts';
import type { World } from './kiosk.ts';

/** As the desk waits between two attempts to recover, milliseconds. */
const RECOVER_AGAIN_MS = 5_000;

/** Recovery as the desk begins with it, and begins anew where the records could not be written. */
export interface Recovering {
  done(): boolean;
  again(): Promise<void>;
  stop(): void;
}

export function recovering(ports: DeskPorts, { time, site }: World): Recovering {
  const stopping = new AbortController();
  let recovered = false;

  async function again(): Promise<void> {
    recovered = false;
    const done = await recover({ ...ports, handOverEvidence: site.handOverEvidence }, stopping.signal);
    if (stopping.signal.aborted) return;
    recovered = done.ok;
    if (!done.ok) time.setTimeout(() => void (stopping.signal.aborted ? undefined : again()), RECOVER_AGAIN_MS);
  }

  void again();
  return { done: () => recovered, again, stop: () => stopping.abort() };
}
