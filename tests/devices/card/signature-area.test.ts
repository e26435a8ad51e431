import { createHash, randomBytes, verify } from 'node:crypto';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Command, type Response, decodeResponse, encodeCommand } from '../../../devices/card/apdu.ts';
import { decodePublicKey } from '../../../devices/card/public-key-template.ts';
import { TerminalChannel } from '../../../devices/card/secure-messaging/channel.ts';
import { schemes } from '../../../devices/card/secure-messaging/schemes.ts';
import type { VirtualCnsCard } from '../../../devices/card/virtual/card.ts';
import { secureMessagingBy } from '../../../devices/card/virtual/secured.ts';
import { Secret } from '../../../devices/secret.ts';
import { specimenCard, specimenCertificate } from './cards.ts';

const keys = { encryption: new Uint8Array(randomBytes(16)), mac: new Uint8Array(randomBytes(16)) };
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const pin = '86420975';
const template = bytes('B6 03 84 01 02');

let card: VirtualCnsCard;
beforeAll(specimenCertificate);
beforeEach(async () => {
  const secureMessaging = secureMessagingBy(schemes.cns, keys);
  card = await specimenCard({ secureMessaging, secured: ['unblock'], signaturePin: Secret.fromText(pin), tight: true });
});

function plain(command: Command): Response {
  let answer = decodeResponse(card.transmit(encodeCommand(command)));
  const parts = [answer.data];
  while (answer.status >> 8 === 0x61) {
    answer = decodeResponse(card.transmit(encodeCommand({ cla: 0, ins: 0xc0, p1: 0, p2: 0, le: answer.status & 0xff || 256 })));
    parts.push(answer.data);
  }
  return { data: new Uint8Array(Buffer.concat(parts)), status: answer.status };
}

function sealed(command: Command): Response {
  const terminal = new TerminalChannel(schemes.cns, keys);
  terminal.challenged(plain({ cla: 0, ins: 0x84, p1: 0, p2: 0, le: 8 }).data);
  const answer = plain(terminal.wrap(command));
  const opened = terminal.unwrap(answer);
  return opened.ok ? opened.value : { data: new Uint8Array(), status: answer.status };
}

const select = (path: string): number => plain({ cla: 0, ins: 0xa4, p1: 0x08, p2: 0x0c, data: bytes(path) }).status;
const create: Command = { cla: 0, ins: 0xe0, p1: 0, p2: 0, data: bytes('62 0B 80 02 08 00 82 01 01 83 02 90 10') };
const generate: Command = { cla: 0, ins: 0x47, p1: 0x80, p2: 0, data: template, le: 256 };
const tell: Command = { ...generate, p1: 0x81 };
const update: Command = { cla: 0, ins: 0xd6, p1: 0, p2: 0, data: bytes('30 82 01 02') };
const read: Command = { cla: 0, ins: 0xb0, p1: 0, p2: 0, le: 4 };

test('its issuer makes the file and the key in DF_DS, writes, and anybody reads', () => {
  expect(select('1400')).toBe(0x9000);
  expect(select('14009010')).toBe(0x6a82);
  expect(sealed(create).status).toBe(0x9000);
  expect(sealed(create).status).toBe(0x6a89);
  expect(sealed(tell).status).toBe(0x6a88);
  const made = decodePublicKey(sealed(generate).data);
  expect(made?.asymmetricKeyDetails?.modulusLength).toBe(2048);
  expect(decodePublicKey(sealed(tell).data)?.equals(made!)).toBe(true);
  expect(select('14009010')).toBe(0x9000);
  expect(sealed(update).status).toBe(0x9000);
  expect(sealed({ ...update, p1: 0x07, p2: 0xfe }).status).toBe(0x6b00);
  card.reset();
  expect(select('14009010')).toBe(0x9000);
  expect(plain(read)).toEqual({ data: update.data, status: 0x9000 });
});

test('nobody else makes or writes anything, and the issuer nowhere else', () => {
  expect(select('1400')).toBe(0x9000);
  for (const command of [create, generate, tell]) expect(plain(command).status).toBe(0x6982);
  expect(sealed(create).status).toBe(0x9000);
  expect(select('14009010')).toBe(0x9000);
  expect(plain(update).status).toBe(0x6982);
  expect(select('11001102')).toBe(0x9000);
  for (const command of [create, generate, tell, update]) expect(sealed(command).status).toBe(0x6982);
});

test('the key signs once its own PIN was presented, and the card’s PIN opens it not', () => {
  select('1400');
  const made = decodePublicKey(sealed(generate).data)!;
  const digest = createHash('sha256').update('testo').digest();
  const data = Uint8Array.from([...bytes('30 31 30 0D 06 09 60 86 48 01 65 03 04 02 01 05 00 04 20'), ...digest]);
  const sign = (code: string, p2: number): Response => {
    card.reset();
    select('1400');
    const block = Uint8Array.from(Buffer.from(code.padEnd(8, '\xff'), 'latin1'));
    expect(plain({ cla: 0, ins: 0x20, p1: 0, p2, data: block }).status).toBe(0x9000);
    expect(plain({ cla: 0, ins: 0x22, p1: 0xf1, p2: 0xb6, data: bytes('83 01 02') }).status).toBe(0x9000);
    return plain({ cla: 0, ins: 0x2a, p1: 0x9e, p2: 0x9a, data, le: 256 });
  };
  expect(sign('12345', 0x10).status).toBe(0x6982);
  const signed = sign(pin, 0x1a);
  expect(signed.status).toBe(0x9000);
  expect(verify('sha256', Buffer.from('testo'), made, signed.data)).toBe(true);
});
