import { Malformed, tag } from './tlv.ts';

let lastDay = -1;
let lastDaySeconds = 0;

/**
 * Seconds since 1970 of the UTCTime or GeneralizedTime with this content, in the one form that RFC 5280, 4.1.2.5 leaves: to the second, in UTC.
 * The last day met is remembered: neighbouring entries of a CRL were mostly revoked on the same one.
 */
export function secondsOf(bytes: Buffer, kind: number, start: number, end: number): number {
  let year: number;
  let at = start;
  if (kind === tag.utcTime && end - start === 13) {
    year = pair(bytes, at);
    year += year < 50 ? 2000 : 1900;
    at += 2;
  } else if (kind === tag.generalizedTime && end - start === 15) {
    year = pair(bytes, at) * 100 + pair(bytes, at + 2);
    at += 4;
  } else throw new Malformed('a time in another form');
  const day = year * 10_000 + pair(bytes, at) * 100 + pair(bytes, at + 2);
  if (day !== lastDay) {
    lastDaySeconds = startOfDay(year, pair(bytes, at), pair(bytes, at + 2));
    lastDay = day;
  }
  const hour = pair(bytes, at + 4);
  const minute = pair(bytes, at + 6);
  const second = pair(bytes, at + 8);
  if (hour > 23 || minute > 59 || second > 59 || bytes[at + 10] !== 0x5a) throw new Malformed('a time that does not exist');
  return lastDaySeconds + hour * 3600 + minute * 60 + second;
}

function startOfDay(year: number, month: number, day: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw new Malformed('a day that does not exist');
  return date.getTime() / 1000;
}

/** Two decimal digits. */
function pair(bytes: Buffer, at: number): number {
  const tens = (bytes[at] ?? 0) - 0x30;
  const ones = (bytes[at + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new Malformed('a time with other than digits');
  return tens * 10 + ones;
}
