import { z } from 'zod';

/** What the contract's messages are made of. */

/** UUIDv7 (RFC 9562, 5.7), made by the kiosk, lower case. */
export const operationId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
export const contactId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
/** UTC, by the CMS's own clock. */
export const instant = z.iso.datetime();
export const attempt = z.int().min(1).max(9999);
/** Text without control characters: it may end up on a page, in a mail, in a list. */
export const line = (max: number): z.ZodString => z.string().regex(new RegExp(String.raw`^[^\u0000-\u001f\u007f]{1,${max}}$`, 'u'));
export const jws = z.string().regex(/^[A-Za-z0-9_-]{2,2000}\.[A-Za-z0-9_-]{2,6000}\.[A-Za-z0-9_-]{2,1000}$/);
/** Omocodes included: digits may be replaced by `LMNPQRSTUV` (D.M. 23/12/1976; procedures.md 2.3). */
export const fiscalCode = z.string().regex(/^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/);
export const channel = z.enum(['email', 'sms']);
/** An address that one mail goes to, and no header or list can be made of. */
export const emailAddress = z.email().max(254);
/** An Italian mobile number (AGCOM: it begins with 3, nine or ten digits), as E.164 writes it. */
export const mobileNumber = z.string().regex(/^\+393\d{8,9}$/);
/** Where the two parts go of codes that are given at a distance: two channels, never one (procedures.md, C13). */
export const remoteContacts = z.strictObject({ email: emailAddress, mobile: mobileNumber });
/** On the card's back: ten digits of the issuer, ten of the series (procedures.md 2.5). */
export const cardNumber = z.string().regex(/^\d{20}$/);
/** One that holds a list: of a batch's envelopes, or of a count's differences. */
export const longJws = z.string().regex(/^[A-Za-z0-9_-]{2,2000}\.[A-Za-z0-9_-]{2,120000}\.[A-Za-z0-9_-]{2,1000}$/);
