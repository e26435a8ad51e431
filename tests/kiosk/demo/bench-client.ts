import { type IncomingHttpHeaders, request } from 'node:http';
import type { BenchCommand, BenchState } from '../../../kiosk/demo/bench/contract.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request, raw: with headers that no browser would let a page set. An answer that never ends is cut after its head. */
export async function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string | string[]> = {},
  body?: string,
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const asking = request(
      { host: '127.0.0.1', port, method, path, headers: { host: `127.0.0.1:${port}`, ...headers }, setHost: false },
      (response) => {
        const answer = (parts: readonly Buffer[]): Answer => ({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
        });
        if (String(response.headers['content-type']).startsWith('text/event-stream')) {
          resolve(answer([]));
          response.on('error', () => undefined);
          asking.destroy();
          return;
        }
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => resolve(answer(parts)));
      },
    );
    asking.on('error', reject);
    asking.end(body);
  });
}

/** The bench's page without a browser. */
export class BenchClient {
  readonly port: number;
  readonly #cookie: string;

  private constructor(port: number, cookie: string) {
    this.port = port;
    this.#cookie = cookie;
  }

  static async open(port: number): Promise<BenchClient> {
    const { headers } = await ask(port, 'GET', '/');
    return new BenchClient(port, headers['set-cookie']?.[0]?.split(';')[0] ?? '');
  }

  headers(more: Record<string, string | string[]> = {}): Record<string, string | string[]> {
    return { origin: `http://127.0.0.1:${this.port}`, cookie: this.#cookie, 'content-type': 'application/json', ...more };
  }

  /** `null`: done; else what the bench says to the person. */
  async act(command: BenchCommand): Promise<string | null> {
    const { status, body } = await ask(this.port, 'POST', '/command', this.headers(), JSON.stringify(command));
    if (status !== 200) throw new Error(`the bench answered ${status}`);
    return (JSON.parse(body.toString()) as { problem: string | null }).problem;
  }

  /** The first state that is as wanted, as the stream tells it. */
  async until(wanted: (state: BenchState) => boolean, limitMs = 15_000): Promise<BenchState> {
    return await new Promise((resolve, reject) => {
      let last = '';
      const asking = request({ host: '127.0.0.1', port: this.port, path: '/events', headers: this.headers() }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          const events = text.split('\n\n');
          text = events.pop() ?? '';
          for (const event of events) {
            const [, data] = /^event: status\ndata: (.*)$/m.exec(event) ?? [];
            if (data === undefined) continue;
            last = data;
            const state = JSON.parse(data) as BenchState;
            if (!wanted(state)) continue;
            clearTimeout(limit);
            asking.destroy();
            resolve(state);
          }
        });
        response.on('error', () => undefined);
      });
      const limit = setTimeout(() => {
        asking.destroy();
        reject(new Error(`waited in vain; the bench shows ${last}`));
      }, limitMs);
      asking.on('error', () => undefined);
      asking.end();
    });
  }
}
