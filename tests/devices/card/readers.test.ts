import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CardStatus } from '../../../devices/card/contract.ts';
import { CardDriver } from '../../../devices/card/driver.ts';
import { type PcscPort, type PcscSlot, type PcscView, slotState } from '../../../devices/card/pcsc.ts';
import { chooseSlot, hasPinPad, isWanted, slotKind } from '../../../devices/card/readers.ts';

test.each([
  // Names of libccid's list of readers, and of pcsc_scan's reports of dual ones.
  ['Virtual PCD 00 00', 'contact'],
  ['Alcor Micro AU9540 00 00', 'contact'],
  ['Gemalto PC Twin Reader (70D7E2EE) 00 00', 'contact'],
  ['Gemalto USB GemPCPinpad SmartCard Reader 00 00', 'contact'],
  ['bit4id miniLector-EVO [CCID Interface] 00 00', 'contact'],
  ['ACS ACR39U ICC Reader 00 00', 'contact'],
  ['Cherry KC 1000 SC/DI 00 00', 'contact'],
  ['Feitian VR504 VHBR Contactless & Contact Card Reader 00 00', 'contact'],
  ['Identiv Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F Contact Reader] (5500) 00 00', 'contact'],
  ['Identiv Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F CL Reader] (5500) 01 00', 'contactless'],
  ['ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader ICC] 00 00', 'contact'],
  ['ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader PICC] 00 01', 'contactless'],
  ['ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader SAM] 00 02', 'sam'],
  ['ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00', 'contactless'],
  ['ACS ACR1252 Dual Reader [ACR1252 Dual Reader SAM] 01 00', 'sam'],
  ['Gemalto Prox Dual USB PC LinkReader [Prox-DU Contactless_09A00795] 00 00', 'contactless'],
  ['Gemalto Prox Dual USB PC LinkReader [Prox-DU Contact_09A00795] 00 01', 'contact'],
  ['Gemalto Prox SU USB PC LinkReader 00 00', 'contactless'],
  ['HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422 Smartcard Reader] 00 00', 'contact'],
  ['HID Global OMNIKEY 5422 Smartcard Reader [OMNIKEY 5422CL Smartcard Reader] 01 00', 'contactless'],
  ['HID OMNIKEY 5025-CL 00 00', 'contactless'],
  ['Identiv Identiv uTrust 4711 F CL + SAM Reader 00 00', 'contactless'],
  ['BIT4ID miniLector AIR NFC v3 00 00', 'contactless'],
  ['SCM Microsystems Inc. SCL010 Contactless Reader 00 00', 'contactless'],
  ['ACS ACR122U PICC Interface 00 00', 'contactless'],
])('%s is %s', (name, kind) => {
  expect(slotKind(name)).toBe(kind);
});

test('a reader is asked for by its whole name, or by a pattern that outlives its numbers; nothing in a name is magic but *', () => {
  const name = 'Gemalto PC Twin Reader (70D7E2EE) 00 00';
  for (const wanted of [name, 'Gemalto PC Twin Reader*', '*Twin*', '*(70D7E2EE)*', '*']) expect(isWanted(name, wanted)).toBe(true);
  for (const wanted of ['Gemalto PC Twin Reader', 'gemalto*', '.*', '', '*)', 'Gemalto PC Twin Reader (70D7E2EE) 00 01'])
    expect(isWanted(name, wanted), wanted).toBe(false);
  fc.assert(fc.property(fc.string(), (any) => isWanted(any, any) && isWanted(`${any} 00 00`, `${any}*`)));
});

test('a PIN pad is known by the features that its reader lists, whatever else it lists or does not', () => {
  // Gemalto GemPC Pinpad: VERIFY_PIN_DIRECT, MODIFY_PIN_DIRECT, IFD_PIN_PROPERTIES, TLV properties; and a plain reader with those alone.
  const pinPad = '0604423300060704423300070A04423300 0A12044233000D'.replaceAll(' ', '');
  expect(hasPinPad(Buffer.from(pinPad, 'hex'))).toBe(true);
  expect(hasPinPad(Buffer.from('0A04423300061204423306 07'.replaceAll(' ', ''), 'hex'))).toBe(false);
  expect(hasPinPad(new Uint8Array())).toBe(false);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (any) => typeof hasPinPad(any) === 'boolean'));
  const entry = fc.tuple(fc.integer({ min: 2, max: 255 }), fc.uint8Array({ minLength: 4, maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const list = entries.filter(([tag]) => tag !== 6).flatMap(([tag, code]) => [tag, 4, ...code]);
      return !hasPinPad(Uint8Array.from(list)) && hasPinPad(Uint8Array.from([...list, 6, 4, 0x42, 0x33, 0, 6]));
    }),
  );
});

