import { type AddressInfo, type Socket, createConnection, createServer } from 'node:net';
import { Chance } from '../simulation/time.ts';

/** What a line does to a connection after so many bytes of one direction. */
export interface LineFault {
  readonly kind: 'reset' | 'half-open' | 'forgotten' | 'lost';
  /** Which bytes count: the question's or the answer's. */
  readonly of: 'question' | 'answer';
  readonly afterBytes: number;
}

/** 256 kbit/s. */
const SLOW_BYTES_PER_SECOND = 32_000;

/** Of the segments on a bad line so many are lost; each costs Linux's least retransmission time, and twice as long for each time that it is lost again. */
const LOST = 0.2;
const RETRANSMISSION_MS = 200;

/**
 * A TCP line between kiosk and CMS that can be made to fail, under TLS: it sees bytes only. `reset` breaks both ends, `half-open` says nothing
 * more and stays open, `forgotten` is half-open where the far end has closed and this end is never told, `lost` swallows the rest of that direction while
 * the other goes on.
 */
export class FaultyLine {
  /** Taken by the next connection alone; those after it are whole. */
  next: LineFault | null = null;
  /** Nobody gets through, as on a day of outage. */
  down = false;
  slow = false;
  /** Segments are lost and sent again: to TCP's user it is time that passes. */
  lossy = false;
  /** Segments that were. */
  retransmitted = 0;
  connections = 0;
  /** Faults that were met: a connection may end before its fault's byte. */
  struck = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((kiosk) => this.#accept(kiosk));

  readonly #cmsPort: number;
  readonly #chance: Chance;

  private constructor(cmsPort: number, seed: number) {
    this.#cmsPort = cmsPort;
    this.#chance = new Chance(seed);
  }

  static async to(cmsUrl: string, seed = 1): Promise<FaultyLine> {
    const line = new FaultyLine(Number(new URL(cmsUrl).port), seed);
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
    const broken: Broken = { both: false, untold: false };
    for (const [one, other] of [
      [kiosk, cms],
      [cms, kiosk],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        if (!broken.untold) other.destroy();
      });
    }
    this.#carry(kiosk, cms, fault?.of === 'question' ? fault : null, broken);
    this.#carry(cms, kiosk, fault?.of === 'answer' ? fault : null, broken);
  }

  #carry(from: Socket, to: Socket, fault: LineFault | null, broken: Broken): void {
    let left = fault?.afterBytes ?? Infinity;
    const pass = (chunk: Buffer): void => {
      if (broken.both || left <= 0) return;
      const passing = chunk.subarray(0, Math.min(left, chunk.length));
      left -= chunk.length;
      if (!to.destroyed) to.write(passing);
      if (left > 0 || fault === null) return;
      this.struck += 1;
      broken.both = fault.kind === 'half-open' || fault.kind === 'forgotten';
      broken.untold = fault.kind === 'forgotten';
      if (fault.kind === 'forgotten') to.destroy();
      if (fault.kind === 'reset') {
        from.resetAndDestroy();
        to.resetAndDestroy();
      }
    };
    from.on('data', (chunk: Buffer) => {
      const late = this.#lateness(chunk.length);
      if (late === 0) {
        pass(chunk);
        return;
      }
      from.pause();
      setTimeout(() => {
        pass(chunk);
        from.resume();
      }, late);
    });
  }

  /** Milliseconds after which a segment of so many bytes is there. */
  #lateness(bytes: number): number {
    let late = this.slow ? (bytes / SLOW_BYTES_PER_SECOND) * 1_000 : 0;
    for (let again = RETRANSMISSION_MS; this.lossy && this.#chance.happens(LOST); again *= 2) {
      late += again;
      this.retransmitted += 1;
    }
    return late;
  }
}

/** What has become of a connection: nothing passes in either direction; an end that closes does not say so to the other. */
interface Broken {
  both: boolean;
  untold: boolean;
}
