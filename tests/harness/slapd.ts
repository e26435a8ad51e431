import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

/** An entry of class cRLDistributionPoint: its attributes and their values. */
export interface DirectoryEntry {
  readonly cn: string;
  readonly values: Readonly<Record<string, readonly Buffer[]>>;
  /** Where to look instead: such an entry holds nothing itself. */
  readonly referral?: string;
}

export const suffix = 'o=Specimen,c=IT';

/** A real slapd, in a folder of its own, with these entries below `o=Specimen,c=IT`. */
export async function startSlapd(entries: readonly DirectoryEntry[]): Promise<{ readonly port: number; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'slapd-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const config = join(folder, 'slapd.conf');
  writeFileSync(
    config,
    `include /etc/ldap/schema/core.schema
pidfile ${folder}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "${suffix}"
directory ${data}
`,
  );
  const ldif = join(folder, 'entries.ldif');
  const top = `dn: ${suffix}\nobjectClass: organization\no: Specimen\n`;
  writeFileSync(ldif, [top, ...entries.map(ldifOf)].join('\n'));
  execFileSync('/usr/sbin/slapadd', ['-f', config, '-l', ldif], { stdio: 'pipe' });
  const port = await freePort();
  const server = spawn('/usr/sbin/slapd', ['-f', config, '-h', `ldap://127.0.0.1:${port}`, '-d', '0'], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  await vi.waitUntil(async () => await accepts(port), { timeout: 10_000, interval: 10 });
  return {
    port,
    async close() {
      server.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function ldifOf({ cn, values, referral }: DirectoryEntry): string {
  const own =
    referral === undefined ? 'objectClass: cRLDistributionPoint' : `objectClass: referral\nobjectClass: extensibleObject\nref: ${referral}`;
  const lines = Object.entries(values).flatMap(([name, each]) => each.map((value) => `${name}:: ${value.toString('base64')}\n`));
  return `dn: cn=${cn},${suffix}\n${own}\ncn: ${cn}\n${lines.join('')}`;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const answered = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(
    () => false,
  );
  socket.destroy();
  return answered;
}
