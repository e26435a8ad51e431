import type { ServerResponse } from 'node:http';
import { securityHeaders } from './headers.ts';

const heartbeatMs = 15_000;
/** What may lie unsent before a reader counts as gone, bytes. */
const backlogLimit = 64 * 1024;

/**
 * The pages that listen, as server-sent events (HTML Living Standard, 9.2). Each gets the latest state, not a history: what it already
 * has is not sent again, and a page that does not read is let go.
 */
export class Streams {
  readonly #limit: number;
  readonly #open = new Map<ServerResponse, string>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(limit: number) {
    this.#limit = limit;
    this.#heartbeat = setInterval(() => {
      for (const response of this.#open.keys()) this.#write(response, ':\n\n');
    }, heartbeatMs).unref();
  }

  get full(): boolean {
    return this.#open.size >= this.#limit;
  }

  /** Turns `response` into a stream. Its `event`s follow until the reader or `end` closes it. */
  open(response: ServerResponse): void {
    response.writeHead(200, { ...securityHeaders, 'content-type': 'text/event-stream; charset=utf-8' });
    this.#open.set(response, '');
    response.on('close', () => this.#open.delete(response));
    response.on('error', () => this.#open.delete(response));
    this.#write(response, 'retry: 1000\n\n');
  }

  /** One event to one page, outside of the state that all share. */
  tell(response: ServerResponse, event: string, data: unknown): void {
    this.#write(response, `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  status(status: unknown): void {
    const data = JSON.stringify(status);
    for (const [response, last] of this.#open) {
      if (last === data) continue;
      this.#open.set(response, data);
      this.#write(response, `event: status\ndata: ${data}\n\n`);
    }
  }

  /** Ends all streams, with a last event if there is one to give. */
  end(event?: string): void {
    for (const response of this.#open.keys()) response.end(event === undefined ? '' : `event: ${event}\ndata: {}\n\n`);
    this.#open.clear();
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.end();
  }

  #write(response: ServerResponse, text: string): void {
    if (response.writableLength > backlogLimit) response.destroy();
    else response.write(text);
  }
}
