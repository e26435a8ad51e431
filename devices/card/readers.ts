import { type PcscSlot, slotState } from './pcsc.ts';

/** What a slot is there for. A `sam` holds the reader's own security module, never a citizen's card. */
export type SlotKind = 'contact' | 'contactless' | 'sam';

/**
 * Words by which vendors name the slots of their readers, the first that fits. PC/SC has no other way to tell them apart that works without a card.
 * On Linux a name is `product [interface] (serial) NN SS`; where an interface is named it alone counts: the product of a dual reader names both.
 */
const vendorWords: readonly { readonly words: RegExp; readonly kind: SlotKind }[] = [
  // ACS ACR1252 Dual Reader [ACR1252 Dual Reader SAM] 01 00; Identiv uTrust 4711 F CL + SAM Reader is the product of a contactless slot too.
  { words: /(?<!\+ )\bSAM\b/i, kind: 'sam' },
  // Gemalto Prox Dual [Prox-DU Contact_…]; Identiv [uTrust 4701 F Contact Reader]; ACS [ACR1281 1S Dual Reader ICC]; Feitian Contactless & Contact.
  { words: /contact(?!less)|\bICC\b/i, kind: 'contact' },
  // ACS ACR122U PICC Interface; SCM SCL010 Contactless Reader; BIT4ID miniLector AIR NFC v3; HID OMNIKEY 5025-CL, [OMNIKEY 5422CL …]; Regula RFID.
  { words: /contactless|\bPICC\b|\bNFC|RFID|(?<![A-Z])CL(?![A-Z0-9])|\bProx(?!.*Dual)/i, kind: 'contactless' },
];

/** What the PC/SC name of a slot says of it; `contact` where it says nothing, as the names of plain readers do. */
export function slotKind(reader: string): SlotKind {
  const [, product = reader, interfaceName] = /^([^[]*)(?:\[([^\]]*)\])?/.exec(reader) ?? [];
  const named = [interfaceName, product].filter((part) => part !== undefined);
  for (const part of named) {
    const rule = vendorWords.find(({ words }) => words.test(part));
    if (rule !== undefined) return rule.kind;
  }
  return 'contact';
}

/** Whether `reader` is what the configuration asks for: its whole PC/SC name, or a pattern in which `*` stands for anything (numbers, serial). */
export function isWanted(reader: string, wanted: string): boolean {
  const pattern = wanted
    .split('*')
    .map((literal) => literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`, 's').test(reader);
}

/** FEATURE_VERIFY_PIN_DIRECT and FEATURE_VERIFY_PIN_START (PC/SC part 10, 2.3): PINs can be typed on the reader itself. */
const pinPadFeatures: readonly number[] = [0x06, 0x01];

/** Whether the features that a reader lists (tag, length, value, each) are those of one with a PIN pad. A torn list counts as far as it goes. */
export function hasPinPad(features: Uint8Array): boolean {
  for (let at = 0; at + 1 < features.length; at += 2 + (features[at + 1] ?? 0)) {
    if (pinPadFeatures.includes(features[at] ?? 0)) return true;
  }
  return false;
}

/**
 * The slot that speaks for the kiosk's reader, of those asked for, else of all but security modules. It stays with the card that is in, and
 * else takes the next wherever it comes; a contact slot comes before a contactless one, which may sense the same card in the twin beside it.
 */
export function chooseSlot(slots: readonly PcscSlot[], wanted: string | undefined, current: PcscSlot | undefined): PcscSlot | undefined {
  const rank = (slot: PcscSlot): number => {
    const card = holdsCard(slot) ? 0 : 4;
    const kind = slotKind(slot.reader) === 'contact' ? 0 : 2;
    return card + kind + (slot.reader === current?.reader ? 0 : 1);
  };
  return slots
    .filter(({ reader }) => (wanted === undefined ? slotKind(reader) !== 'sam' : isWanted(reader, wanted)))
    .sort((a, b) => rank(a) - rank(b))[0];
}

export function holdsCard(slot: PcscSlot): boolean {
  return (slot.state & slotState.present) !== 0;
}
