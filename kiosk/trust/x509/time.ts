import { type Element, Malformed, tag } from './der.ts';

/** UTCTime or GeneralizedTime, as `secondsOf` reads them. */
export function timeOf({ bytes, tag: kind, start, end }: Element): Date {
  return new Date(secondsOf(bytes, kind, start, end) * 1000);
}

/** Seconds since 1970 of the UTCTime or GeneralizedTime with this content, in the one form that RFC 5280, 4.1.2.5 leaves: to the second, in UTC. */
export function secondsOf(bytes: Uint8Array, kind: number, start: number, end: number): number {
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
  const days = daysSince1970(year, pair(bytes, at), pair(bytes, at + 2));
  const hour = pair(bytes, at + 4);
  const minute = pair(bytes, at + 6);
  const second = pair(bytes, at + 8);
  if (hour > 23 || minute > 59 || second > 59 || bytes[at + 10] !== 0x5a) throw new Malformed('a time that does not exist');
  return days * 86_400 + hour * 3600 + minute * 60 + second;
}

const beforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365] as const;

/** In the Gregorian calendar, by arithmetic: a `Date` for each of a million entries takes longer than all the rest of reading them. */
function daysSince1970(year: number, month: number, day: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const before = beforeMonth[month - 1];
  const after = beforeMonth[month];
  if (before === undefined || after === undefined || day < 1 || day > after - before + (leap && month === 2 ? 1 : 0))
    throw new Malformed('a day that does not exist');
  const years = year - 1;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) - 477;
  return (year - 1970) * 365 + leapDays + before + day - 1 + (leap && month > 2 ? 1 : 0);
}

/** Two decimal digits. */
function pair(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - 0x30;
  const ones = (bytes[at + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw new Malformed('a time with other than digits');
  return tens * 10 + ones;
}
