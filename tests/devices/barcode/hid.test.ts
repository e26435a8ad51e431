import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { projectRoot } from '../../../kiosk/project.ts';
import { kill } from '../../harness/processes.ts';
import { posReports } from './hid-reports.ts';

/** Lines of a process, one at a time. */
function linesOf(stream: NodeJS.ReadableStream): () => Promise<string> {
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  return async () => (await lines.next()).value as string;
}

/** A HID scanner that only processes with the preload see (umockdev), worked by lines. */
async function hidScanner(): Promise<{ readonly root: string; tell(line: string): Promise<void> }> {
  const helper = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'umockdev-wrapper', '/usr/bin/python3', join(projectRoot(), 'tests/harness/hid-scanner.py')],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  onTestFinished(() => kill(helper));
  const next = linesOf(helper.stdout);
  return {
    root: await next(),
    async tell(line) {
      helper.stdin.write(`${line}\n`);
      expect(await next()).toBe('ok');
    },
  };
}

test('node-hid as it is delivered, on a HID POS scanner: codes, long codes, unplugged and plugged in again', async () => {
  const device = await hidScanner();
  await device.tell('plug');
  const listening = spawn(process.execPath, [join(projectRoot(), 'bin/sportello.js'), 'barcode', 'listen', '--device', 'hid:0c2e:0901'], {
    env: { ...process.env, LD_PRELOAD: 'libumockdev-preload.so.0', UMOCKDEV_DIR: device.root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => kill(listening));
  const [scanned, told] = [linesOf(listening.stdout), linesOf(listening.stderr)];
  expect(await told()).toBe('listening');

  const scan = async (text: string, identifier: string): Promise<unknown> => {
    // Two reports written at once would be read as one here, which no USB device does.
    for (const report of posReports(text, identifier)) {
      await device.tell(`report ${Buffer.from(report).toString('hex')}`);
      await device.tell('pause');
    }
    return JSON.parse(await scanned());
  };
  expect(await scan('SAR0012345', ']A0')).toMatchObject({ symbology: 'code-39', text: 'SAR0012345' });
  const long = '0123456789'.repeat(6);
  expect(await scan(long, ']C0')).toMatchObject({ symbology: 'code-128', text: long });

  await device.tell('unplug');
  expect(await told()).toMatch(/^scanner disconnected/);
  await device.tell('plug');
  let line = await told();
  while (line !== 'scanner ready') line = await told();
  expect(await scan('SAR0012346', ']C0')).toMatchObject({ symbology: 'code-128', text: 'SAR0012346' });
});
