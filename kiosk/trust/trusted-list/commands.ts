import { readFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Command } from 'commander';
import { CommandFailure, answerJson, exit, untilInterrupted } from '../../../devices/command.ts';
import type { Result } from '../../../devices/result.ts';
import { readConfiguration } from '../../configuration.ts';
import { anchorsOf, identityServices, isStale } from './list.ts';
import { readPins } from './signers.ts';
import { type HeldList, readHeld } from './store.ts';

const many = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `sportello trust list import|show|refresh`: the national trusted list, from which anchors come. */
export function trustedListCommands(): Command {
  const list = new Command('list')
    .description('the national trusted list (ETSI TS 119 612), from which trust anchors come')
    .addHelpText('after', '\nExample:\n  sportello trust list import --store state/trusted-list --signer agid.pem TSL-IT.xml');

  list
    .command('import')
    .description('verifies a list and puts it in the place of the one held')
    .argument('<file>', 'the list, XML')
    .requiredOption('--store <dir>', 'folder of the list; made if it is not there')
    .requiredOption('--signer <file>', 'who may sign it: a certificate (PEM or DER), or sha256:HEX of a certificate or key', many, [])
    .addHelpText('after', '\nExample:\n  sportello trust list import --store /var/lib/sportello/trusted-list --signer agid.pem TSL-IT.xml')
    .action(async (file: string, { store, signer }: { store: string; signer: readonly string[] }) => {
      // XML and its signatures are loaded where they are needed: other commands answer sooner without.
      const { importList } = await import('./import.ts');
      const bytes = readOrFail(file);
      const imported = importList(store, { bytes }, usable(readPins(signer)), new Date());
      if (!imported.ok) throw new CommandFailure(exit.no, `${file}: ${imported.error}`);
      answerJson({ result: imported.value.result, ...summary(imported.value.held) });
    });

  list
    .command('show')
    .description('the list that is held, and the anchors that it gives')
    .requiredOption('--store <dir>', 'folder of the list')
    .option('--json', 'the answer is JSON')
    .addHelpText(
      'after',
      `\nAnchors are the certificates of services of these types and statuses (a kiosk's trust.trustedList may name others):\n${[...identityServices.types, ...identityServices.statuses].map((uri) => `  ${uri}`).join('\n')}\n\nExample:\n  sportello trust list show --store /var/lib/sportello/trusted-list --json`,
    )
    .action(({ store, json }: { store: string; json?: true }) => {
      const held = usable(readHeld(store));
      if (held === null) throw new CommandFailure(exit.unusable, `${store} holds no trusted list`);
      if (json === true) answerJson({ ...summary(held), services: anchorNames(held) });
      else process.stdout.write(asText(held));
    });

  list
    .command('refresh')
    .description('fetches the list of the configuration, if it changed')
    .requiredOption('--config <file>', "the kiosk's configuration")
    .addHelpText('after', '\nExample:\n  sportello trust list refresh --config /etc/sportello/config.json')
    .action(async ({ config }: { config: string }) => {
      const read = readConfiguration(config);
      if (!read.ok) throw new CommandFailure(exit.unusable, `${read.error.file}: ${read.error.detail}`);
      const { state, trust } = read.value;
      if (trust.trustedList === undefined) throw new CommandFailure(exit.unusable, `${config}: trust.trustedList is not there`);
      const { refreshList } = await import('./refresh.ts');
      const folder = join(state, 'trusted-list');
      mkdirSync(folder, { recursive: true });
      const done = await refreshList(trust.trustedList.url, {
        folder,
        pins: usable(readPins(trust.trustedList.signers)),
        now: () => new Date(),
        ms: 120_000,
        tries: 4,
        pause: async (ms, signal) => setTimeout(ms, undefined, { signal }),
        signal: untilInterrupted(),
      });
      answerJson(done);
      if (done.result === 'refused') process.exitCode = exit.no;
      else if (done.result === 'unreachable') process.exitCode = exit.unreachable;
    });

  return list;
}

function usable<T>(read: Result<T, string>): T {
  if (!read.ok) throw new CommandFailure(exit.unusable, read.error);
  return read.value;
}

function readOrFail(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandFailure(
      exit.unusable,
      `${file}: ${error instanceof Error && 'code' in error ? String(error.code) : 'cannot be read'}`,
    );
  }
}

function summary(held: HeldList): Record<string, unknown> {
  const { list, signer, digest, importedAt } = held;
  return {
    territory: list.territory,
    sequenceNumber: list.sequenceNumber,
    issued: list.issued,
    nextUpdate: list.nextUpdate,
    stale: isStale(list, new Date()),
    importedAt,
    digest,
    signer,
    anchors: anchorNames(held).length,
  };
}

const anchorNames = ({ list }: HeldList): readonly { readonly provider: string; readonly service: string }[] =>
  anchorsOf(list, identityServices, new Date()).map(({ provider, service }) => ({ provider, service }));

function asText(held: HeldList): string {
  const { list, signer } = held;
  const end = list.nextUpdate === null ? 'the last one of its scheme' : `next by ${list.nextUpdate}`;
  const stale = isStale(list, new Date()) ? ' (STALE)' : '';
  const lines = anchorNames(held).map(({ provider, service }) => `  ${provider}: ${service}`);
  return [
    `trusted list of ${list.territory}, number ${list.sequenceNumber}, issued ${list.issued}, ${end}${stale}`,
    `signed by ${signer.subject}`,
    `${lines.length} anchors of identity services:`,
    ...lines,
    '',
  ].join('\n');
}
