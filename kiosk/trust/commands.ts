import { Command } from 'commander';
import { type CommandGroup, addGroups } from '../command-group.ts';

const groups: readonly CommandGroup[] = [
  {
    name: 'verify',
    summary: 'is a certificate to be trusted: its path to an anchor, and its revocation',
    load: async () => (await import('./verify-command.ts')).verifyCommand(),
  },
  {
    name: 'crl',
    summary: 'certificate revocation lists, kept as an index that answers at once',
    load: async () => (await import('./crl/commands.ts')).crlCommands(),
  },
  {
    name: 'list',
    summary: 'the national trusted list (ETSI TS 119 612), from which trust anchors come',
    load: async () => (await import('./trusted-list/commands.ts')).trustedListCommands(),
  },
];

export async function trustCommands(words: readonly string[]): Promise<Command> {
  const trust = new Command('trust').description('certificates and CRLs');
  await addGroups(trust, groups, words);
  return trust.addHelpText('after', '\nExample:\n  sportello trust verify --anchor ca.pem --crl ca.crl card.pem');
}
