/** The kiosk's process in the demo: the product's own composition, with a card process that holds virtual cards. */
import { readConfiguration } from '../configuration.ts';
import { startKiosk } from '../kiosk.ts';
import { createLog } from '../log/log.ts';
import { processEntry } from '../project.ts';
import { failed, ready, settingsFromDemo } from './part.ts';
import { kioskSettings } from './settings.ts';

const settings = await settingsFromDemo(kioskSettings);
const configuration = readConfiguration(settings.configuration);
if (configuration.ok) {
  const env = { SPORTELLO_DEMO_CARDS: settings.cards, SPORTELLO_DEMO_READER: settings.reader };
  const kiosk = await startKiosk(configuration.value, {
    cardHost: { entry: processEntry('kiosk/demo/card-host.ts'), env },
    log: createLog('kiosk'),
  });
  if (kiosk.ok) ready({ port: kiosk.value.port }, () => kiosk.value.close());
  else failed(`${kiosk.error.part}: ${kiosk.error.detail}`);
} else failed(configuration.error.detail);
