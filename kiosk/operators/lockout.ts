/** Wrong PINs in a row before the first lock. */
export const freeTries = 3;

const firstLockMs = 30_000;
const longestLockMs = 12 * 3_600_000;

/** How long after the last of `failures` wrong PINs in a row no further PIN is tried: 30 s with the third, doubling with each more. */
export function lockMs(failures: number): number {
  return failures < freeTries ? 0 : Math.min(firstLockMs * 2 ** (failures - freeTries), longestLockMs);
}
