import { join } from 'node:path';
import { CommandFailure, answerJson, exit } from '../../../devices/command.ts';
import { listedAnchors } from '../trusted-list/listed.ts';
import { type Configuration, readConfiguration } from '../../configuration.ts';
import { issuersOf } from './command-issuers.ts';
import { importCrls } from './import.ts';
import { type CrlIssuer, usableIssuers } from './issuer.ts';
import { refresh, usualRefresh } from './refresh.ts';
import { type CrlStore, openStore } from './store.ts';

/** What `sportello trust crl refresh` does; `all`: also what is not due. */
export async function refreshAsConfigured(config: string, all: boolean): Promise<void> {
  const read = readConfiguration(config);
  if (!read.ok) throw new CommandFailure(exit.unusable, `${read.error.file}: ${read.error.detail}`);
  const { state, trust } = read.value;
  const sets = trust.points.map(({ issuer, urls }) => ({ issuers: issuersOf(issuer), urls }));
  const folder = join(state, 'crl');
  const store = openStore(folder);
  if (!store.ok) throw new CommandFailure(exit.unusable, `the store ${folder} cannot be used: ${store.error}`);
  try {
    const problems = importFiles(store.value, trust.crls, [
      ...trust.anchors.flatMap(issuersOf),
      ...listedIssuers(state, trust.trustedList),
    ]);
    const done = await refresh(store.value, sets, { ...usualRefresh(folder, new AbortController().signal), all });
    answerJson(done);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0 || done.some(({ result }) => result === 'refused')) process.exitCode = exit.no;
    else if (done.some(({ result }) => result === 'unreachable')) process.exitCode = exit.unreachable;
  } finally {
    store.value.close();
  }
}

/** Who may sign CRLs by the national trusted list, as far as one that can be used is held. */
function listedIssuers(state: string, source: Configuration['trust']['trustedList']): readonly CrlIssuer[] {
  if (source === undefined) return [];
  const listed = listedAnchors(join(state, 'trusted-list'), source, source.signers, new Date());
  return listed.ok ? usableIssuers(listed.value.certificates) : [];
}

/** The CRL files of the configuration, each by itself; what is wrong with them, a line each. */
function importFiles(store: CrlStore, files: readonly string[], issuers: readonly CrlIssuer[]): readonly string[] {
  return files.flatMap((file) => {
    const imported = importCrls(store, [file], { issuers, now: new Date(), allowSha1: false, allowRsa1024: false });
    return imported.ok ? [] : [`${imported.error.file}: ${imported.error.detail}`];
  });
}
