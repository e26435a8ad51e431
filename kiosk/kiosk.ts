import { hash } from 'node:crypto';
import { join } from 'node:path';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { openScanner } from '../devices/barcode/scanner.ts';
import { plainRelayPolicy, signatureRelayPolicy, usualRelayPolicy } from '../devices/card/relay.ts';
import { startCardHost } from '../devices/card/remote.ts';
import { readSeriesTable } from '../devices/card/series.ts';
import { openPrinter } from '../devices/printer/esc-pos.ts';
import { type Result, err, ok } from '../devices/result.ts';
import type { Attention } from '../flows/ports/attention.ts';
import type { JournalEntry } from '../flows/ports/journal.ts';
import { carriedOut } from '../flows/procedures/offer.ts';
import type { Profile } from '../flows/procedures/profile.ts';
import { fixedDelays } from '../flows/session/delays.ts';
import { type RunningDesk, startDesk } from '../flows/session/facade.ts';
import type { DeskRules } from '../flows/session/facts.ts';
import { createCmsClient } from './cms/client.ts';
import { startReconciliation } from './cms/reconciliation.ts';
import type { Configuration } from './configuration.ts';
import type { Log } from './log/log.ts';
import { createOperators } from './operators/operators.ts';
import { createPrinting } from './printing/printing.ts';
import { faultsLine, readProfile } from './procedures/profiles.ts';
import { processEntry } from './project.ts';
import { startOutbox } from './records/outbox.ts';
import { openRecords } from './records/records.ts';
import { startWitness } from './records/witness.ts';
import { startScreen } from './screen/server.ts';
import { watchClock } from './trust/clock.ts';
import { startRefreshing } from './trust/crl/refreshing.ts';
import { createTrust } from './trust/trust.ts';
import { reportedAnchors } from './trust/trusted-list/listed.ts';
import { heldVersion } from './trust/trusted-list/store.ts';
import { reportingUnknownCards } from './unknown-cards.ts';

/** Formats an instant as the day it is in Italy, `YYYY-MM-DD` (the Swedish way of writing dates is the ISO one). */
const civilDay = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Rome' });

/** How often the store of CRLs and the clock are looked at without a card, for the operator's eyes and the log. */
const REVOCATION_LOOK_MS = 5_000;
/** How long a start waits for the CRLs that can be had, so that the first card does not meet an empty store. */
const FIRST_CRLS_MS = 5_000;

/** What differs between the product, the demo and the tests: the card's process, and who watches the journal. */
export interface KioskParts {
  readonly cardHost: { readonly entry: string; readonly env?: Readonly<Record<string, string>> };
  readonly log: Log;
  /** Called after each journal row, once it is durable. */
  readonly onJournalRow?: (entry: JournalEntry) => void;
}

export interface Kiosk {
  /** Where the screen is served, on 127.0.0.1. */
  readonly port: number;
  close(): Promise<void>;
}

export interface KioskError {
  readonly part: 'profile' | 'card' | 'scanner' | 'records' | 'trust' | 'cms' | 'operators' | 'screen';
  readonly detail: string;
}

