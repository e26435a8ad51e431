import { type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** What is in the reader, as the world knows it: a card stays in its slot when the process that reads it dies. */
export interface ReaderContents {
  readonly card: string | null;
  readonly mute: boolean;
}

/**
 * The world's end of the line to the card process: a unix socket on which that process calls in. Towards it go lines `insert CARD`,
 * `mute` and `remove`, each answered `ok` or `error …`; whenever it calls in anew, it is told what is in the slot.
 */
export interface ReaderLine {
  connected(): boolean;
  contents(): ReaderContents;
  /** `null`: the card process has it; else why not. */
  put(contents: ReaderContents): Promise<string | null>;
  /** Calls back when the card process comes or goes, and when the slot's contents change. */
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

const answerLimitMs = 5_000;

export async function openReaderLine(path: string): Promise<ReaderLine> {
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  let contents: ReaderContents = { card: null, mute: false };
  let reader: Socket | null = null;
  let waiting: ((answer: string) => void) | null = null;

  const tell = async (line: string): Promise<string | null> => {
    const socket = reader;
    if (socket === null) return 'the card process is not there';
    const answer = await new Promise<string>((resolve) => {
      const limit = setTimeout(() => resolve('error no answer'), answerLimitMs);
      waiting = (said) => {
        clearTimeout(limit);
        resolve(said);
      };
      socket.write(`${line}\n`);
    });
    waiting = null;
    return answer === 'ok' ? null : answer.replace(/^error /, '');
  };
  let turn: Promise<unknown> = Promise.resolve();
  const bring = (wanted: ReaderContents): Promise<string | null> => {
    const lines = wanted.card === null ? ['remove'] : wanted.mute ? [`insert ${wanted.card}`, 'mute'] : [`insert ${wanted.card}`];
    const done = turn.then(async () => {
      for (const line of lines) {
        const problem = await tell(line);
        if (problem !== null) return problem;
      }
      return null;
    });
    turn = done;
    return done;
  };

  const server = createServer((socket) => {
    reader?.destroy();
    reader = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (reader !== socket) return;
      reader = null;
      waiting?.('error the card process has gone');
      changed();
    });
    createInterface({ input: socket }).on('line', (line) => waiting?.(line));
    if (contents.card !== null) void bring(contents);
    changed();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, () => resolve()));

  return {
    connected: () => reader !== null,
    contents: () => contents,
    async put(wanted) {
      contents = wanted;
      const problem = await bring(wanted);
      changed();
      return problem;
    },
    onChange: (listener) => void listeners.add(listener),
    async close() {
      reader?.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
