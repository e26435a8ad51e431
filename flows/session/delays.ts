/** Every wait of a session, in milliseconds; the site policy gives those that an owner may choose. */
export interface SessionDelays {
  /** Without an answer before the warning, and from the warning to the end. */
  readonly idle: number;
  readonly idleWarning: number;
  readonly operatorWait: number;
  /** From a print that failed to the operator's decision to have it done once more. */
  readonly reprintWait: number;
  /** From the slip's end to its confirmation, and what is left of it once the card is gone. */
  readonly collect: number;
  readonly collectWithoutCard: number;
  /** With the last screen shown and the card still in: until the reminder. */
  readonly cardReminder: number;
  /** The last screen stays this long once the card is out. */
  readonly farewell: number;
}

export const fixedDelays = { cardReminder: 20_000, farewell: 10_000 } as const satisfies Partial<SessionDelays>;