const contact = 'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader ICC] 00 00';
const contactless = 'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader PICC] 00 01';
const sam = 'ACS ACR1281 1S Dual Reader [ACR1281 1S Dual Reader SAM] 00 02';
const plain = 'Alcor Micro AU9540 00 00';

function slot(reader: string, card: 'card' | 'empty', changes = 0): PcscSlot {
  const present = card === 'card';
  return { reader, state: present ? slotState.present : slotState.empty, changes, atr: present ? '3B00' : '' };
}

test('of several slots the first with a card counts: contact before contactless, a security module never', () => {
  const chosen = (...slots: PcscSlot[]): string | undefined => chooseSlot(slots, undefined, undefined)?.reader;
  expect(chosen()).toBeUndefined();
  expect(chosen(slot(sam, 'card'))).toBeUndefined();
  expect(chosen(slot(contactless, 'empty'), slot(contact, 'empty'), slot(sam, 'card'))).toBe(contact);
  expect(chosen(slot(contact, 'empty'), slot(contactless, 'card'), slot(sam, 'card'))).toBe(contactless);
  expect(chosen(slot(contactless, 'card'), slot(contact, 'card'))).toBe(contact);
  expect(chosen(slot(contact, 'empty'), slot(plain, 'card'))).toBe(plain);
});

test('it stays with the card that is in, and with the slot it had; asked for by name, with that one alone', () => {
  const [both, none] = [
    [slot(contact, 'card'), slot(plain, 'card')],
    [slot(contact, 'empty'), slot(plain, 'empty')],
  ];
  expect(chooseSlot(both, undefined, slot(plain, 'card'))?.reader).toBe(plain);
  expect(chooseSlot(none, undefined, slot(plain, 'card'))?.reader).toBe(plain);
  expect(chooseSlot([...both, slot(sam, 'card')], '*SAM*', undefined)?.reader).toBe(sam);
  expect(chooseSlot([slot(contactless, 'card'), slot(contact, 'empty')], contact, undefined)?.reader).toBe(contact);
  expect(chooseSlot(both, 'nothing like it', undefined)).toBeUndefined();
});

class Slots implements PcscPort {
  #view: PcscView = { service: 'starting' };
  readonly #listeners = new Set<(view: PcscView) => void>();

  view(): PcscView {
    return this.#view;
  }

  onView(listener: (view: PcscView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  become(...slots: PcscSlot[]): void {
    this.#view = { service: 'up', slots };
    for (const listener of this.#listeners) listener(this.#view);
  }

  async connect(): Promise<{ ok: false; error: { kind: 'no-card' } }> {
    return await Promise.resolve({ ok: false, error: { kind: 'no-card' } });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

test('a card swapped between two looks for another of the same ATR has gone in between: in its slot, or from slot to slot', () => {
  const slots = new Slots();
  const driver = new CardDriver(slots);
  const told: string[] = [];
  driver.onStatus((status: CardStatus) => told.push('reader' in status ? `${status.state} ${status.reader}` : status.state));
  slots.become(slot(plain, 'card', 1));
  slots.become(slot(plain, 'card', 3));
  slots.become(slot(contact, 'card', 1), slot(plain, 'empty', 4));
  slots.become(slot(contact, 'card', 1), slot(plain, 'card', 5));
  slots.become(slot(plain, 'card', 5));
  expect(told).toEqual([
    `present ${plain}`,
    `empty ${plain}`,
    `present ${plain}`,
    `empty ${plain}`,
    `present ${contact}`,
    `empty ${contact}`,
    `present ${plain}`,
  ]);
});
