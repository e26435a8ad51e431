import { type AddressInfo, type Socket, createConnection, createServer } from 'node:net';

/** What a line does to a connection after so many bytes of one direction. */
export interface LineFault {
  readonly kind: 'reset' | 'half-open' | 'lost';
  /** Which bytes count: the question's or the answer's. */
  readonly of: 'question' | 'answer';
  readonly afterBytes: number;
}

/** 256 kbit/s. */
const SLOW_BYTES_PER_SECOND = 32_000;

/**
 * A TCP line between kiosk and CMS that can be made to fail, under TLS: it sees bytes only. `reset` breaks both ends, `half-open` says nothing
 * more and stays open, `lost` swallows the rest of that direction while the other goes on.
 */
export class FaultyLine {
  /** Taken by the next connection alone; those after it are whole. */
  next: LineFault | null = null;
  /** Nobody gets through, as on a day of outage. */
  down = false;
  slow = false;
  connections = 0;
  /** Faults that were met: a connection may end before its fault's byte. */
  struck = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((kiosk) => this.#accept(kiosk));

  readonly #cmsPort: number;

  private constructor(cmsPort: number) {
    this.#cmsPort = cmsPort;
  }

  static async to(cmsUrl: string): Promise<FaultyLine> {
    const line = new FaultyLine(Number(new URL(cmsUrl).port));
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Breaks what is connected, so that the next question comes on a new connection. */
  breakAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.breakAll();
    this.#server.close();
  }

  #accept(kiosk: Socket): void {
    this.connections += 1;
    if (this.down) return void kiosk.on('error', () => undefined).resetAndDestroy();
    const fault = this.next;
    this.next = null;
    const cms = createConnection(this.#cmsPort, '127.0.0.1');
    for (const [one, other] of [
      [kiosk, cms],
      [cms, kiosk],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    const broken = { both: false };
    this.#carry(kiosk, cms, fault?.of === 'question' ? fault : null, broken);
    this.#carry(cms, kiosk, fault?.of === 'answer' ? fault : null, broken);
  }

  #carry(from: Socket, to: Socket, fault: LineFault | null, broken: { both: boolean }): void {
    let left = fault?.afterBytes ?? Infinity;
    from.on('data', (chunk: Buffer) => {
      if (broken.both || left <= 0) return;
      const passing = chunk.subarray(0, Math.min(left, chunk.length));
      left -= chunk.length;
      if (!to.destroyed) to.write(passing);
      if (this.slow) {
        from.pause();
        setTimeout(() => from.resume(), (chunk.length / SLOW_BYTES_PER_SECOND) * 1_000);
      }
      if (left > 0 || fault === null) return;
      this.struck += 1;
      if (fault.kind === 'half-open') broken.both = true;
      if (fault.kind === 'reset') {
        from.resetAndDestroy();
        to.resetAndDestroy();
      }
    });
  }
}
