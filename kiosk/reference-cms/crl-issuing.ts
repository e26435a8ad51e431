import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { CmsConfiguration } from './configuration.ts';
import { type RevokedCard, derOf, issueCrl } from './crl-signing.ts';

type Issue = NonNullable<NonNullable<CmsConfiguration['distributionPoint']>['issue']>;

const HOUR_MS = 3_600_000;

/**
 * Issues the CRL of the cards' authority into `file`, anew at each start and at half of each one's life, so that whoever asks has days to come by the next.
 * `changed`: the cards that services suspended or revoked since. Numbers are seconds since 1970: they rise over restarts too. Throws where certificate or key cannot be read.
 */
export function createCrlIssuing({
  certificate,
  key,
  revoked,
  hours,
  file,
  now,
  changed,
}: Issue & { readonly file: string; readonly now: () => number; readonly changed: () => readonly RevokedCard[] }) {
  const authority = { certificate: derOf(readFileSync(certificate, 'utf8')), privateKey: readFileSync(key, 'utf8') };
  const listed = revoked.map(({ date, ...card }) => ({ ...card, date: new Date(date) }));
  const lifeMs = hours * HOUR_MS;
  let dueAt = -Infinity;
  let number = 0;
  let issuing: Promise<void> = Promise.resolve();
  const issue = async (at: number): Promise<void> => {
    const times = { thisUpdate: new Date(at), nextUpdate: new Date(at + lifeMs) };
    number = Math.max(number + 1, Math.floor(at / 1000));
    const crl = await issueCrl(authority, { revoked: [...listed, ...changed()], ...times, number });
    // Who asks meanwhile gets the old one or the new one, whole.
    await writeFile(`${file}.new`, crl);
    await rename(`${file}.new`, file);
  };
  return {
    async issueIfDue(): Promise<void> {
      const at = now();
      if (at >= dueAt) {
        dueAt = at + lifeMs / 2;
        issuing = issuing.then(() => issue(at));
      }
      await issuing;
    },
    /** What is being written is written. */
    close: (): Promise<void> => issuing,
    /** A card's state changed: the next list is due now. */
    renew(): void {
      dueAt = -Infinity;
    },
  };
}
