import { operationsIt } from '../procedures/words.ts';
import { isService } from '../ports/services.ts';
import type { Sheet, SheetLine } from '../ports/printing.ts';
import type { DeskRules, SessionFacts } from './facts.ts';

/** How long the holder's paper may take, milliseconds. */
export const NOTICE_LIMIT_MS = 20_000;

/**
 * The paper of what was done, which the holder takes along, where the profile wants one (SAR 9.3.2, 11). It names nobody and no card. `null`: the region
 * wants none, or nothing was done of which no other paper speaks.
 */
export function noticeOf(
  { delivered, served, operation, identified }: SessionFacts,
  { profile, siteName }: DeskRules,
  printedAt: string,
): Sheet | null {
  if (profile.paperNotice === undefined) return null;
  const done =
    delivered?.codes === 'confirmed' || delivered?.codes === 'confirm-pending'
      ? linesOfEnvelope(delivered)
      : served?.end === 'done' && isService(operation)
        ? items(operation === 'signature-certificate' ? loadedIt : `Registrato nel sistema centrale: ${operationsIt[operation]}.`)
        : null;
  if (done === null) return null;
  const recognised =
    identified?.representation == null ? 'Riconoscimento con documento.' : 'Riconoscimento con documento, e documenti di chi rappresenta.';
  return {
    title: 'Promemoria di quanto fatto oggi',
    lines: [...items(recognised), ...done],
    siteName,
    helpLine: profile.referrals.helpLine.phone,
    printedAt,
    language: 'it',
  };
}

const loadedIt = 'Certificato di firma caricato sulla tessera e riletto.';

function linesOfEnvelope({
  number,
  secured,
  codes,
}: {
  readonly number: string;
  readonly secured: boolean;
  readonly codes: string;
}): readonly SheetLine[] {
  return [
    ...items('PIN della tessera impostato: è quello nella busta.', `Busta ${number} consegnata chiusa, con il codice utente.`),
    ...(secured ? [] : [text(notSecuredIt)]),
    ...(codes === 'confirm-pending' ? [text('Il sistema centrale lo saprà appena il collegamento torna.')] : []),
    text('Apri la busta da solo e tienila lontano dalla tessera.'),
  ];
}

/** What a PIN that went to the card by plain commands is worth (decision 0196). */
const notSecuredIt =
  'Questa tessera non sa cifrare i comandi: che nessuno abbia visto il PIN è un impegno di chi lavora qui, non una garanzia tecnica. Cambialo appena puoi.';

function items(...texts: readonly string[]): readonly SheetLine[] {
  return texts.map((each) => ({ kind: 'item', text: each }));
}

function text(words: string): SheetLine {
  return { kind: 'text', text: words };
}
