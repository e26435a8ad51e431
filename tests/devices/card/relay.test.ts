import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeResponse, encodeCommand } from '../../../devices/card/apdu.ts';
import { CommandingDriver } from '../../../devices/card/commanding.ts';
import type { CommandingCardReader, RelayCount, RelayEnd, RelayExchange, RelayPolicy } from '../../../devices/card/contract.ts';
import { plainRelayPolicy, refusalOf, relay, signatureRelayPolicy, usualRelayPolicy } from '../../../devices/card/relay.ts';
import { startCardHost } from '../../../devices/card/remote.ts';
import { TerminalChannel } from '../../../devices/card/secure-messaging/channel.ts';
import { schemes } from '../../../devices/card/secure-messaging/schemes.ts';
import type { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import { secureMessagingBy } from '../../../devices/card/virtual/secured.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { type Result, ok } from '../../../devices/result.ts';
import { Secret } from '../../../devices/secret.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { startPcscd } from '../../harness/pcscd.ts';
import { noAbort, specimenCard, specimenCertificate, untilStatus } from './cards.ts';

const keys = { encryption: new Uint8Array(randomBytes(16)), mac: new Uint8Array(randomBytes(16)) };
const securedCard = (): Promise<VirtualCnsCard> =>
  specimenCard({ secureMessaging: secureMessagingBy(schemes.cns, keys), secured: ['verify', 'change', 'unblock'] });

const block = (digits: string): number[] => [...Buffer.from(digits.padEnd(8, '\xff'), 'latin1')];
const puk = '12345678';
const newPin = '86420';
const unblocking = { cla: 0, ins: 0x2c, p1: 0, p2: 0x10, data: Uint8Array.from([...block(puk), ...block(newPin)]) };
const getChallenge = { cla: 0, ins: 0x84, p1: 0, p2: 0, le: 8 };
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** A CMS that sets the PIN by the PUK under secure messaging, and keeps what it was answered. */
function cms(): { readonly exchange: RelayExchange; readonly answers: number[]; readonly frames: Uint8Array[] } {
  const terminal = new TerminalChannel(schemes.cns, keys);
  const answers: number[] = [];
  const frames: Uint8Array[] = [];
  const steps = [
    () => encodeCommand(getChallenge),
    (challenge: Uint8Array) => {
      terminal.challenged(challenge);
      return encodeCommand(terminal.wrap(unblocking));
    },
  ];
  const exchange: RelayExchange = (answer) => {
    const { data, status } = decodeResponse(answer ?? Uint8Array.of(0x90, 0));
    if (answer !== undefined) answers.push(status);
    const step = steps.shift()?.(data) ?? 'end';
    if (step !== 'end') frames.push(step.slice());
    return Promise.resolve(step);
  };
  return { exchange, answers, frames };
}

const forever: RelayExchange = () => new Promise((resolve) => setImmediate(() => resolve(encodeCommand(getChallenge))));
const scripted = (...script: readonly (Uint8Array | 'end' | 'lost')[]): RelayExchange => {
  const left = [...script];
  return () => Promise.resolve(left.shift() ?? 'end');
};

beforeAll(specimenCertificate);

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

describe.each(['in process', 'inside a real pcscd, held by a process of its own'])('a card %s', (where) => {
  const inserted = async (card: VirtualCnsCard): Promise<{ reader: CommandingCardReader; slot: InProcessReader | VpcdSlot }> => {
    if (where === 'in process') {
      const slot = new InProcessReader(card);
      const reader = new CommandingDriver(slot);
      closing.push(() => reader.close());
      await slot.insert();
      return { reader, slot };
    }
    const pcscd = await startPcscd();
    const slot = new VpcdSlot(card, { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
    const reader = startCardHost({ entry: processEntry('devices/card/pcsc-host.ts'), env: pcscd.env });
    closing.push(
      () => reader.close(),
      () => slot.remove(),
      () => pcscd.close(),
    );
    await slot.insert();
    await untilStatus(reader, 'present');
    return { reader, slot };
  };

  test('gets its PIN from the CMS, and the kiosk forwards what it cannot read', async () => {
    const card = await securedCard();
    const { reader } = await inserted(card);
    const { exchange, answers, frames } = cms();
    expect(await reader.relay(exchange, usualRelayPolicy, noAbort)).toEqual({ ok: true, value: { sent: 2, answered: 2 } });
    expect(answers).toEqual([0x9000, 0x9000]);
    for (const frame of frames) {
      for (const code of [puk, newPin]) expect(Buffer.from(frame).includes(code)).toBe(false);
    }
    // In the clear this card takes no PIN at all.
    expect(await reader.verifyPin({ pin: Secret.fromText(newPin) }, noAbort)).toEqual({ ok: false, error: { kind: 'not-allowed' } });
    const terminal = new TerminalChannel(schemes.cns, keys);
    terminal.challenged(decodeResponse(card.transmit(encodeCommand(getChallenge))).data);
    const verifying = { cla: 0, ins: 0x20, p1: 0, p2: 0x10, data: Uint8Array.from(block(newPin)) };
    expect(decodeResponse(card.transmit(encodeCommand(terminal.wrap(verifying)))).status).toBe(0x9000);
  });

  test('is reset at the end, and free for the next', async () => {
    const { reader } = await inserted(await specimenCard());
    const policy: RelayPolicy = { ...usualRelayPolicy, pinsInClear: 'allowed', allowed: [...usualRelayPolicy.allowed, '0020'] };
    const answers: string[] = [];
    const keeping =
      (exchange: RelayExchange): RelayExchange =>
      (answer, signal) => {
        if (answer !== undefined) answers.push(Buffer.from(answer).toString('hex'));
        return exchange(answer, signal);
      };
    const verify = Uint8Array.of(0, 0x20, 0, 0x10, 8, ...block('12345'));
    const ask = bytes('00200010');
    await reader.relay(keeping(scripted(verify, ask.slice())), policy, noAbort);
    await reader.relay(keeping(scripted(ask.slice())), policy, noAbort);
    expect(answers).toEqual(['9000', '9000', '63c3']);
    expect((await reader.read(noAbort)).ok).toBe(true);
  });

  test.each(['pull', 'lose'] as const)(
    'taken away at any command (%s) ends it as card-removed, with what was sent and answered',
    async (kind) => {
      const { reader, slot } = await inserted(await securedCard());
      for (const nth of [1, 2]) {
        slot.fail(nth, { kind });
        expect(await reader.relay(cms().exchange, usualRelayPolicy, noAbort)).toEqual({
          ok: false,
          error: { kind: 'card-removed', sent: nth, answered: nth - 1 },
        });
        await untilStatus(reader, 'empty');
        await slot.insert();
        await untilStatus(reader, 'present');
      }
    },
  );

  test('swapped while the CMS thinks: the other card gets nothing', async () => {
    const { reader, slot } = await inserted(await securedCard());
    const other = await specimenCard();
    let commands = 0;
    const transmit = other.transmit.bind(other);
    other.transmit = (command) => {
      commands += 1;
      return transmit(command);
    };
    let swapped: Promise<void> = Promise.resolve();
    const swapping: RelayExchange = async () => {
      swapped = slot.insert(other);
      await swapped;
      return encodeCommand(getChallenge);
    };
    expect(await reader.relay(swapping, usualRelayPolicy, noAbort)).toMatchObject({ ok: false, error: { kind: 'card-removed' } });
    await swapped;
    expect(commands).toBe(0);
  });

  test('pulled while the CMS thinks for ever ends at once', async () => {
    const { reader, slot } = await inserted(await securedCard());
    const relaying = reader.relay(() => new Promise(() => void slot.remove()), usualRelayPolicy, noAbort);
    expect(await relaying).toEqual({ ok: false, error: { kind: 'card-removed', sent: 0, answered: 0 } });
  });

  test('is relayed no longer than the policy says, nor more, nor when given up', async () => {
    const { reader } = await inserted(await securedCard());
    expect(await reader.relay(forever, { ...usualRelayPolicy, maxCommands: 3 }, noAbort)).toEqual({
      ok: false,
      error: { kind: 'refused', reason: 'too-many', sent: 3, answered: 3 },
    });
    const never: RelayExchange = () => new Promise(() => undefined);
    expect(await reader.relay(never, { ...usualRelayPolicy, exchangeLimitMs: 50 }, noAbort)).toMatchObject({
      error: { kind: 'other-side-silent', afterMs: 50 },
    });
    const endless = { ...usualRelayPolicy, maxCommands: 1e9, totalLimitMs: 100 };
    expect(await reader.relay(forever, endless, noAbort)).toMatchObject({ error: { kind: 'took-too-long', afterMs: 100 } });
    expect(await reader.relay(never, usualRelayPolicy, AbortSignal.timeout(50))).toMatchObject({ error: { kind: 'aborted' } });
    expect(await reader.relay(scripted('lost'), usualRelayPolicy, noAbort)).toEqual({
      ok: false,
      error: { kind: 'other-side-lost', sent: 0, answered: 0 },
    });
    expect((await reader.read(noAbort)).ok).toBe(true);
  });
});

test('a reader held by a relay is busy for others, and the relay goes on', async () => {
  const slot = new InProcessReader(await securedCard());
  const reader = new CommandingDriver(slot, { stepLimitMs: 100 });
  closing.push(() => reader.close());
  await slot.insert();
  let release: (step: 'end') => void = () => undefined;
  const relaying = reader.relay(() => new Promise((resolve) => (release = resolve)), usualRelayPolicy, noAbort);
  expect(await reader.read(noAbort)).toMatchObject({ ok: false, error: { kind: 'reader-busy' } });
  release('end');
  expect(await relaying).toEqual({ ok: true, value: { sent: 0, answered: 0 } });
});

describe('a hostile CMS', () => {
  /** Runs a relay against a card that only counts; what it saw is copied, for the relay wipes. */
  async function relayed(
    commands: readonly Uint8Array[],
    policy: RelayPolicy,
  ): Promise<{ end: Result<RelayEnd, unknown>; seen: Uint8Array[] }> {
    const seen: Uint8Array[] = [];
    const transmit = (command: Uint8Array): Promise<Result<Uint8Array, never>> => {
      seen.push(command.slice());
      return Promise.resolve(ok(Uint8Array.of(0x90, 0x00)));
    };
    const count: { -readonly [K in keyof RelayCount]: number } = { sent: 0, answered: 0 };
    const end = await relay({ transmit, signal: noAbort }, scripted(...commands.map((command) => command.slice())), policy, count);
    expect(count).toEqual({ sent: seen.length, answered: seen.length });
    return { end, seen };
  }

  const readable = [0x20, 0x21, 0x24, 0x25, 0x26, 0x28, 0x2c, 0x2d];
  const codes = [...block(puk), ...block(newPin)];

  test('gets no PIN command through in the clear, whatever class, channel, chain, length or disguise', async () => {
    const everything = Array.from({ length: 0x10000 }, (_, word) => word.toString(16).toUpperCase().padStart(4, '0'));
    const lax: RelayPolicy = { ...usualRelayPolicy, allowed: everything, maxCommandBytes: 10_000 };
    for (let cla = 0; cla < 256; cla += 1) {
      for (const ins of readable) {
        const header = [cla, ins, 0x00, 0x10];
        const disguises = [
          [...header, 16, ...codes],
          [...header, 16, ...codes, 0],
          [...header, 0, 0, 16, ...codes],
          header,
          [...header, 0],
          [...header, 18, 0x81, 16, ...codes],
          [...header, 19, 0x87, 17, 0x01, ...codes],
          [...header, 28, 0x81, 16, ...codes, 0x8e, 8, ...new Array<number>(8).fill(7)],
          [...header, 28, 0x87, 16, ...codes, 0x8e, 8, ...new Array<number>(8).fill(7)],
        ];
        for (const disguise of disguises) expect(refusalOf(Uint8Array.from(disguise), lax)).toBe('pin-in-clear');
      }
    }
    const { end, seen } = await relayed([encodeCommand(unblocking)], lax);
    expect([end, seen]).toEqual([ok({ kind: 'refused', reason: 'pin-in-clear' }), []]);
  });

  test('may ask for the tries left, by a command that bears a MAC and nothing that could be read', () => {
    const mac = [0x8e, 8, ...new Array<number>(8).fill(7)];
    expect(refusalOf(Uint8Array.of(0x0c, 0x20, 0x00, 0x10, 10, ...mac), usualRelayPolicy)).toBeUndefined();
    expect(refusalOf(Uint8Array.of(0x00, 0x20, 0x00, 0x10, 10, ...mac), usualRelayPolicy)).toBe('pin-in-clear');
    expect(refusalOf(Uint8Array.of(0x0c, 0x20, 0x00, 0x10, 9, ...mac.slice(0, -1)), usualRelayPolicy)).toBe('pin-in-clear');
    expect(refusalOf(Uint8Array.of(0x0c, 0x20, 0x00, 0x10, 12, 0x81, 0, ...mac), usualRelayPolicy)).toBe('pin-in-clear');
  });

  test('gets through in the clear only where the site says so, and only what it names', () => {
    const lax: RelayPolicy = { ...usualRelayPolicy, pinsInClear: 'allowed' };
    expect(refusalOf(encodeCommand(unblocking), lax)).toBe('not-allowed');
    expect(refusalOf(encodeCommand(unblocking), { ...lax, allowed: ['002C'] })).toBeUndefined();
    expect(refusalOf(encodeCommand({ ...unblocking, cla: 0x10 }), { ...lax, allowed: ['002C'] })).toBe('not-allowed');
  });

  test.each([
    ['none at all', '', 'malformed'],
    ['a header cut short', '00A400', 'malformed'],
    ['less than it announces', '00A4000C023F', 'malformed'],
    ['more than it announces', '00A4000C023F0000 00', 'malformed'],
    ['one that is too long', `00A4000C00FFFF${'00'.repeat(0xffff)}`, 'too-long'],
    ['a write', '00D6000001FF', 'not-allowed'],
    ['an envelope around another', '00C2000006002000100100', 'not-allowed'],
    ['a signature', '002A808600', 'not-allowed'],
    ['a proprietary reading', '80B0000000', 'not-allowed'],
    ['a reading on another channel', '01B0000000', 'not-allowed'],
  ])('sends %s: refused', async (_what, hex, reason) => {
    const { end, seen } = await relayed([bytes(hex)], usualRelayPolicy);
    expect([end, seen]).toEqual([ok({ kind: 'refused', reason }), []]);
  });

  test('nothing that it makes up reaches the card unless the policy names it; after a refusal nothing does', async () => {
    const likely = fc
      .tuple(
        fc.constantFrom(0x00, 0x0c, 0x10, 0x1c, 0x80, 0x8c, 0x04, 0x01),
        fc.constantFrom(...readable, 0x84, 0xa4, 0xb0, 0xc0, 0x2a, 0xd6),
      )
      .chain(([cla, ins]) => fc.uint8Array({ maxLength: 40 }).map((rest) => Uint8Array.from([cla, ins, 0, 0x10, ...rest])));
    const sealed = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((data) => {
      const terminal = new TerminalChannel(schemes.cns, keys);
      terminal.challenged(new Uint8Array(8));
      return encodeCommand(terminal.wrap({ ...unblocking, data }));
    });
    const commands = fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), likely, sealed), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(commands, async (script) => {
        const { end, seen } = await relayed(script, usualRelayPolicy);
        const firstRefused = script.findIndex((command) => refusalOf(command, usualRelayPolicy) !== undefined);
        expect(seen).toEqual(firstRefused === -1 ? script : script.slice(0, firstRefused));
        expect(end.ok && end.value.kind).toBe(firstRefused === -1 ? 'end' : 'refused');
        for (const [cla = 0, ins = 0] of seen) {
          expect(usualRelayPolicy.allowed).toContain(Buffer.of(cla, ins).toString('hex').toUpperCase());
          if (readable.includes(ins)) expect(cla).toBe(0x0c);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('commands, answers and what comes too late are wiped', async () => {
    const command = encodeCommand(getChallenge);
    const refused = encodeCommand(unblocking);
    const late = encodeCommand(unblocking);
    const answers: Uint8Array[] = [];
    const transmit = (): Promise<Result<Uint8Array, never>> => {
      answers.push(Uint8Array.of(1, 2, 3, 0x90, 0x00));
      return Promise.resolve(ok(answers.at(-1)!));
    };
    const count = { sent: 0, answered: 0 };
    await relay({ transmit, signal: noAbort }, scripted(command, refused), usualRelayPolicy, count);
    let tooLate: (command: Uint8Array) => void = () => undefined;
    const slow: RelayExchange = () => new Promise((resolve) => (tooLate = resolve));
    await relay({ transmit, signal: noAbort }, slow, { ...usualRelayPolicy, exchangeLimitMs: 10 }, count);
    tooLate(late);
    await Promise.resolve();
    for (const wiped of [command, refused, late, ...answers]) expect([...wiped]).toEqual(new Array(wiped.length).fill(0));
    expect(answers).toHaveLength(1);
  });
});

describe('the policy of a signature certificate', () => {
  const intoTheFolder = bytes('00 A4 08 0C 02 14 00');
  const write = bytes('0C D6 00 00 0A 8E 08 00 00 00 00 00 00 00 00');
  const writes = ['0C E0 00 00', '0C 47 80 00', '0C D6 00 00'].map((head) => bytes(`${head} 0A 8E 08 00 00 00 00 00 00 00 00`));

  /** What becomes of commands that come one after the other; `answers`: what the card says to each, `9000` where none is given. */
  const passing = async (commands: readonly Uint8Array[], answers: Readonly<Record<number, string>> = {}): Promise<string> => {
    const seen: Uint8Array[] = [];
    const card = {
      signal: noAbort,
      transmit: (command: Uint8Array) => Promise.resolve(ok(bytes(answers[seen.push(command.slice()) - 1] ?? '9000'))),
    };
    const script = commands.map((command) => command.slice());
    const ended = await relay(card, scripted(...script), signatureRelayPolicy, { sent: 0, answered: 0 });
    return ended.ok && ended.value.kind === 'refused' ? `${seen.length}: ${ended.value.reason}` : `${seen.length}`;
  };

  test('what writes passes in the folder of signature, and nowhere else', async () => {
    for (const one of writes) {
      expect(await passing([one])).toBe('0: not-allowed');
      expect(await passing([intoTheFolder, one])).toBe('2');
      expect(await passing([bytes('00 A4 08 0C 04 14 00 90 10'), one])).toBe('2');
    }
    // Where the card did not go; by an identifier; sealed; out again.
    expect(await passing([intoTheFolder, write], { 0: '6A82' })).toBe('1: not-allowed');
    expect(await passing([bytes('00 A4 00 0C 02 14 00'), write])).toBe('1: not-allowed');
    expect(await passing([bytes('0C A4 08 0C 0A 8E 08 00 00 00 00 00 00 00 00'), write])).toBe('1: not-allowed');
    expect(await passing([intoTheFolder, write, bytes('00 A4 08 0C 04 11 00 11 01'), write])).toBe('3: not-allowed');
    expect(await passing([intoTheFolder, bytes('0C A4 08 0C 0A 8E 08 00 00 00 00 00 00 00 00'), write])).toBe('2: not-allowed');
    // A path that is not there leaves the card in the folder.
    expect(await passing([intoTheFolder, bytes('00 A4 08 0C 04 14 00 90 10'), write], { 1: '6A82' })).toBe('3');
    expect(await passing([intoTheFolder, bytes('00 A4 08 0C 04 11 00 99 99'), write], { 1: '6A82' })).toBe('2: not-allowed');
  });

  test('no PIN command of any kind, no signature, no other instruction; and the policies of PINs write nothing', () => {
    for (let ins = 0; ins < 256; ins += 1) {
      for (const cla of [0x00, 0x0c, 0x80]) {
        const command = Uint8Array.of(cla, ins, 0, 0, 10, 0x8e, 8, 0, 0, 0, 0, 0, 0, 0, 0);
        const name = Buffer.of(cla, ins).toString('hex').toUpperCase();
        const passes = refusalOf(command, signatureRelayPolicy) === undefined;
        expect({ name, passes }).toEqual({ name, passes: signatureRelayPolicy.allowed.includes(name) });
        if ([0x20, 0x24, 0x2c, 0x2a, 0x22].includes(ins)) expect({ name, passes }).toEqual({ name, passes: false });
      }
    }
    for (const policy of [usualRelayPolicy, plainRelayPolicy]) for (const one of writes) expect(refusalOf(one, policy)).toBe('not-allowed');
  });
});
