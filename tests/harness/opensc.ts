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
