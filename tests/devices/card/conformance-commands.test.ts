import { type ChildProcess, spawn } from 'node:child_process';
import { type KeyObject, X509Certificate, constants, createHash, createVerify, publicDecrypt } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { encodeCommand } from '../../../devices/card/apdu.ts';
import type { PcscConnection } from '../../../devices/card/pcsc.ts';
import type { VirtualCardOptions } from '../../../devices/card/virtual/card.ts';
import type { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { InProcessReader } from '../../../devices/card/virtual/in-process.ts';
import type { VirtualSlot } from '../../../devices/card/virtual/slot.ts';
import { VpcdSlot } from '../../../devices/card/virtual/vpcd.ts';
import { processEntry } from '../../../kiosk/project.ts';
import { startPcscd } from '../../harness/pcscd.ts';
import { specimenCard, specimenCertificate } from './cards.ts';

/** A card in a slot, and raw commands to it. */
interface Rig {
  readonly slot: VirtualSlot;
  /** Connects to the card that is in. */
  connect(): Promise<string>;
  /** Resets the card and lets go of it. */
  disconnect(): Promise<string>;
  /** A command in hexadecimal; its answer in hexadecimal, or `error …`. */
  ask(command: string): Promise<string>;
  close(): Promise<void>;
}

const rigs: Record<string, (card: VirtualCnsCard) => Promise<Rig>> = {
  'in process': (card) => {
    const reader = 'Lettore';
    const slot = new InProcessReader(card, { reader });
    let connection: PcscConnection | undefined;
    return Promise.resolve({
      slot,
      connect: async () => {
        const connected = await slot.connect(reader);
        if (!connected.ok) return `error ${connected.error.kind}`;
        connection = connected.value;
        return 'ok';
      },
      disconnect: async () => {
        await connection?.disconnect();
        return 'ok';
      },
      ask: async (command) => {
        const answer = await connection?.transmit(new Uint8Array(Buffer.from(command, 'hex')));
        return answer?.ok === true ? Buffer.from(answer.value).toString('hex').toUpperCase() : `error ${answer?.error.kind}`;
      },
      close: () => slot.close(),
    });
  },
  'inside a real pcscd': async (card) => {
    const pcscd = await startPcscd();
    const slot = new VpcdSlot(card, { host: '127.0.0.1', port: pcscd.ports[0] ?? 0 });
    const client: ChildProcess = spawn(process.execPath, [processEntry('tests/processes/apdu.ts')], {
      env: { ...process.env, ...pcscd.env, READER: pcscd.readers[0] ?? '' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (client.stdin === null || client.stdout === null) throw new Error('no pipes');
    const { stdin } = client;
    const answers = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
    const tell = async (line: string): Promise<string> => {
      stdin.write(`${line}\n`);
      const answer = (await answers.next()).value as string;
      return /^[0-9a-f]+$/.test(answer) ? answer.toUpperCase() : answer;
    };
    const close = async (): Promise<void> => {
      const gone = once(client, 'exit');
      client.kill('SIGKILL');
      await gone;
      await slot.remove();
      await pcscd.close();
    };
    return { slot, connect: () => tell('connect'), disconnect: () => tell('disconnect'), ask: tell, close };
  },
};

const block = (code: string): string => Buffer.from(code.padEnd(8, '\xff'), 'latin1').toString('hex');
const verify = (code: string, reference = '10'): string => `002000${reference}08${block(code)}`;
const change = (from: string, to: string): string => `0024001010${block(from)}${block(to)}`;
const unblock = (puk: string, pin: string): string => `002C001010${block(puk)}${block(pin)}`;
const right = { pin: '12345', puk: '12345678' } as const;

let publicKey: KeyObject;
beforeAll(async () => {
  ({ publicKey } = new X509Certificate((await specimenCertificate()).certificate));
});

describe.each(Object.entries(rigs))('a CNS %s', (_name, makeRig) => {
  let rig: Rig;
  afterEach(() => rig.close());

  const inserted = async (options: Partial<VirtualCardOptions> = {}): Promise<void> => {
    rig = await makeRig(await specimenCard(options));
    await insert();
  };
  const insert = async (): Promise<void> => {
    await rig.disconnect();
    await rig.slot.insert();
    expect(await rig.connect()).toBe('ok');
  };
  const all = async (...commands: readonly string[]): Promise<string[]> => {
    const answers: string[] = [];
    for (const command of commands) answers.push(await rig.ask(command));
    return answers;
  };
  /** A command of any length in parts of 255 bytes, all but the last with the chaining bit; the last answer. */
  const chained = async (header: string, data: Uint8Array): Promise<string> => {
    let answer = '';
    for (let from = 0; from < data.length; from += 255) {
      const part = Buffer.from(data.subarray(from, from + 255));
      const isLast = from + 255 >= data.length;
      const length = part.length.toString(16).padStart(2, '0');
      answer = await rig.ask(`${isLast ? '00' : '10'}${header}${length}${part.toString('hex')}${isLast ? '00' : ''}`);
      if (!isLast) expect(answer).toBe('9000');
    }
    return answer;
  };

  test('its PIN lives: wrong, right, changed, blocked; what was verified ends with the power', async () => {
    await inserted();
    expect(await all(verify('99999'), '00200010', verify(right.pin), '00200010')).toEqual(['63C2', '63C2', '9000', '9000']);
    // PIN and PUK stand under the MF: what is selected below it takes nothing away.
    expect(await all('00A4080C0411001101', '00A4000C021000', '00200010')).toEqual(['9000', '9000', '9000']);
    await rig.disconnect();
    await rig.connect();
    expect(await all('00200010', change('99999', '00000'), change(right.pin, '7654321'))).toEqual(['63C3', '63C2', '9000']);
    expect(await all('00200010', verify(right.pin), verify('7654321'))).toEqual(['63C3', '63C2', '9000']);
    expect(await all(change('7654321', 'ABCDE'), change('7654321', '1234'))).toEqual(['6A80', '6A80']);
    expect(await all(verify('1'), verify('2'), verify('3'), verify('7654321'))).toEqual(['63C2', '63C1', '63C0', '6983']);
    await rig.slot.remove();
    await insert();
    expect(await all('00200010', change('7654321', '11111'))).toEqual(['6983', '6983']);
  });

  test('its PUK lives: sets the PIN, resets its counter in each of three ways, and dies of three wrong ones', async () => {
    await inserted();
    expect(await all(verify('1'), verify('2'), verify('3'))).toEqual(['63C2', '63C1', '63C0']);
    expect(await all(unblock('00000000', '55555'), '00200010', '00200011')).toEqual(['63C2', '6983', '63C2']);
    expect(await all(unblock(right.puk, '55555'), '00200010', '00200011', verify('55555'))).toEqual(['9000', '63C3', '63C3', '9000']);
    expect(await all(verify('1'), `002C011008${block(right.puk)}`, '00200010')).toEqual(['63C2', '9000', '63C3']);
    expect(await all(verify('1'), '002C0310', verify(right.puk, '11'), '002C0310', '00200010')).toEqual([
      '63C2',
      '6982',
      '9000',
      '9000',
      '63C3',
    ]);
    // A PUK that was verified is good for one reset.
    expect(await all('002C0310')).toEqual(['6982']);
    expect(await all(verify('1', '11'), verify('2', '11'), verify('3', '11'), verify(right.puk, '11'))).toEqual([
      '63C2',
      '63C1',
      '63C0',
      '6983',
    ]);
    expect(await all(unblock(right.puk, '11111'), `002C011008${block(right.puk)}`, '002C0310')).toEqual(['6983', '6983', '6982']);
    await rig.slot.remove();
    await insert();
    expect(await all(unblock(right.puk, '11111'), verify('55555'))).toEqual(['6983', '9000']);
  });

  test('it signs with the PIN alone: in a chain, at once with extended length, padded by itself; GET CHALLENGE gives what is signed', async () => {
    await inserted();
    const challenge = await rig.ask('0084000020');
    expect(challenge).toMatch(/^[0-9A-F]{64}9000$/);
    const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex');
    const digestInfo = Buffer.concat([
      prefix,
      createHash('sha256')
        .update(Buffer.from(challenge.slice(0, -4), 'hex'))
        .digest(),
    ]);
    const padding = Buffer.alloc(256 - 3 - digestInfo.length, 0xff);
    const wholeBlock = Buffer.concat([Buffer.of(0, 1), padding, Buffer.of(0), digestInfo]);
    const indicated = Buffer.concat([Buffer.of(0), wholeBlock]);

    expect(await all('0022F30300', '0022F1B803830101')).toEqual(['9000', '9000']);
    expect(await chained('2A8086', indicated)).toBe('6982');
    expect(await all(verify(right.pin))).toEqual(['9000']);
    // The signature's key is not the decipherment's.
    expect(await chained('2A9E9A', wholeBlock)).toBe('6985');
    expect(await all('0022F1B603830101', '0022F1B603830102', '0022F30700', '0022F1B0')).toEqual(['9000', '6A88', '6A88', '6A86']);

    const signatures = [
      await chained('2A8086', indicated),
      await rig.ask(`002A8086000101${indicated.toString('hex')}0100`),
      await chained('2A9E9A', wholeBlock),
      await rig.ask(`002A9E9A${digestInfo.length.toString(16)}${digestInfo.toString('hex')}00`),
    ];
    for (const answer of signatures) {
      expect(answer.slice(-4)).toBe('9000');
      const signature = Buffer.from(answer.slice(0, -4), 'hex');
      expect(
        createVerify('sha256')
          .update(Buffer.from(challenge.slice(0, -4), 'hex'))
          .verify(publicKey, signature),
      ).toBe(true);
      expect(publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature)).toEqual(wholeBlock);
    }
    expect(await chained('2A8086', Buffer.alloc(257, 0xff).fill(0, 0, 1))).toBe('6A80');
    await rig.disconnect();
    await rig.connect();
    expect(await chained('2A9E9A', wholeBlock)).toBe('6982');
  });

  test('a chain is broken off by any other command, and kept to what may be chained', async () => {
    await inserted();
    const part = encodeCommand({ cla: 0x10, ins: 0x2a, p1: 0x80, p2: 0x86, data: new Uint8Array(200) });
    expect(await all(verify(right.pin), '0022F30300', '0022F1B803830101', Buffer.from(part).toString('hex'))).toEqual([
      '9000',
      '9000',
      '9000',
      '9000',
    ]);
    expect(await all('00A4080C0410001003', '002A808601AA00', '10200010083132333435FFFFFF')).toEqual(['9000', '6A80', '6884']);
  });

  test.each([
    ['soft', '6282'],
    ['real', '6B00'],
  ] as const)('at the end of a file (%s): fewer bytes, then %s, then 6B00 beyond it', async (endOfFile, atEnd) => {
    await inserted({ endOfFile });
    expect(await all('00A4080C0410001003')).toEqual(['9000']);
    expect(await all('00B0000E10', '00B0001001', '00B0001101')).toEqual(['31369000', atEnd, '6B00']);
  });

  test('answers that are fetched, and lengths that must be exact', async () => {
    await inserted({ answers: '61xx', tooMuchAsked: '6Cxx' });
    expect(await all('00A40800041000100300')).toEqual(['6138']);
    expect(await rig.ask('00C0000010')).toMatch(/^6F36.{28}6128$/);
    expect(await rig.ask('00C0000028')).toMatch(/9000$/);
    expect(await all('00C0000001', '00B0000000', '00B0000010')).toEqual(['6985', '6C10', '363038303130303030303030303031369000']);
  });

  test.each([
    ['free', '63C3', '63C3'],
    ['costs-a-try', '63C2', '63C1'],
    ['6A86', '6A86', '6A86'],
    ['6700', '6700', '6700'],
  ] as const)('asked for the tries left (%s)', async (statusQuery, first, second) => {
    await inserted({ statusQuery });
    expect(await all('00200010', '00200010')).toEqual([first, second]);
  });

  test('what is to be protected is refused in the clear, and protection that it does not know too', async () => {
    await inserted({ secured: ['change', 'unblock'] });
    expect(await all(verify(right.pin), change(right.pin, '55555'), unblock(right.puk, '55555'))).toEqual(['9000', '6982', '6982']);
    expect(await all(`0C${verify(right.pin).slice(2)}`, '00200011')).toEqual(['6882', '63C3']);
  });

  test.each([
    ['verify', verify('99999'), [1], right.pin],
    ['change', change(right.pin, '777777'), [1, 2, 3, 8, 14, 15, 16, 20, 24], '777777'],
    ['unblock', unblock(right.puk, '777777'), [1, 2, 3, 14, 15, 20, 24], '777777'],
  ] as const)(
    'power that goes away in the middle (%s) leaves the PIN old or new, and no counter higher',
    async (_what, command, tears, after) => {
      await inserted();
      for (const nth of tears) {
        rig.slot.card.tear(nth);
        expect(await rig.ask(command)).toMatch(/^error/);
        await insert();
        const answer = await rig.ask(verify(after));
        if (answer !== '9000') expect([await rig.ask(verify(right.pin)), nth]).toEqual(['9000', nth]);
        // As it was, for the next tear.
        await rig.ask(unblock(right.puk, right.pin));
        expect(await all('00200010', '00200011')).toEqual(['63C3', '63C3']);
      }
    },
    60_000,
  );
});
