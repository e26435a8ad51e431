import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processEntry } from '../../../kiosk/project.ts';
import { readCmsConfiguration } from '../../../kiosk/reference-cms/configuration.ts';
import { readFault } from '../../../kiosk/reference-cms/faults.ts';
import { openStore } from '../../../kiosk/reference-cms/store.ts';
import { type CmsSurroundings, clientAt, cmsSurroundings, newOperationId, released, signal, spawnCms } from '../../harness/cms.ts';

let surroundings: CmsSurroundings;
beforeAll(async () => {
  surroundings = await cmsSurroundings();
});
afterAll(async () => {
  await surroundings.close();
});

async function say(socketPath: string, line: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(line));
    socket.once('data', (chunk: Buffer) => {
      socket.destroy();
      resolve(chunk.toString('utf8'));
    });
    socket.once('error', reject);
  });
}

test('a process of its own: told to misbehave through its control socket, and to stop', async () => {
  const control = join(surroundings.folder, 'control');
  const cms = await spawnCms(surroundings, { control });
  const client = clientAt(cms.url, surroundings, { limits: { pauseMs: 10 } });
  expect(await client.health(signal)).toMatchObject({ ok: true });
  expect(await say(control, 'unreachable call=operations\n')).toBe('ok\n');
  expect(await client.operations([newOperationId()], signal)).toMatchObject({ error: { kind: 'unreachable' } });
  expect(await client.health(signal)).toMatchObject({ ok: true });
  expect(await say(control, 'burn down\n')).toMatch(/^error /);
  expect(await say(control, 'x'.repeat(500))).toMatch(/^error /);
  expect(await say(control, 'normal\n')).toBe('ok\n');
  expect(await client.operations([newOperationId()], signal)).toMatchObject({ ok: true });
  await client.close();

  const ended = new Promise((resolve) => cms.child.once('exit', resolve));
  cms.child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(existsSync(control)).toBe(false);
});

test('a fault is read word by word', () => {
  expect(readFault('slow ms=2000 call=reserve times=2')).toEqual({ mode: 'slow', ms: 2000, call: 'reserve', times: 2 });
  expect(readFault('lose-answer')).toMatchObject({ mode: 'lose-answer' });
  for (const line of ['', 'slow ms=x', 'slow ms=-1', 'slow call=nothing', 'normal more=1', 'slow times=0'])
    expect(readFault(line), line).toBeNull();
});

test('the codes that it holds can be read beside it, from its database', async () => {
  const cms = await spawnCms(surroundings);
  const client = clientAt(cms.url, surroundings);
  const { operationId, paper } = await released({ client, mailbox: surroundings.mailbox, operatorKey: surroundings.operatorKey });
  const store = openStore(cms.configuration.database);
  const [pin, puk] = store.codesOf(operationId);
  expect(paper).toBe(`PIN ${pin?.value.slice(0, 2)} 3\nPUK ${puk?.value.slice(0, 4)} 4\n`);
  store.close();
  await client.close();
  await cms.kill();
});

test('a configuration that cannot be used ends it with 2 and one line', () => {
  const file = join(surroundings.folder, 'broken.json');
  for (const content of [
    '',
    '{',
    '{}',
    JSON.stringify(surroundings.configuration({ port: 'x' })),
    JSON.stringify(surroundings.configuration({ signingKey: 'absent' })),
  ]) {
    writeFileSync(file, content);
    const ended = spawnSync(process.execPath, [processEntry('kiosk/reference-cms/main.ts'), file], { encoding: 'utf8' });
    expect([content, ended.status, ended.stdout]).toEqual([content, 2, '']);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
  }
  const whole = readCmsConfiguration(writeConfiguration({ codes: [{ label: 'PIN', length: 5, paperCharacters: 5 }] }));
  expect(whole).toMatchObject({ ok: false });
});

test('the rows keep the rules by themselves', () => {
  const file = join(surroundings.folder, 'rules.sqlite');
  const store = openStore(file);
  const id = newOperationId();
  store.putOperation(id, 'kiosk', { state: 'VOIDED', expiresAt: null, releases: [] }, 1);
  expect(() => store.putOperation(id, 'kiosk', { state: 'RESERVED', expiresAt: 5, releases: [] }, 2)).toThrow('never goes back');
  expect(() => store.putOperation(id, 'kiosk', { state: 'CONFIRMED', expiresAt: null, releases: [] }, 2)).toThrow('never goes back');
  expect(() => store.queueSecondPart(id, 1)).toThrow('only a confirmed operation');
  const other = newOperationId();
  expect(() =>
    store.transaction(() => {
      store.putOperation(other, 'kiosk', { state: 'RESERVED', expiresAt: 5, releases: [] }, 1);
      throw new Error('on purpose');
    }),
  ).toThrow('on purpose');
  expect(store.operation(other)).toBeNull();
  store.close();

  const bare = new Database(file);
  expect(() => bare.prepare('DELETE FROM operations').run()).toThrow('never deleted');
  bare.pragma('user_version = 99');
  bare.close();
  expect(() => openStore(file)).toThrow('version 99');
});

function writeConfiguration(changes: Record<string, unknown>): string {
  const file = join(surroundings.folder, 'other.json');
  writeFileSync(file, JSON.stringify(surroundings.configuration(changes)));
  return file;
}
