import { type Result, err, ok } from '../result.ts';
import { type Transmit, exchange, status } from './apdu.ts';
import { historicalBytes } from './atr.ts';
import type { CardError } from './contract.ts';
import { CardFiles, type ElementaryFile, selectApplication, unreadable, word } from './files.ts';
import { type Series, type SeriesTable, looksLike } from './series.ts';

/** A CNS says so in its historical bytes, whatever the maker, mask and version around it: `00 6B`, and "CNS" from the tenth on (card.md, 1.2). */
const cnsLook = { historicalBytes: '006B.{14}434E53.*' };

/** The file that every CNS has, and by whose place its series is known. */
export const idCarta: ElementaryFile = { name: 'EF.ID_Carta', path: '10001003' };

/**
 * Finds out which series of the table a card is of, by its historical bytes; among series that look alike, by where its files are. A bare ATR
 * tells nothing: its card is asked for the applications that the table knows. On success EF.ID_Carta is selected.
 */
export async function recognise(transmit: Transmit<CardError>, atr: string, table: SeriesTable): Promise<Result<Series, CardError>> {
  const historical = historicalBytes(atr);
  if (historical === undefined) return err({ kind: 'not-a-cns', atr, card: 'other' });
  const seen: string[] = [];
  const waysTried = new Set<string>();
  let knownApplication = false;
  for (const series of table.series.filter((one) => looksLike(one, historical))) {
    const way = `${series.application?.aid} ${series.paths}`;
    if (waysTried.has(way)) continue;
    waysTried.add(way);
    const application = await enter(transmit, series, seen);
    if (!application.ok) return application;
    if (application.value === 'absent') continue;
    knownApplication ||= application.value === 'another-model' || series.application !== undefined;
    if (application.value === 'another-model') continue;
    const selected = await new CardFiles(transmit, series).select(idCarta);
    if (!selected.ok) return selected;
    if (selected.value !== status.done) {
      if (!meansAbsent(selected.value)) return unreadable(idCarta, `SELECT answers ${word(selected.value)}`);
      seen.push(`${idCarta.name} ${series.paths}: ${word(selected.value)}`);
      continue;
    }
    if (series.certificates.length > 0) return ok(series);
    seen.push(`${series.name}: its certificate cannot be read`);
    return err({ kind: 'unknown-series', atr, seen: seen.join('; ') });
  }
  if (knownApplication || looksLike(cnsLook, historical)) return err({ kind: 'unknown-series', atr, seen: seen.join('; ') });
  return await notACns(transmit, atr, historical, table);
}

/** Selects the series' application, where it has one, and makes sure of its model. */
async function enter(
  transmit: Transmit<CardError>,
  { application }: Series,
  seen: string[],
): Promise<Result<'entered' | 'absent' | 'another-model', CardError>> {
  if (application === undefined) return ok('entered');
  const { aid, model } = application;
  const selected = await selectApplication(transmit, aid);
  if (!selected.ok) return selected;
  seen.push(`application ${aid}: ${word(selected.value)}`);
  if (selected.value !== status.done) return ok('absent');
  if (model === undefined) return ok('entered');
  const [p1 = 0, p2 = 0] = Buffer.from(model.dataObject, 'hex');
  const named = await exchange(transmit, { cla: 0x00, ins: 0xca, p1, p2, le: 256 });
  if (!named.ok) return named;
  if (Buffer.from(named.value.data).toString('latin1').includes(model.says)) return ok('entered');
  // Only what is text: a data object may hold anything, and this goes into logs.
  const says = Buffer.from(named.value.data.filter((byte) => byte > 0x20 && byte < 0x7f)).toString('latin1');
  seen.push(`model ${word(named.value.status)} ${says.slice(0, 16)}`);
  return ok('another-model');
}

async function notACns(
  transmit: Transmit<CardError>,
  atr: string,
  historical: Uint8Array,
  table: SeriesTable,
): Promise<Result<never, CardError>> {
  for (const { kind, application, ...look } of table.others) {
    if (!looksLike(look, historical)) continue;
    const there = application === undefined ? ok(status.done) : await selectApplication(transmit, application);
    if (!there.ok) return there;
    if (there.value === status.done) return err({ kind: 'not-a-cns', atr, card: kind });
  }
  return err({ kind: 'not-a-cns', atr, card: 'other' });
}

/** Not here, or not known here (`6Axx`, `6D00`, `6E00`, `6999`); any other refusal is trouble with the card that is there. */
function meansAbsent(sw: number): boolean {
  return sw >> 8 === 0x6a || [0x6d00, 0x6e00, 0x6999].includes(sw);
}