/** Starts the kiosk: everything real, from its configuration. What cannot be started is named; what was started before it is closed again. */
export async function startKiosk(configuration: Configuration, parts: KioskParts): Promise<Result<Kiosk, KioskError>> {
  const { log } = parts;
  const startedAt = performance.now();
  const opened: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.reverse().splice(0)) await end();
  };
  const failed = async (part: KioskError['part'], error: { readonly kind: string }): Promise<Result<never, KioskError>> => {
    await close();
    return err({ part, detail: JSON.stringify(error) });
  };

  const profile = readProfile(configuration.site.profile);
  if (!profile.ok) {
    const fault = { kind: 'profile-unusable', detail: faultsLine(profile.error) };
    return failed('profile', fault);
  }

  const { reader, series: seriesFile } = configuration.card;
  const series = seriesFile === undefined ? ok(undefined) : readSeriesTable(seriesFile);
  if (!series.ok) return failed('card', series.error);

  let desk: RunningDesk | null = null;
  const records = openRecords({
    folder: join(configuration.state, 'records'),
    deviceKey: configuration.deviceKey ?? join(configuration.state, 'device-key.jwk'),
    log,
    onAppended: (entry) => {
      parts.onJournalRow?.(entry);
      if (entry.row.kind === 'OUTCOME' || entry.row.kind === 'RESOLUTION') outbox.wake();
      desk?.journalGrew(entry.operationId);
      if (entry.row.kind === 'CLOSED' || entry.row.kind === 'SHIFT_OPENED' || entry.row.kind === 'SHIFT_COUNTED') witness.wake();
    },
  });
  if (!records.ok) return failed('records', records.error);
  opened.push(() => records.value.close());

  const cms = createCmsClient({ ...configuration.cms, log });
  if (!cms.ok) return failed('cms', cms.error);
  opened.push(() => cms.value.close());

  const clock = watchClock({ now: Date.now, monotonic: () => performance.now(), compared: () => cms.value.clockOffset(), log });
  const { anchors, intermediates, crls: files, points, trustedList } = configuration.trust;
  const listFolder = join(configuration.state, 'trusted-list');
  let listInUse = heldVersion(listFolder);
  const crlStore = join(configuration.state, 'crl');
  const trust = createTrust({
    anchors,
    intermediates,
    listed: reportedAnchors(listFolder, trustedList, log),
    store: crlStore,
    maxCrlAge: configuration.policy.maxCrlAge ?? null,
    clock,
    log,
  });
  if (!trust.ok) return failed('trust', trust.error);
  let revocation = trust.value.revocationState(new Date());
  const lookAtRevocation = (): void => {
    revocation = trust.value.revocationState(new Date());
    desk?.refresh();
  };
  const crls = startRefreshing({
    folder: crlStore,
    files,
    anchors: [...anchors, ...intermediates],
    points,
    list: trustedList === undefined ? null : { folder: listFolder, ...trustedList },
    log,
    onFuture: (thisUpdate) => clock.sawCrlOf(thisUpdate),
    onList(version) {
      if (version === listInUse) return;
      listInUse = version;
      trust.value.useListed(reportedAnchors(listFolder, trustedList, log));
    },
  });
  opened.push(() => crls.close());
  const looking = setInterval(lookAtRevocation, REVOCATION_LOOK_MS);
  opened.push(() => clearInterval(looking));

  const operators = createOperators({
    accountsFile: configuration.operators,
    lockStore: records.value.signOnFailures,
    deviceId: configuration.site.id,
    log,
  });
  if (!operators.ok) return failed('operators', operators.error);
  opened.push(() => operators.value.close());

  const outbox = startOutbox({ cms: cms.value, records: records.value, log, onAttention: () => desk?.refresh() });
  opened.push(() => outbox.close());
  const reconciliation = startReconciliation({
    cms: cms.value,
    desk: configuration.site.desk,
    records: records.value,
    log,
    onAttention: () => desk?.refresh(),
  });
  opened.push(() => reconciliation.close());
  opened.push(
    cms.value.onReconnected(() => {
      outbox.reconnected();
      reconciliation.reconnected();
    }),
  );

  const witness = startWitness({ cms: cms.value, records: records.value, log });
  opened.push(() => witness.close());

  const printing = createPrinting({
    device: configuration.printer.device,
    openPrinter,
    workerEntry: processEntry('kiosk/printing/worker.ts'),
    log,
  });
  opened.push(() => printing.close());

  const card = startCardHost({
    ...parts.cardHost,
    reader,
    series: series.value,
    onRestart: (reason) => log.event('card-host-restarted', { reason }),
  });
  opened.push(() => card.close());
  opened.push(card.onStatus(({ state }) => log.event('card-status', { state })));

  const scanner = configuration.barcode === undefined ? ok(null) : openScanner(configuration.barcode.device);
  if (!scanner.ok) return failed('scanner', { kind: scanner.error });
  const barcode = scanner.value;
  if (barcode !== null) {
    opened.push(() => barcode.close());
    opened.push(
      barcode.onStatus(({ state }) => {
        log.event('scanner-status', { state });
        desk?.refresh();
      }),
    );
    opened.push(barcode.onIgnored((why) => log.event('scan-ignored', { why })));
  }

  const ports = {
    attention: (): readonly Attention[] => [
      ...outbox.attention().map((operationId) => ({ operationId, why: 'undelivered' as const })),
      ...records.value.incidents().map(({ operationId, kind }) => ({ operationId, why: kind })),
    ],
    card: reportingUnknownCards(card, log),
    codes: card,
    cms: cms.value,
    services: cms.value,
    journal: records.value,
    operators: operators.value,
    outbox,
    printing,
    trust: trust.value,
    envelope: {
      cms: cms.value,
      envelopes: records.value.envelopes,
      scanner: barcode,
      chip: card,
      newRelayId: () => uuidv4(),
      digest: (text: string) => hash('sha256', text),
    },
    revocation: () => revocation,
    now: () => new Date().toISOString(),
    today: () => civilDay.format(new Date()),
    newId: () => uuidv7(),
  };
  const running = startDesk(ports, rulesOf(configuration, profile.value), {
    screen: (session, screen) => log.event('session-screen', { session: session ?? '', screen }),
    event: (session, type) => log.event('session-event', { session: session ?? '', type }),
    unexpected: (session, type) => log.event('session-unexpected-event', { session: session ?? '', type }),
    stopped: (session, reason) => log.event('session-stopped', { session, reason }),
    unresolved: (operation, reason) => log.event('resolution-not-recorded', { operation, reason }),
  });
  desk = running;
  opened.push(() => running.stop());

  await crls.firstRound(FIRST_CRLS_MS);
  lookAtRevocation();
  const screen = await startScreen({
    port: configuration.screen.port,
    session: running,
    operators: operators.value,
    site: {
      name: configuration.site.name,
      languages: configuration.site.languages,
      helpLine: profile.value.referrals.helpLine.phone,
      notice: profile.value.privacyNotice,
    },
    bring: {
      profile: profile.value,
      desk: configuration.site.desk,
      siteName: configuration.site.name,
      sheets: printing,
      now: () => new Date(),
    },
    log,
  });
  if (!screen.ok) return failed('screen', screen.error);
  opened.push(() => screen.value.close());

  log.event('kiosk-ready', { port: screen.value.port, startMs: Math.round(performance.now() - startedAt) });
  return ok({ port: screen.value.port, close });
}

function rulesOf({ site, policy, envelopes }: Configuration, profile: Profile): DeskRules {
  const ms = (seconds: number): number => seconds * 1000;
  return {
    profile,
    desk: site.desk,
    operations: carriedOut,
    siteName: site.name,
    uncertainRevocation: policy.uncertainRevocation,
    handOverEvidence: policy.handOverEvidence,
    printAttempts: policy.printAttempts,
    envelope: { pile: envelopes.pile, relayPolicy: policy.plainCommands === 'allowed' ? plainRelayPolicy : usualRelayPolicy },
    signatureRelay: signatureRelayPolicy,
    delays: {
      ...fixedDelays,
      idle: ms(policy.idle),
      idleWarning: ms(policy.idleWarning),
      operatorWait: ms(policy.operatorWait),
      reprintWait: ms(policy.reprintWait),
      collect: ms(policy.collect),
      collectWithoutCard: ms(policy.collectWithoutCard),
    },
  };
}
