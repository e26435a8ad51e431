/** The languages of the page, by their BCP 47 tag; Italian is the first. */
export const languages = ['it', 'en'] as const;
export type Language = (typeof languages)[number];

/** What the page says that differs from one machine to the next: from the configuration (name, languages) and the region's profile. */
export interface Site {
  readonly name: string;
  /** The first one greets. */
  readonly languages: readonly Language[];
  /** The number to call, as the profile names it. */
  readonly helpLine: string;
  /** The whole privacy notice, one string a paragraph; the page's own texts hold its six lines. */
  readonly notice: Readonly<Record<Language, readonly string[]>>;
}
