/** The exit codes of every command: yes or done; no, refused or not valid; the call or its input is unusable; out of reach. */
export const exit = { yes: 0, no: 1, unusable: 2, unreachable: 3 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/**
 * Ends a command with one line on standard error and no stack trace. `kiosk/cli.ts` catches it; commands throw it where
 * their input cannot be used (`exit.unusable`) or what they need cannot be reached (`exit.unreachable`).
 */
export class CommandFailure extends Error {
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Writes a command's JSON answer to standard output, where nothing else may be written. */
export function answerJson(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/** Aborted by SIGINT or SIGTERM, which then do not end the process by themselves. */
export function untilInterrupted(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  return interrupted.signal;
}
