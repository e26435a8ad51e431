import { CommandFailure, exit } from '../../../devices/command.ts';
import { type CrlIssuer, readIssuers } from './issuer.ts';

/** The issuers in a file that a command was given; a file that cannot be used ends the command. */
export function issuersOf(file: string): readonly CrlIssuer[] {
  const read = readIssuers(file);
  if (!read.ok) throw new CommandFailure(exit.unusable, `${file}: ${read.error}`);
  return read.value;
}
