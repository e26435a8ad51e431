import { rmSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { z } from 'zod';
import { type CallName, callNames } from '../cms/contract.ts';

/**
 * What the reference CMS can be told to do wrong, for demo and tests. `slow`: answers late. `fail-before-commit`: fails with nothing
 * written. `lose-answer`: does all it was asked, and the answer is lost. `unreachable`: connections are dropped.
 */
export const faultModes = ['normal', 'slow', 'fail-before-commit', 'lose-answer', 'unreachable'] as const;

export const fault = z.strictObject({
  mode: z.enum(faultModes),
  /** For `slow`: milliseconds. */
  ms: z.int().min(0).max(600_000).default(3_000),
  /** The call that it befalls; left out: all. */
  call: z.enum(callNames as [CallName, ...CallName[]]).optional(),
  /** How many calls it befalls; left out: all until `normal`. */
  times: z.int().min(1).optional(),
});
export type Fault = z.infer<typeof fault>;
type FaultInput = z.input<typeof fault>;

export interface Faults {
  /** Replaces the fault that was set for the same call, or all faults by `normal` without a call. */
  set(wanted: FaultInput): void;
  /** The fault that befalls this call now; each asking counts. */
  next(call: CallName): Fault | null;
  /** No connection is even taken. */
  deaf(): boolean;
}

export function createFaults(onChange: (fault: Fault) => void): Faults {
  let active: { fault: Fault; left: number }[] = [];
  return {
    set(given) {
      const wanted = fault.parse(given);
      active = active.filter(({ fault: { call } }) => wanted.call !== undefined && call !== wanted.call);
      if (wanted.mode !== 'normal') active.push({ fault: wanted, left: wanted.times ?? Infinity });
      onChange(wanted);
    },
    next(call) {
      const found = active.find((one) => one.fault.call === call) ?? active.find((one) => one.fault.call === undefined);
      if (found === undefined) return null;
      found.left -= 1;
      if (found.left === 0) active = active.filter((one) => one !== found);
      return found.fault;
    },
    deaf: () => active.some(({ fault: { mode, call, times } }) => mode === 'unreachable' && call === undefined && times === undefined),
  };
}

const longestLine = 200;

/** `MODE [ms=N] [call=NAME] [times=N]`, as in `slow ms=2000 call=reserve` or `lose-answer times=1`. */
export function readFault(line: string): FaultInput | null {
  const [mode, ...words] = line.trim().split(/ +/);
  const members = words.map((word): [string, unknown] => {
    const [name = '', value = ''] = word.split('=', 2);
    return [name, name === 'call' ? value : Number(value)];
  });
  const read = fault.safeParse({ mode, ...Object.fromEntries(members) });
  return read.success ? read.data : null;
}

/** Takes lines of `readFault` on a unix socket, and answers each with `ok` or `error …`. Resolves when it listens. */
export async function listenForFaults(path: string, faults: Faults): Promise<{ close(): Promise<void> }> {
  const server: Server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const wanted = readFault(text.slice(0, end));
        text = text.slice(end + 1);
        if (wanted !== null) faults.set(wanted);
        socket.write(wanted === null ? `error not one of: ${faultModes.join(', ')} [ms=N] [call=NAME] [times=N]\n` : 'ok\n');
      }
      if (text.length > longestLine) socket.end('error the line is too long\n');
    });
  });
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
