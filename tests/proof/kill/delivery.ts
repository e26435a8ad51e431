import type { Sportello, WorldOptions } from '../../harness/sportello.ts';

/** An operation as a kill left it: what is known of it is in these hands, and is compared with what becomes of it. */
export interface Left {
  /** All who know of it say the same, and nothing of it is open. */
  agreed(): boolean;
  /** What those who know of it contradict each other in, by the invariants of reliability.md (1.3, 1.4). */
  contradictions(): readonly string[];
}

/** A way in which codes are delivered, or a service done. */
export interface Delivery {
  readonly world: WorldOptions;
  /** As many as one world is good for. */
  readonly sessions: number;
  /** One citizen, with whom all goes well. */
  session(world: Sportello): Promise<void>;
  /** Asked before a session; the answer looks at the operation that the session leaves when its kiosk is dead. */
  before(world: Sportello): (operationId: string) => Left;
}
