/**
 * An Italian mobile number as it is typed (with or without +39 or 0039, with spaces, dots or dashes), in E.164: `+393331234567`. `null` where it
 * is none: mobile numbers begin with 3 and have nine or ten digits.
 */
export function readMobile(typed: string): string | null {
  const digits = typed.replace(/[\s./-]/g, '').replace(/^(\+39|0039)/, '');
  return /^3\d{8,9}$/.test(digits) ? `+39${digits}` : null;
}

/** A number of `readMobile` as it may stand on a screen: `+39 ••• ••67`. */
export function maskedMobile(number: string): string {
  return `+39 ••• ••${number.slice(-2)}`;
}
