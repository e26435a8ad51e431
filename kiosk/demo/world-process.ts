/** The demo's world in a process of its own: the reference CMS, the mailbox, the virtual printer, what is in the reader, and the bench. */
import { randomUUID } from 'node:crypto';
import { startVirtualScanner } from '../../devices/barcode/virtual/virtual-scanner.ts';
import { startVirtualPrinter } from '../../devices/printer/virtual/virtual-printer.ts';
import { createLog } from '../log/log.ts';
import { cmsConfiguration } from '../reference-cms/configuration.ts';
import { startMailbox } from '../reference-cms/mailbox.ts';
import { startReferenceCms } from '../reference-cms/start.ts';
import { startTextGateway } from '../reference-cms/text-gateway.ts';
import { startBench } from './bench/server.ts';
import { failed, ready, settingsFromDemo } from './part.ts';
import { openReaderLine } from './reader-line.ts';
import { kioskIsUp, worldSettings } from './settings.ts';
import { World } from './world.ts';

const settings = await settingsFromDemo(worldSettings);
try {
  const log = createLog('world');
  const mailbox = await startMailbox();
  const token = randomUUID();
  const texts = await startTextGateway(mailbox, token);
  const made = { port: 0, smtp: { port: mailbox.port }, sms: { url: texts.url, token } };
  const cms = await startReferenceCms(cmsConfiguration.parse({ ...settings.cms, ...made }), { log });
  const printer = await startVirtualPrinter({ link: settings.printer, out: settings.slips });
  const scanner = await startVirtualScanner({ link: settings.scanner });
  const reader = await openReaderLine(settings.reader);
  const world = new World({ cms, mailbox, printer, reader, scanner }, settings);
  const bench = await startBench(settings.benchPort, world, (rule) => log.event('screen-request-refused', { rule }));
  if (bench.ok) {
    process.on('message', (raw) => world.kioskAt(kioskIsUp.parse(raw).kioskPort));
    const facts = {
      benchPort: bench.value.port,
      cmsUrl: cms.url,
      crlUrl: cms.crlUrl ?? '',
      printer: printer.address,
      scanner: scanner.address,
    };
    ready(facts, async () => {
      await bench.value.close();
      await world.close();
      await texts.close();
    });
  } else
    failed(bench.error.kind === 'port-not-free' ? `port ${bench.error.port} is not free` : "the bench's page is not built: npm run build");
} catch (error) {
  failed(error instanceof Error ? error.message : String(error));
}
