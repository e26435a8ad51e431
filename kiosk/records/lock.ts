import Database from 'better-sqlite3';

/**
 * One kiosk to a folder of records. The lock is the exclusive lock of a small database beside them: the kernel lets go of it with
 * the process, whatever kills it, and readers of the records do not meet it. It also remembers that there were records, so that
 * records which were emptied or removed are missed, and not begun anew in silence.
 */
export interface RecordsLock {
  /** Whether records were once made here. */
  readonly recordsMade: boolean;
  /** Remembers that there are records now. */
  remember(): void;
  release(): void;
}

/** Takes the lock or throws SQLite's error: `SQLITE_BUSY` if another process, or another opening in this one, has it. */
export function takeLock(file: string): RecordsLock {
  const database = new Database(file, { timeout: 0 });
  try {
    // In this mode a lock once taken stays until the database is closed.
    database.pragma('locking_mode = exclusive');
    database.pragma('synchronous = full');
    database.exec('begin exclusive; commit');
    return {
      recordsMade: database.pragma('user_version', { simple: true }) === 1,
      remember: () => void database.pragma('user_version = 1'),
      release: () => void database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
