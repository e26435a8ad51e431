import { existsSync } from 'node:fs';
import { serveCardHost } from '../../devices/card/host.ts';
import type { PcscPort } from '../../devices/card/pcsc.ts';

/** A card process whose parent is killed after it heard its first message and before it answers. */
const port: PcscPort = {
  view: () => ({ service: 'up', slots: [] }),
  onView: () => () => undefined,
  connect: () => Promise.reject(new Error('there is no card')),
  close: () => Promise.resolve(),
};

const parent = process.ppid;
process.once('message', () => {
  process.kill(parent, 'SIGKILL');
  // Without a turn of the event loop, which would tell that the parent is gone.
  while (existsSync(`/proc/${parent}/fd/0`)) continue;
});
serveCardHost(port);
