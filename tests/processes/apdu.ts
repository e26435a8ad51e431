/**
 * Raw commands to the card in one reader of a real PC/SC service, for tests that look at the card itself. Lines in: `connect`, a command in
 * hexadecimal, `disconnect`, each about the reader READER. Lines out, one each: `ok`, the answer in hexadecimal, or `error KIND`.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type PcscConnection, type PcscSlot, slotState } from '../../devices/card/pcsc.ts';
import { openPcsclite } from '../../devices/card/pcsclite.ts';

/** As often as pcscd looks. */
const ASK_AGAIN_MS = 400;

const { READER: reader = '' } = process.env;
const port = openPcsclite();
let connection: PcscConnection | undefined;

function slot(): PcscSlot | undefined {
  const view = port.view();
  return view.service === 'up' ? view.slots.find((one) => one.reader === reader) : undefined;
}

/**
 * Connects as soon as the service has seen the card that is in; what it knows of a card that went before fails. A card that goes and comes between two
 * of its looks changes nothing that it tells, so that it is asked again without being told.
 */
async function connected(): Promise<PcscConnection> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      const stop = port.onView(() => {
        stop();
        resolve();
      });
    });
    const isPresent = ((slot()?.state ?? 0) & slotState.present) !== 0;
    const answer = isPresent ? await port.connect(reader) : undefined;
    if (answer?.ok === true) return answer.value;
    await Promise.race([changed, delay(ASK_AGAIN_MS)]);
  }
}

async function obey(line: string): Promise<string> {
  if (line === 'connect') {
    connection = await connected();
    return 'ok';
  }
  if (connection === undefined) return 'error not-connected';
  if (line === 'disconnect') {
    await connection.disconnect();
    connection = undefined;
    return 'ok';
  }
  const answer = await connection.transmit(new Uint8Array(Buffer.from(line, 'hex')));
  return answer.ok ? Buffer.from(answer.value).toString('hex') : `error ${answer.error.kind}`;
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${await obey(line)}\n`);
// The binding's threads would keep the process.
process.exit(0);
