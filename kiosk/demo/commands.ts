import { Command } from 'commander';
import { z } from 'zod';
import { CommandFailure, answerJson, exit } from '../../devices/command.ts';
import { profileIds } from '../procedures/profiles.ts';
import { type Demo, startDemo } from './demo.ts';

const demoOptions = z.object({
  port: z
    .string()
    .regex(/^\d{1,5}$/, 'a port number')
    .transform(Number)
    .refine((port) => port < 65_535, 'at most 65534: the bench takes the next one'),
  region: z.string().refine((id) => profileIds().includes(id), `one of ${profileIds().join(', ')}`),
  state: z.string().min(1).optional(),
  json: z.boolean().default(false),
});

/** `sportello demo`: runs until it is told to stop (SIGINT, SIGTERM, SIGHUP), or until one of its parts ends by itself. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('the kiosk on virtual devices, with the reference CMS, its mailbox and a bench to play on; nothing leaves this machine')
    .option('--port <n>', "the screen's port; the bench takes the next one; 0: any free ports", '8080')
    .option('--region <id>', 'whose procedures and cards: as `procedure list` names it', 'emilia-romagna')
    .option('--state <dir>', 'where the demo keeps its state; without it, a temporary folder that goes with it')
    .option('--json', 'tell the addresses as one line of JSON')
    .addHelpText('after', '\nExample:\n  sportello demo --port 9000 --region sardegna')
    .action(async (given: unknown) => {
      const options = demoOptions.safeParse(given);
      if (!options.success) {
        const issue = options.error.issues[0];
        throw new CommandFailure(exit.unusable, `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
      }
      const { port, region, state, json } = options.data;
      const stopped = new Promise<null>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(null));
      });
      const demo = await startDemo({ port, region, ...(state === undefined ? {} : { state }) });
      if (!demo.ok) throw new CommandFailure(exit.unreachable, demo.error);
      const { screen, operatorPage, bench, operator } = demo.value;
      if (json) answerJson({ screen, operatorPage, bench, operator, state: demo.value.state });
      else process.stdout.write(welcome(demo.value, state === undefined));
      const broken = await Promise.race([stopped, demo.value.broken]);
      await demo.value.stop();
      if (broken !== null) throw new CommandFailure(exit.unreachable, broken);
    });
}

function welcome({ screen, operatorPage, bench, operator, state }: Demo, temporary: boolean): string {
  return `
Sportello is running. Everything is virtual: no card, code or mail is real, nothing leaves this machine.

  Screen     ${screen}
  Bench      ${bench}           insert a card here; slips and mail come out here
  Operator   ${operatorPage}   sign on as "${operator.id}", PIN ${operator.pin}

Begin at the bench: it says what to do next. Ctrl-C stops everything.
State: ${state}${temporary ? ' (goes when the demo stops)' : ''}

`;
}
