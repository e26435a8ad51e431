/**
 * One exchange of a relay. The first opens it, and binds the envelope, where the card gets the PIN of one, to the operation for good; each further one
 * brings the card's answer to the command that was given last. `relay` is a UUIDv4 made anew for each time that the card is put into the CMS's hands;
 * the newest one counts.
 */
export type RelayStep = { readonly operationId: string; readonly relay: string } & (
  | { readonly sequence: 0; readonly certificateDigest: string; readonly envelope?: string }
  | { readonly sequence: number; readonly answer: Uint8Array }
);

/** Why a relay ended; `done` alone means that the CMS wants nothing more of the card. */
export const relayEnds = [
  'done',
  'other-card',
  'card-refused',
  'puk-blocked',
  'too-many-refused',
  /** The card has no longer the key that its certificate was made for. */
  'key-changed',
  /** What was written is not what the card has. */
  'not-read-back',
] as const;

/** How a relay ended, signed by the CMS (JWS, `typ` `sportello-relay+jwt`). */
export interface RelayEnding {
  readonly operationId: string;
  readonly relay: string;
  readonly ended: (typeof relayEnds)[number];
  /** `false`: commands went to the card that the kiosk could read; that nobody has seen a PIN is then a promise of people alone. */
  readonly secured: boolean;
  readonly jws: string;
}

export type RelayAnswer<End> = { readonly command: Uint8Array } | { readonly end: End };
