import type { PersonalData } from '../../devices/card/contract.ts';

/** Age in whole years on a civil day; both dates are ISO (`YYYY-MM-DD`). It comes from card or document, never from the fiscal code (procedures.md, 2.5). */
export function ageOn(birthDate: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return today.slice(5) >= birthDate.slice(5) ? years : years - 1;
}

/** How the citizen is greeted where others may be looking: the first name and one letter, `MARIO R.`. */
export function greetingOf({ name, surname }: Pick<PersonalData, 'name' | 'surname'>): string {
  const first = name.split(/\s+/)[0] ?? '';
  return surname === '' ? first : `${first} ${surname.charAt(0)}.`;
}

/** The fiscal code as a public screen may show it: its last four characters. */
export function maskedFiscalCode(fiscalCode: string): string {
  return fiscalCode.length <= 4 ? fiscalCode : `${'•'.repeat(fiscalCode.length - 4)}${fiscalCode.slice(-4)}`;
}

/** An e-mail address as it may stand on a screen or a slip: `m•••@example.org`. */
export function maskedEmail(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? '•••' : `${address.charAt(0)}•••${address.slice(at)}`;
}
