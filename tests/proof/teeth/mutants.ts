interface Place {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A fault that somebody could write into the protocol: a place in a production file, and what would stand there instead. */
export interface Mutant extends Place {
  readonly name: string;
  /** A second place, where one fault alone is made good elsewhere. */
  readonly and?: Place;
  /** The invariant (I: reliability.md, 1.3; B: tests/proof/simulation/envelope-invariants.ts) by which the simulation must see it. */
  readonly breaks: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'B1' | 'B2' | 'B3' | 'B4' | 'B5' | 'liveness';
}

const activation = 'flows/operations/activation.ts';
const recovery = 'flows/operations/recovery.ts';
const evidence = 'flows/operations/evidence.ts';
const settlement = 'flows/operations/settlement.ts';
const records = 'kiosk/records/records.ts';
const database = 'kiosk/records/database.ts';
const outbox = 'kiosk/records/outbox.ts';
const ratchet = 'kiosk/reference-cms/ratchet.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'the journal is less than durable',
    file: database,
    from: "{ name: 'synchronous', value: 'full', reads: 2 }",
    to: "{ name: 'synchronous', value: 'normal', reads: 2 }",
    breaks: 'liveness',
  },
  {
    name: 'the CMS is asked to reserve before that is announced',
    file: 'flows/operations/reservation.ts',
    from: "  const opened = journal.append(operationId, { kind: 'OP_OPEN', ...opening });\n  if (!opened.ok) return opened;",
    to: "  await reserve();\n  const opened = journal.append(operationId, { kind: 'OP_OPEN', ...opening });\n  if (!opened.ok) return opened;",
    breaks: 'liveness',
  },
  {
    name: 'a print is not announced',
    file: activation,
    from: "    const intent = journal.append(input.id, { kind: 'PRINT_INTENT', attempt: input.attempt });\n    return intent.ok ? ok() : intent;",
    to: '    return ok();',
    breaks: 'I2',
  },
  {
    name: 'a print goes on although its announcement could not be written',
    file: activation,
    from: '    return intent.ok ? ok() : intent;\n  });',
    to: '    return intent.ok ? ok() : ok();\n  });',
    breaks: 'I2',
  },
  {
    name: 'an outcome that could not be written counts as written',
    file: activation,
    from: 'Promise.resolve(journal.appendOutcome(input))',
    to: '{ journal.appendOutcome(input); return Promise.resolve(ok()); }',
    breaks: 'liveness',
  },
  {
    name: 'the operator said no, and it is handed over',
    file: activation,
    from: 'const operator = handedOver && assertion !== null;',
    to: 'const operator = assertion !== null;',
    breaks: 'liveness',
  },
  {
    name: 'what nobody confirmed counts as handed over',
    file: evidence,
    from: "  if (printer === 'E2') return citizen ? 'E2' : null;",
    to: "  if (printer === 'E2') return 'E4';",
    breaks: 'liveness',
  },
  {
    name: 'a torn slip counts as none',
    file: evidence,
    from: "      return { outcome: 'unknown', class: evidence, exposed: true };",
    to: "      return { outcome: 'not-handed-over', class: 'E0', exposed: false };",
    breaks: 'I2',
  },
  {
    name: 'at boot a print of which nothing is known counts as none',
    file: recovery,
    from: "unconfirmed(viewOf(operationId)?.releases === 0 ? 'E0' : 'E1');",
    to: "unconfirmed('E0');",
    breaks: 'I2',
  },
  {
    name: 'at boot a print of which nothing is known counts as complete',
    file: recovery,
    from: "unconfirmed(viewOf(operationId)?.releases === 0 ? 'E0' : 'E1');",
    to: "unconfirmed('E2');",
    breaks: 'I2',
  },
  {
    name: 'at boot it prints again',
    file: recovery,
    from: "  const buffer = needsClearing ? await clearedBy(printing, signal) : 'printed';",
    to: "  const buffer = needsClearing ? await clearedBy(printing, signal) : 'printed';\n  const { operationId, recovery: { attempt } } = last;\n  if (needsClearing) await printing.print({ operationId, attempt, siteName: '', printedAt: '', language: 'it', secondPart: { channel: 'email', masked: '' }, helpLine: '' }, async () => ok({ attempt, jwe: '' }), signal);",
    breaks: 'I2',
  },
  {
    name: 'at boot an operation without outcome is left alone',
    file: recovery,
    from: '        told.push(concludedAs(operationId, recovery));\n',
    to: '',
    breaks: 'liveness',
  },
  {
    name: 'at boot an operation that only lacks its end is left alone',
    file: recovery,
    from: "        const closed = journal.append(operationId, { kind: 'CLOSED', state: recovery.state });",
    to: '        const closed = ok();',
    breaks: 'liveness',
  },
  {
    name: 'the journal says what was asked for, not what the CMS answered',
    file: settlement,
    from: 'function record(journal: Journal, { operationId }: OutcomeReport, receipt: Receipt): Result<Receipt, JournalError> {\n  const { state, sequence, jws } = receipt;',
    to: "function record(journal: Journal, { operationId, outcome }: OutcomeReport, receipt: Receipt): Result<Receipt, JournalError> {\n  const { sequence, jws } = receipt;\n  const state = outcome === 'handed-over' ? 'CONFIRMED' : outcome === 'unknown' ? 'HELD' : 'VOIDED';",
    breaks: 'I1',
  },
  {
    name: 'an outcome is told for another attempt',
    file: settlement,
    from: 'await cms.reportOutcome(report, signal)',
    to: 'await cms.reportOutcome({ ...report, attempt: report.attempt + 1 }, signal)',
    breaks: 'liveness',
  },
  {
    name: 'an outcome is not kept for the CMS',
    file: records,
    from: '    insertReport.run(operationId, entry.sequence, JSON.stringify(report));\n    return entry;\n  };',
    to: '    return entry;\n  };',
    breaks: 'liveness',
  },
  {
    name: 'a row is not chained to the one before',
    file: records,
    from: 'rowHash(chained, last.hash)',
    to: "rowHash(chained, '0'.repeat(64))",
    breaks: 'I6',
  },
  {
    name: 'what failed while the CMS was away is not tried when it is back',
    file: outbox,
    from: 'if (reached) notBefore.set(operationId, clock.now() + pause);',
    to: 'notBefore.set(operationId, clock.now() + pause * 60);',
    breaks: 'liveness',
  },
  {
    name: 'the outbox gives up',
    file: outbox,
    from: '          together = 1;\n',
    to: '          return;\n',
    breaks: 'liveness',
  },
  {
    name: 'silence does not void',
    file: ratchet,
    from: "  return silent ? settled(standing, 'VOIDED') : standing;",
    to: '  return silent ? standing : standing;',
    breaks: 'I5',
  },
  {
    name: 'a late confirm is accepted',
    file: ratchet,
    from: "if (standing.state === 'CONFIRMED' || standing.state === 'VOIDED') return err(refusalOf[standing.state]);",
    to: "if (standing.state === 'CONFIRMED') return err(refusalOf[standing.state]);",
    breaks: 'I5',
  },
  {
    name: 'a receipt without its end stays without it',
    file: outbox,
    from: 'if (unclosed) unclosed = !closeReceived(records);',
    to: '',
    breaks: 'liveness',
  },
  {
    name: 'at boot the CMS is believed to have released what it did not say',
    file: recovery,
    from: "viewOf(operationId)?.releases === 0 ? 'E0' : 'E1'",
    to: "(viewOf(operationId)?.releases ?? 0) === 0 ? 'E0' : 'E1'",
    breaks: 'I2',
  },
  {
    name: 'evidence counts as a hand-over, whatever the site wants',
    file: evidence,
    from: 'if (reached !== null && suffices(reached, wanted))',
    to: 'if (reached !== null)',
    breaks: 'I3',
  },
  {
    name: 'a slip that was taken back counts as handed over',
    file: activation,
    from: 'if (returned) return retracted;',
    to: "if (returned) return { outcome: 'handed-over', class: 'E3', exposed: false };",
    breaks: 'I3',
  },
  {
    name: 'a further slip does not say that it is one',
    file: 'kiosk/printing/slip.ts',
    from: 'reprint: (attempt) => `RISTAMPA ${attempt}: distruggi i fogli precedenti`',
    to: 'reprint: () => `Distruggi i fogli precedenti`',
    breaks: 'I2',
  },
  {
    name: 'what is written is not what was hashed',
    file: records,
    from: 'insertRow.run(chained.sequence, id, at, start.number,',
    to: "insertRow.run(chained.sequence, id, kind === 'CLOSED' ? new Date(now().getTime() + 1).toISOString() : at, start.number,",
    breaks: 'I6',
  },
  {
    name: 'the evidence keeps the paper part',
    file: activation,
    from: '.print(slip, (key, signal) => cms.releasePaperPart({ ...request, key }, signal), abort.signal)',
    to: ".print(slip, async (key, signal) => { const part = await cms.releasePaperPart({ ...request, key }, signal); if (part.ok) journal.append(operationId, { kind: 'EVIDENCE', attempt, class: 'E1', raw: Buffer.from(part.value.jwe).toString('hex'), buffer: 'needless' }); return part; }, abort.signal)",
    breaks: 'I7',
  },
  {
    name: 'the evidence is what was sealed, not what the printer said',
    file: activation,
    from: '    void printing\n      .print(slip, (key, signal) => cms.releasePaperPart({ ...request, key }, signal), abort.signal)\n      .then((report): Result<PrintReport, JournalError> => {\n        const { class: evidenceClass, raw, buffer } = report.evidence;',
    to: "    let raw = '';\n    void printing\n      .print(slip, async (key, signal) => { const part = await cms.releasePaperPart({ ...request, key }, signal); raw = part.ok ? Buffer.from(part.value.jwe).toString('hex') : ''; return part; }, abort.signal)\n      .then((report): Result<PrintReport, JournalError> => {\n        const { class: evidenceClass, buffer } = report.evidence;",
    breaks: 'I7',
  },
  {
    name: 'the same request is done again, and each time the second part is sent',
    file: 'kiosk/reference-cms/idempotency.ts',
    from: "  if (kept === null) return { kind: 'new' };",
    to: "  return { kind: 'new' };",
    and: {
      file: ratchet,
      from: "return after.state === 'CONFIRMED' && before?.state !== 'CONFIRMED';",
      to: "return after.state === 'CONFIRMED';",
    },
    breaks: 'I4',
  },
  {
    name: 'each try tells the CMS something else',
    file: outbox,
    from: 'await settle({ cms, journal: records }, report, limit);',
    to: 'await settle({ cms, journal: records }, { ...report, reason: String(Math.random()) }, limit);',
    breaks: 'liveness',
  },
];
