import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Sportello } from './sportello.ts';

/** How `pkcs15-tool --verify-pin` ends at the kiosk's reader: 0 where the card took the PIN. */
export async function verifyPin({ readerEnvironment }: Sportello, pin: string): Promise<number | null> {
  const tool = spawn('pkcs15-tool', ['--reader', '0', '--verify-pin', '--auth-id', '01', '--pin', pin], {
    env: { ...process.env, ...readerEnvironment },
    stdio: 'ignore',
    timeout: 20_000,
  });
  const [code] = (await once(tool, 'close')) as [number | null];
  return code;
}

/** What the card at the kiosk's reader answers to these commands (hexadecimal), sent by `opensc-tool` in one session: data, and a status of 9000 each. */
export async function transmit({ readerEnvironment }: Sportello, commands: readonly string[]): Promise<readonly Buffer[]> {
  const tool = spawn('opensc-tool', ['--reader', '0', '--card-driver', 'default', ...commands.flatMap((each) => ['--send-apdu', each])], {
    env: { ...process.env, ...readerEnvironment },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 20_000,
  });
  let said = '';
  tool.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(tool, 'close');
  return said
    .split('Sending: ')
    .slice(1)
    .map((answer) => {
      const [, status, ...lines] = answer.split('\n');
      if (status?.includes('SW1=0x90, SW2=0x00') !== true) throw new Error(`the card said ${status ?? 'nothing'} to ${answer}`);
      // Sixteen bytes a line, and then the same as text.
      return Buffer.from(lines.map((line) => line.slice(0, 48).replaceAll(' ', '')).join(''), 'hex');
    });
}
