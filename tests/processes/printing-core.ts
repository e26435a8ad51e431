/** A core that prints one slip and tells nothing: `printing-core DEVICE PART`, where PART is what the CMS releases, or `never`. */
import { openPrinter } from '../../devices/printer/esc-pos.ts';
import { ok } from '../../devices/result.ts';
import { createLog } from '../../kiosk/log/log.ts';
import { createPrinting } from '../../kiosk/printing/printing.ts';
import { processEntry } from '../../kiosk/project.ts';
import { seal } from '../../kiosk/reference-cms/sealing.ts';

const [, , device = '', part = 'never'] = process.argv;
const printing = createPrinting({ device, openPrinter, workerEntry: processEntry('kiosk/printing/worker.ts'), log: createLog('test') });
const slip = {
  operationId: '0198c2a4-7a31-7c55-9d02-6f1c22ab90e1',
  attempt: 1,
  operation: 'activation',
  siteName: 'AUSL di Bologna',
  printedAt: '2026-06-15T10:00:00Z',
  language: 'it',
  secondPart: { channel: 'email', masked: 'm***i@example.it' },
  helpLine: '800.033.033',
} as const;

await printing.print(
  slip,
  async (key) => {
    process.stdout.write('key\n');
    if (part === 'never') return await new Promise(() => undefined);
    const jwe = await seal(Buffer.from(part, 'ascii'), key, 'test');
    if (!jwe.ok) throw new Error(jwe.error);
    return ok({ attempt: 1, jwe: jwe.value });
  },
  new AbortController().signal,
);
await printing.close();
