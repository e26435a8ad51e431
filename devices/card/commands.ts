import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { CommandFailure, answerJson, exit } from '../command.ts';
import { withDeadline } from '../deadline.ts';
import { ok, unreachable } from '../result.ts';
import type { CardError, CardReader, CardReading, CardStatus } from './contract.ts';
import { statusOf } from './driver.ts';
import type { PcscSlot, PcscView } from './pcsc.ts';
import { openPcsclite } from './pcsclite.ts';
import { type SlotKind, hasPinPad, slotKind } from './readers.ts';
import { startCardHost } from './remote.ts';
import { readSeriesTable } from './series.ts';

const answerLimitMs = 5_000;
const readLimitMs = 10_000;

const virtualHelp = `
Control lines, each answered "ok" or "error …":
  insert       puts the card in
  remove       takes it out
  mute         puts it in so that it does not answer to power
  fail N SW    the Nth command from now (1 is the next) is answered with this status word, and not done
  lie N HEX    the Nth command is answered with these bytes, and not done
  stall N      the Nth command is never answered
  pull N       the card is pulled instead of the Nth command
  lose N       the Nth command is done, and the card pulled before it answers
  tear N       power goes away instead of the Nth byte that the card writes from now
  slow MS      each answer takes this much longer
  short N      READ BINARY gives at most N bytes; 0: as many as it is asked for

Example:
  sportello card virtual --vpcd 127.0.0.1:35963 --state card.state --control card.sock`;

/** `sportello card …` (commands.md, Card). */
export function cardCommands(): Command {
  const card = new Command('card').description('the card reader and the card in it');
  card
    .command('list')
    .description('the readers, and what is in them')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello card list --json')
    .action(list);
  card
    .command('read')
    .description('reads the CNS that is in: identity, personal data, certificate; no PIN')
    .option('--reader <name>', 'the reader; by default the first that holds a card')
    .option('--series <file>', 'a table of series in the place of the built-in one')
    .option('--json', 'answer as JSON')
    .addHelpText('after', '\nExample:\n  sportello card read --json')
    .action(read);
  card
    .command('virtual')
    .description('puts a virtual CNS into a running vpcd reader and keeps it there until stopped')
    .requiredOption('--vpcd <host:port>', 'where vpcd listens')
    .option('--person <file>', 'whose card, as JSON; a specimen by default')
    .option('--state <file>', "keeps the card's PIN and counters from one run to the next; comes before the person's codes")
    .option('--control <path>', 'a unix socket that takes the lines below')
    .option('--real-timing', 'answer as slowly as a real card')
    .addHelpText('after', virtualHelp)
    .action(virtual);
  return card;
}

async function list({ json }: { readonly json?: boolean }): Promise<void> {
  const port = openPcsclite();
  const view = await withDeadline(answerLimitMs, undefined, async () => {
    if (port.view().service === 'starting') await new Promise<PcscView>((resolve) => port.onView(resolve));
    return port.view();
  });
  const readers =
    view.ok && view.value.service === 'up'
      ? await Promise.all(view.value.slots.map((slot) => described(port, view.value, slot)))
      : undefined;
  await port.close();
  // The binding's threads would keep the process; `process.exitCode` is set by then.
  setTimeout(() => process.exit(), 0).unref();
  if (readers === undefined) {
    throw new CommandFailure(
      exit.unreachable,
      `PC/SC service: ${view.ok && view.value.service === 'lost' ? view.value.detail : 'no answer'}`,
    );
  }
  if (json) answerJson(readers);
  else for (const each of readers) process.stdout.write(`${listLine(each)}\n`);
}

interface ListedReader {
  readonly reader: string;
  readonly state: CardStatus['state'];
  readonly atr?: string;
  /** Where its name says that it is not for cards with contacts. */
  readonly slot?: Exclude<SlotKind, 'contact'>;
  readonly pinPad?: true;
}

async function described(port: ReturnType<typeof openPcsclite>, view: PcscView, slot: PcscSlot): Promise<ListedReader> {
  const kind = slotKind(slot.reader);
  const features = await withDeadline(answerLimitMs, undefined, () => port.features(slot.reader));
  return {
    reader: slot.reader,
    state: statusOf(view, slot).state,
    ...(slot.atr === '' ? {} : { atr: slot.atr }),
    ...(kind === 'contact' ? {} : { slot: kind }),
    ...(features.ok && features.value.ok && hasPinPad(features.value.value) ? { pinPad: true as const } : {}),
  };
}

function listLine({ reader, state, atr, slot, pinPad }: ListedReader): string {
  return [reader, state, atr, slot, pinPad ? 'PIN pad (not used)' : undefined].filter(Boolean).join('  ');
}

async function read({
  reader,
  series,
  json,
}: {
  readonly reader?: string;
  readonly series?: string;
  readonly json?: boolean;
}): Promise<void> {
  const table = series === undefined ? ok(undefined) : readSeriesTable(series);
  if (!table.ok) throw new CommandFailure(exit.unusable, `${table.error.file}: ${table.error.detail}`);
  const entry = fileURLToPath(new URL('pcsc-host.js', import.meta.url));
  const cards = startCardHost({ entry, reader, series: table.value, readLimitMs });
  try {
    const status = await started(cards);
    if (status.state === 'disconnected')
      throw new CommandFailure(exit.unreachable, reader === undefined ? 'no card reader' : `no reader "${reader}"`);
    const reading = await cards.read(AbortSignal.timeout(readLimitMs));
    if (!reading.ok) throw failure(reading.error);
    if (json) answerJson(answerOf(reading.value));
    else print(reading.value);
  } finally {
    await cards.close();
  }
}

