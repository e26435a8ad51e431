import { timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import type { ContactChannel } from '../../flows/ports/cms.ts';
import type { ProblemType } from '../cms/problems.ts';
import { emailAddress, mobileNumber } from '../cms/shapes.ts';
import type { Contact } from './store.ts';

/** The limits on one-time codes. */
export const oneTimeCodes = {
  tries: 3,
  sends: 3,
  lifeMs: 10 * 60_000,
  resendAfterMs: 30_000,
  /** How long a proof of contact serves. */
  proofLifeMs: 30 * 60_000,
  /** To one contact within 24 hours, if the CMS's owner says nothing else: a family's cards at one address. */
  aDay: 10,
} as const;

const shapes = { email: emailAddress, sms: mobileNumber } as const satisfies Record<ContactChannel, z.ZodType>;

export function isContact(channel: ContactChannel, value: string): boolean {
  return shapes[channel].safeParse(value).success;
}

/**
 * May another code be sent to `value`, after these sends for the operation, and so many to it within a day for whatever operation? Who mistyped an address
 * need not wait to correct it; nobody's mailbox is flooded from a kiosk.
 */
export function maySend(
  sent: readonly Contact[],
  { value, withinADay, mostADay }: { readonly value: string; readonly withinADay: number; readonly mostADay: number },
  now: number,
): ProblemType | null {
  const last = sent.findLast((contact) => contact.value === value);
  if (sent.length >= oneTimeCodes.sends) return 'sends-exhausted';
  if (withinADay >= mostADay) return 'contact-exhausted';
  if (last !== undefined && now < last.sentAt + oneTimeCodes.resendAfterMs) return 'resend-too-soon';
  return null;
}

/** May this code be tried? Only the newest of an operation, in its time, and while there are tries left. */
export function mayTry(contact: Contact, sent: readonly Contact[], now: number): ProblemType | null {
  if (sent.at(-1)?.contactId !== contact.contactId || now >= contact.expiresAt || contact.provedAt !== null) return 'code-expired';
  return contact.triesLeft === 0 ? 'tries-exhausted' : null;
}

export function sameHash(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** `m***@example.it`, `+39 *** **67`: enough for its owner to know it again. */
export function masked(channel: ContactChannel, value: string): string {
  return channel === 'email' ? value.replace(/^(.)[^@]*/u, '$1***') : `+39 *** **${value.slice(-2)}`;
}
