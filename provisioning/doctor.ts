import { withDeadline } from '../devices/deadline.ts';
import type { Configuration } from '../kiosk/configuration.ts';
import { projectRoot } from '../kiosk/project.ts';
import {
  cmsHealth,
  cmsReached,
  clockAgrees,
  crlsFresh,
  durable,
  nativePartsLoad,
  nodeNewEnough,
  printerAnswers,
  readerSeen,
  scannerThere,
  type Finding,
} from './checks.ts';

export interface Check {
  readonly id: string;
  readonly title: string;
  readonly look: (signal: AbortSignal) => Promise<Finding>;
}

export interface Diagnosis {
  readonly ok: boolean;
  readonly checks: readonly (Pick<Check, 'id' | 'title'> & Finding & { readonly ms: number })[];
}

/** Milliseconds that one check may take; what takes longer is itself the finding. */
const usualLimitMs = 8_000;

/** What can be checked: the machine itself always, its devices and services as far as a configuration names them. */
export function checksFor(configuration: Configuration | null): readonly Check[] {
  const machine: readonly Check[] = [
    { id: 'node', title: 'Node', look: () => nodeNewEnough(process.version) },
    { id: 'native-parts', title: 'Native parts', look: (signal) => nativePartsLoad(projectRoot(), signal) },
    { id: 'readers', title: 'Card reader', look: (signal) => readerSeen(configuration?.card.reader, signal) },
  ];
  if (configuration === null) return machine;
  const { cms, printer, barcode, state } = configuration;
  const health = cmsHealth(cms);
  return [
    ...machine,
    { id: 'durability', title: 'Durability of the records', look: () => durable(state) },
    { id: 'printer', title: 'Printer', look: (signal) => printerAnswers(printer.device, signal) },
    ...(barcode === undefined
      ? []
      : [{ id: 'scanner', title: 'Barcode scanner', look: (signal: AbortSignal) => scannerThere(barcode.device, signal) }]),
    { id: 'cms', title: 'CMS', look: async (signal) => cmsReached(cms.url, await health(signal)) },
    { id: 'clock', title: 'Clock', look: async (signal) => clockAgrees(await health(signal)) },
    { id: 'crl', title: 'Age of the CRLs', look: () => crlsFresh(configuration, new Date()) },
  ];
}

/** Looks at everything at the same time. A check that throws or does not come to an end is a finding, not a failure of the rest. */
export async function examine(checks: readonly Check[], limitMs = usualLimitMs): Promise<Diagnosis> {
  const found = await Promise.all(
    checks.map(async ({ id, title, look }) => {
      const begun = performance.now();
      const looked = await withDeadline(limitMs, undefined, (signal) => look(signal).catch(broken));
      const finding = looked.ok ? looked.value : overdue(limitMs);
      return { id, title, ...finding, ms: Math.round(performance.now() - begun) };
    }),
  );
  return { ok: found.every(({ ok }) => ok), checks: found };
}

function broken(error: unknown): Finding {
  return {
    ok: false,
    detail: `the check itself failed: ${error instanceof Error ? error.message : String(error)}`,
    advice: 'npm run setup installs and builds what is missing; if it goes on, report this line',
  };
}

function overdue(limitMs: number): Finding {
  return {
    ok: false,
    detail: `no answer within ${limitMs / 1000} s`,
    advice: 'see whether the device or service hangs; switch it off and on',
  };
}
