import { Command } from 'commander';

/** One of several commands under a name. Its modules are loaded when it is asked for, and nothing else's: what one needs must not slow another's start. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** Takes the words that follow its name. */
  readonly load: (words: readonly string[]) => Promise<Command>;
}

/** Puts the groups under a command: the one that `words` begins with as it is, of the others what help says of them. */
export async function addGroups(
  command: Command,
  groups: readonly CommandGroup[],
  [asked, ...further]: readonly string[],
): Promise<Command> {
  for (const { name, summary, load } of groups)
    command.addCommand(name === asked ? (await load(further)).summary(summary) : new Command(name).description(summary));
  return command;
}
