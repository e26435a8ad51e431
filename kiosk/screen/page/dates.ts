/** `GG/MM/AAAA`, with any separator or none, to an ISO date; `null` for what is no day of the calendar. */
export function readDate(text: string): string | null {
  const parts = /^(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})$/.exec(text.trim()) ?? /^(\d{2})(\d{2})(\d{4})$/.exec(text.trim());
  const [, day = '', month = '', year = ''] = parts ?? [];
  const iso = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const date = new Date(`${iso}T00:00:00Z`);
  return parts !== null && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : null;
}

/** An ISO date as Italians write it. */
export function isoDate(iso: string): string {
  return iso.replace(/^(\d{4})-(\d{2})-(\d{2})$/, '$3/$2/$1');
}

/** An ISO instant as the day and the minute that it is in Italy. */
export function isoDateTime(instant: string): string {
  return new Intl.DateTimeFormat('it-IT', { dateStyle: 'short', timeStyle: 'short', timeZone: 'Europe/Rome' }).format(new Date(instant));
}

/** The civil date at this desk. */
export function today(now = new Date()): string {
  return [now.getFullYear(), String(now.getMonth() + 1).padStart(2, '0'), String(now.getDate()).padStart(2, '0')].join('-');
}

/** Seconds as hours, to a tenth. */
export function inHours(seconds: number): number {
  return Number((seconds / 3600).toFixed(1));
}
