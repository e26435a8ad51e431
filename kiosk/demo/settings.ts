import { z } from 'zod';
import { cmsConfiguration } from '../reference-cms/configuration.ts';

/** What the demo tells its parts when it starts them, and what they answer when they are ready. Paths are absolute. */
export const worldSettings = z.strictObject({
  /** 0 takes a free one. */
  benchPort: z.int().min(0).max(65535),
  /** All but what the world chooses itself: its ports, and its SMS gateway. */
  cms: cmsConfiguration.omit({ port: true, smtp: true, sms: true }),
  /** Where the printer's pseudo-terminal is linked, and where its slips go. */
  printer: z.string(),
  slips: z.string(),
  /** The unix socket on which the card process calls in (`reader-line.ts`). */
  reader: z.string(),
  operator: z.strictObject({ id: z.string(), pin: z.string() }),
  /** The numbers of the envelopes at the desk, and where the scanner's pseudo-terminal is linked that reads them. */
  envelopes: z.array(z.string()),
  scanner: z.string(),
});
export type WorldSettings = z.infer<typeof worldSettings>;

export const worldFacts = z.strictObject({
  benchPort: z.int(),
  cmsUrl: z.string(),
  crlUrl: z.string(),
  printer: z.string(),
  scanner: z.string(),
});
/** To the world, later: the kiosk's screen is served there. */
export const kioskIsUp = z.strictObject({ kioskPort: z.int() });

export const kioskSettings = z.strictObject({
  /** The kiosk's configuration file. */
  configuration: z.string(),
  cards: z.string(),
  /** The world's end of the line to the reader. */
  reader: z.string(),
});

export const kioskFacts = z.strictObject({ port: z.int() });
