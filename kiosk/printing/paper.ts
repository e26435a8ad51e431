/** 80 mm paper, 72 mm printable, font A of 12 dots: 48 columns. */
export const COLUMNS = 48;

const LF = 0x0a;
/** The head stands five lines before the cutter; GS V 1 cuts and leaves one point (ESC/POS). */
export const feedAndCut: readonly number[] = [LF, LF, LF, LF, LF, 0x1d, 0x56, 0x01];

/** An instant as the day and minute it is in Italy. */
export function localTime(instant: string): string {
  return new Intl.DateTimeFormat('it-IT', { dateStyle: 'short', timeStyle: 'short', timeZone: 'Europe/Rome' }).format(new Date(instant));
}
