import { Command } from 'commander';
import { cmsCheckCommand } from '../cms/check/command.ts';
import { serve } from './serve.ts';

export function cmsCommands(): Command {
  const cms = new Command('cms').description('The reference CMS, and the contract of the CMS link');
  cms
    .command('serve')
    .description('Runs the reference CMS until it is stopped; one JSON line says its port and address')
    .requiredOption('--config <file>', 'configuration (JSON)')
    .addHelpText('after', '\nExample:\n  sportello cms serve --config cms.json')
    .action(async ({ config }: { config: string }) => {
      await serve(config);
    });
  cms.addCommand(cmsCheckCommand());
  return cms;
}
