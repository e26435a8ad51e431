/** The process that holds the real reader: started by `startCardHost`, never by hand. */
import { serveCardHost } from './host.ts';
import { openPcsclite } from './pcsclite.ts';

serveCardHost(openPcsclite());
