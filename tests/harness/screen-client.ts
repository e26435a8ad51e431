import { request } from 'node:http';
import { vi } from 'vitest';
import type { IdentityDocument } from '../../flows/people/identity-document.ts';
import type { Finding } from '../../flows/ports/operators.ts';
import type { Secret } from '../../devices/secret.ts';
import type { CitizenCommand, CitizenStatus, OperatorCommand, OperatorStatus, ShiftCommand } from '../../flows/session/status.ts';

/** A command as it travels: its codes are text. */
type Plain<Command> = { readonly [Name in keyof Command]: Command[Name] extends Secret ? string : Command[Name] };

const WAIT_MS = 15_000;

/** The kiosk's two pages without a browser: the same requests, the same streams. */
export class ScreenClient {
  readonly port: number;
  readonly #cookies = new Map<string, string>();
  /** Everything that the kiosk ever told this page. */
  readonly heard: string[] = [];
  #citizen: CitizenStatus | null = null;
  #operator: OperatorStatus | null = null;
  readonly #streams: { destroy(): void }[] = [];
  #closed = false;
  /** A stream ended. */
  #lost = false;

  private constructor(port: number) {
    this.port = port;
  }

  static async open(port: number): Promise<ScreenClient> {
    const client = new ScreenClient(port);
    await client.#ask('GET', '/');
    client.#listen('/events', (status) => (client.#citizen = status as CitizenStatus));
    await vi.waitUntil(() => client.#citizen !== null || client.#lost, { timeout: WAIT_MS, interval: 10 });
    if (client.#citizen === null) throw new Error('the kiosk ended before it told anything');
    return client;
  }

  citizen(): CitizenStatus {
    if (this.#citizen === null) throw new Error('no status yet');
    return this.#citizen;
  }

  operator(): OperatorStatus | null {
    return this.#operator;
  }

  /** Waits until the citizen's screen is `screen`; the error says where it is instead. */
  async on<Screen extends CitizenStatus['screen']>(screen: Screen, limitMs = WAIT_MS): Promise<Extract<CitizenStatus, { screen: Screen }>> {
    try {
      await vi.waitUntil(() => this.#closed || this.#citizen?.screen === screen, { timeout: limitMs, interval: 5 });
    } catch {
      throw new Error(`waited for ${screen}, but it is ${JSON.stringify(this.#citizen)}`);
    }
    this.#stillOpen();
    return this.#citizen as Extract<CitizenStatus, { screen: Screen }>;
  }

  /** Waits until the citizen's status is as wanted. */
  async until(wanted: (status: CitizenStatus) => boolean, limitMs = WAIT_MS): Promise<CitizenStatus> {
    try {
      await vi.waitUntil(() => this.#citizen !== null && wanted(this.#citizen), { timeout: limitMs, interval: 5 });
    } catch {
      throw new Error(`waited in vain; it is ${JSON.stringify(this.#citizen)}`);
    }
    return this.citizen();
  }

  async untilOperator(wanted: (status: OperatorStatus) => boolean): Promise<void> {
    await vi.waitUntil(() => this.#closed || (this.#operator !== null && wanted(this.#operator)), { timeout: WAIT_MS, interval: 5 });
    this.#stillOpen();
  }

  async citizenDoes(command: Plain<CitizenCommand>): Promise<boolean> {
    return this.#command('/session/command', this.citizen().sessionId, command);
  }

  async operatorDoes(command: OperatorCommand): Promise<boolean> {
    return this.#command('/operator/command', this.citizen().sessionId, command);
  }

  /** Somebody took away what was left in the output. */
  async slipRemoved(operationId: string): Promise<boolean> {
    const answer = await this.#ask('POST', '/operator/slip-removed', { operationId });
    if (answer.status !== 200) throw new Error(`the kiosk answered ${answer.status}`);
    return (JSON.parse(answer.body) as { accepted: boolean }).accepted;
  }

  /** A decision about an operation that is held. */
  async resolve(operationId: string, finding: Finding): Promise<boolean> {
    const answer = await this.#ask('POST', '/operator/resolve', { operationId, finding });
    if (answer.status !== 200) throw new Error(`the kiosk answered ${answer.status}`);
    return (JSON.parse(answer.body) as { accepted: boolean }).accepted;
  }

  /** The shift of the operator's envelopes; `null`: done. */
  async shift(command: ShiftCommand): Promise<string | null> {
    const answer = await this.#ask('POST', '/operator/shift', command);
    if (answer.status !== 200) throw new Error(`the kiosk answered ${answer.status}`);
    return (JSON.parse(answer.body) as { problem: string | null }).problem;
  }

  async signOff(): Promise<void> {
    await this.#ask('POST', '/operator/sign-off', {});
  }

  async signOn(operatorId: string, pin: string): Promise<boolean> {
    const answer = await this.#ask('POST', '/operator/sign-on', { operatorId, pin });
    const { signedOn } = JSON.parse(answer.body) as { signedOn: unknown };
    if (signedOn === null) return false;
    this.#listen('/operator/events', (status) => (this.#operator = status as OperatorStatus));
    await vi.waitUntil(() => this.#operator !== null, { timeout: WAIT_MS, interval: 10 });
    return true;
  }

  /** The operator's task that waits; the document is entered by whoever asks. */
  async identify(document: IdentityDocument): Promise<void> {
    await this.untilOperator(({ waiting }) => waiting?.task === 'identify');
    await this.operatorDoes({ type: 'identified', document });
  }

  /** Whoever still waits for something hears of it. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#streams) stream.destroy();
  }

  #stillOpen(): void {
    if (this.#closed) throw new Error('the page was closed');
  }

  async #command(path: string, sessionId: string | null, command: object): Promise<boolean> {
    const answer = await this.#ask('POST', path, { sessionId, command });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
    return (JSON.parse(answer.body) as { accepted: boolean }).accepted;
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: string }> {
    return await new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: this.port, method, path, headers: this.#headers(body) }, (answer) => {
        for (const cookie of answer.headers['set-cookie'] ?? []) {
          const [pair = ''] = cookie.split(';');
          this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair);
        }
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => {
          this.heard.push(text);
          resolve({ status: answer.statusCode ?? 0, body: text });
        });
        answer.on('error', reject);
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  #headers(body?: object): Record<string, string> {
    return {
      origin: `http://127.0.0.1:${this.port}`,
      cookie: [...this.#cookies.values()].join('; '),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
  }

  /** Server-sent events, one `data:` line each, as the kiosk writes them. */
  #listen(path: string, onStatus: (status: unknown) => void): void {
    const asked = request({ host: '127.0.0.1', port: this.port, path, headers: this.#headers() }, (answer) => {
      let pending = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        this.heard.push(chunk);
        pending += chunk;
        const events = pending.split('\n\n');
        pending = events.pop() ?? '';
        for (const event of events) {
          const data = /^event: status\ndata: (.*)$/m.exec(event)?.[1];
          if (data !== undefined) onStatus(JSON.parse(data));
        }
      });
      answer.on('error', () => undefined);
    });
    asked.on('error', () => undefined);
    asked.on('close', () => (this.#lost = true));
    asked.end();
    this.#streams.push(asked);
  }
}