async function virtual(options: {
  readonly vpcd: string;
  readonly person?: string;
  readonly state?: string;
  readonly control?: string;
  readonly realTiming?: boolean;
}): Promise<void> {
  const { makeCard, person, specimenPerson } = await import('./virtual/person.ts');
  const { VpcdSlot, VpcdUnreachable } = await import('./virtual/vpcd.ts');
  const { realTiming } = await import('./virtual/slot.ts');
  const { serveControl } = await import('./virtual/control.ts');
  const { stateFile } = await import('./virtual/state-file.ts');
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(options.vpcd) ?? [];
  if (host === undefined || !(Number(port) > 0 && Number(port) < 65_536))
    throw new CommandFailure(exit.unusable, `--vpcd ${options.vpcd}: not HOST:PORT`);
  const whose =
    options.person === undefined ? { success: true as const, data: specimenPerson } : person.safeParse(jsonFile(options.person));
  if (!whose.success) {
    const [issue] = whose.error.issues;
    throw new CommandFailure(exit.unusable, `${options.person}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const memory = options.state === undefined ? undefined : stateFile(options.state, whose.data.cardId);
  if (memory?.ok === false) throw new CommandFailure(exit.unusable, memory.error);
  const card = await makeCard(whose.data, memory && { memory: memory.value });
  if (!card.ok) throw new CommandFailure(exit.unusable, `${options.person}: ${card.error}`);

  const slot = new VpcdSlot(card.value, { host, port: Number(port) }, options.realTiming ? realTiming : undefined);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  try {
    await slot.insert();
  } catch (error) {
    if (error instanceof VpcdUnreachable) {
      await slot.remove();
      throw new CommandFailure(exit.unreachable, error.message);
    }
    throw error;
  }
  const control = options.control === undefined ? undefined : await serveControl(options.control, slot);
  process.stderr.write(`inserted: ${whose.data.personalData.fiscalCode} in ${options.vpcd}\n`);
  await stopped;
  await control?.close();
  await slot.remove();
}

/** The first status that says something. */
async function started(cards: CardReader): Promise<CardStatus> {
  const known = await withDeadline(answerLimitMs, undefined, async (limit) => {
    while (cards.status().state === 'starting' && !limit.aborted) {
      await new Promise<void>((resolve) => {
        const stop = cards.onStatus(() => {
          stop();
          resolve();
        });
      });
    }
    return cards.status();
  });
  if (known.ok) return known.value;
  throw new CommandFailure(exit.unreachable, 'the card reader does not answer');
}

function failure(error: CardError): CommandFailure {
  switch (error.kind) {
    case 'no-card':
      return new CommandFailure(exit.no, 'no card in the reader');
    case 'card-removed':
      return new CommandFailure(exit.no, 'the card was removed');
    case 'not-a-cns':
      return new CommandFailure(
        exit.no,
        error.card === 'mute' ? 'the card does not answer' : `not a CNS: ATR ${error.atr} (${error.card})`,
      );
    case 'unknown-series':
      return new CommandFailure(exit.no, `a CNS of an unknown series: ATR ${error.atr}; ${error.seen}`);
    case 'unreadable':
      return new CommandFailure(exit.no, `${error.what}: ${error.detail}`);
    case 'service-lost':
      return new CommandFailure(exit.unreachable, `PC/SC service: ${error.detail}`);
    case 'reader-busy':
      return new CommandFailure(exit.unreachable, `${error.reader} is in use`);
    case 'timeout':
    case 'aborted':
      return new CommandFailure(exit.unreachable, 'the card does not answer in time');
    default:
      return unreachable(error);
  }
}

function answerOf({ reader, atr, cardId, personalData, certificate, pin, puk, timing }: CardReading): object {
  const x509 = new X509Certificate(Buffer.from(certificate, 'base64'));
  const oneLine = (name: string): string => name.split('\n').join(', ');
  const commonName: unknown = (x509.toLegacyObject().subject as Record<string, unknown> | undefined)?.['CN'];
  // CN = <codice fiscale>/<ID_Carta>.<hash> (card.md, 1.5).
  const [fiscalCode] = /^[A-Z0-9]{11,16}(?=\/)/.exec(typeof commonName === 'string' ? commonName : '') ?? [''];
  return {
    reader,
    atr,
    cardId,
    personalData,
    certificate: {
      pem: x509.toString(),
      subject: oneLine(x509.subject),
      issuer: oneLine(x509.issuer),
      serialNumber: x509.serialNumber,
      notBefore: new Date(x509.validFrom).toISOString(),
      notAfter: new Date(x509.validTo).toISOString(),
      fiscalCode,
    },
    pin,
    puk,
    timing,
  };
}

function print({ reader, cardId, personalData, timing }: CardReading): void {
  const { surname, name, birthDate, fiscalCode, expiryDate } = personalData;
  const lines = [
    reader,
    `${surname} ${name}, ${birthDate}`,
    fiscalCode,
    `tessera ${cardId}, scade ${expiryDate}`,
    `${Math.round(timing.totalMs)} ms`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function jsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CommandFailure(exit.unusable, `${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
