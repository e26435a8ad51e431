import { describe, expect, test } from 'vitest';
import { type Command, decodeCommand, decodeResponse, encodeCommand } from '../../../../devices/card/apdu.ts';
import { CardChannel, TerminalChannel } from '../../../../devices/card/secure-messaging/channel.ts';
import { aesCmac, pad, retailMac, tripleDes, unpad } from '../../../../devices/card/secure-messaging/ciphers.ts';
import { schemes } from '../../../../devices/card/secure-messaging/schemes.ts';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex').toUpperCase();

describe('CMAC with AES: NIST SP 800-38B, appendix D', () => {
  const message = bytes(
    '6BC1BEE22E409F96E93D7E117393172A AE2D8A571E03AC9C9EB76FAC45AF8E51 30C81C46A35CE411E5FBC1191A0A52EF F69F2445DF4F9B17AD2B417BE66C3710',
  );
  test.each([
    ['2B7E151628AED2A6ABF7158809CF4F3C', 0, 'BB1D6929E95937287FA37D129B756746'],
    ['2B7E151628AED2A6ABF7158809CF4F3C', 16, '070A16B46B4D4144F79BDD9DD04A287C'],
    ['2B7E151628AED2A6ABF7158809CF4F3C', 40, 'DFA66747DE9AE63030CA32611497C827'],
    ['2B7E151628AED2A6ABF7158809CF4F3C', 64, '51F0BEBF7E3B9D92FC49741779363CFE'],
    ['603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4', 0, '028962F61B7BF89EFC6B551F4667D983'],
    ['603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4', 16, '28A7023F452E8F82BD4BF28D8C37C35C'],
    ['603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4', 40, 'AAF3D8F1DE5640C232F5B169B9C911E6'],
    ['603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4', 64, 'E1992190549F6ED5696A2C056C315410'],
  ])('key %s, %i bytes', (key, length, mac) => {
    expect(hex(aesCmac(bytes(key), message.subarray(0, length)))).toBe(mac);
  });
});

describe('triple DES and retail MAC: ICAO Doc 9303-11, appendix D.3', () => {
  const cryptogram = '72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2';
  test('the cryptogram of mutual authentication', () => {
    const plain = bytes('781723860C06C226 4608F91988702212 0B795240CB7049B01C19B33E32804F0B');
    expect(hex(tripleDes.encrypt(bytes('AB94FDECF2674FDFB9B391F85D7F76F2'), new Uint8Array(8), plain))).toBe(cryptogram);
  });
  test('its MAC', () => {
    expect(hex(retailMac(bytes('7962D9ECE03D1ACD4C76089DCE131543'), pad(bytes(cryptogram), 8)))).toBe('5F1448EEA8AD90A7');
  });
});

test.each([0, 1, 7, 8, 9, 16, 255])('padding of %i bytes is taken off again, and none of other shape', (length) => {
  const data = new Uint8Array(length).fill(0x80);
  for (const block of [8, 16]) {
    expect(pad(data, block).length % block).toBe(0);
    expect(unpad(pad(data, block), block)).toEqual(data);
  }
  expect(unpad(new Uint8Array(16), 8)).toBeUndefined();
  expect(unpad(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 8)).toBeUndefined();
});

describe('secure messaging: the worked example of ICAO Doc 9303-11, appendix D.4', () => {
  const keys = { encryption: bytes('979EC13B1CBFE9DCD01AB0FED307EAE5'), mac: bytes('F1CB1F1FB5ADF208806B89DC579DC1F8') };
  const start = bytes('887022120C06C226');
  const dialogue: readonly (readonly [plain: string, sealed: string, sealedAnswer: string, answer: string])[] = [
    ['00A4020C02011E', '0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800', '990290008E08FA855A5D4C50A8ED9000', '9000'],
    ['00B0000004', '0CB000000D9701048E08ED6705417E96BA5500', '8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000', '60145F019000'],
    [
      '00B0000412',
      '0CB000040D9701128E082EA28A70F3C7B53500',
      '871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000',
      '04303130365F36063034303030305C0261759000',
    ],
  ];
  const plainCommand = (text: string): Command => {
    const { data, ...rest } = decodeCommand(bytes(text))!;
    return data.length === 0 ? rest : { ...rest, data };
  };

  test('the terminal’s end makes the frames and reads the answers of the document', () => {
    const terminal = new TerminalChannel(schemes.tripleDes, keys, start);
    for (const [plain, sealed, sealedAnswer, answer] of dialogue) {
      expect(hex(encodeCommand(terminal.wrap(plainCommand(plain))))).toBe(sealed);
      expect(terminal.unwrap(decodeResponse(bytes(sealedAnswer)))).toEqual({ ok: true, value: decodeResponse(bytes(answer)) });
    }
  });

  test('the card’s end reads the frames and makes the answers of the document', () => {
    const card = new CardChannel(schemes.tripleDes, keys, start);
    for (const [plain, sealed, sealedAnswer, answer] of dialogue) {
      expect(card.unwrap(decodeCommand(bytes(sealed))!)).toEqual({ ok: true, value: decodeCommand(bytes(plain)) });
      expect(card.wrap(decodeResponse(bytes(answer)))).toEqual(decodeResponse(bytes(sealedAnswer)));
    }
  });
});

describe('secure messaging with AES: the vectors of the German health card (gematik, tests of its trusted channel)', () => {
  const keys = { encryption: bytes('68406B4162100563D9C901A6154D2901'), mac: bytes('73FF268784F72AF833FDC9464049AFC9') };
  const header = { cla: 0x01, ins: 0x02, p1: 0x03, p2: 0x04 };
  const data = bytes('05060708090A');
  test.each<[string, Command, string]>([
    ['1', header, '8E08D92B4FDDC2BBED8C'],
    ['2, short', { ...header, le: 127 }, '97017F8E0871D8E0418DAE20F3'],
    ['2, extended', { ...header, le: 257 }, '970201018E089F3EDDFBB1D3971D'],
    ['3', { ...header, data }, '871101496C26D36306679609665A385C54DB378E08E7AAD918F260D8EF'],
    ['4', { ...header, data, le: 127 }, '871101496C26D36306679609665A385C54DB3797017F8E0863D541F262BD445A'],
  ])('a command of case %s', (_case, command, body) => {
    const sealed = new TerminalChannel(schemes.aes, keys, new Uint8Array(16)).wrap(command);
    expect({ ...sealed, data: hex(sealed.data!) }).toMatchObject({ ...header, cla: 0x0d, data: body });
    const opened = new CardChannel(schemes.aes, keys, new Uint8Array(16)).unwrap(sealed);
    expect(opened).toEqual({ ok: true, value: { data: new Uint8Array(), ...command } });
  });
});
