import { CommandFailure, answerJson, exit } from '../../devices/command.ts';
import { createLog } from '../log/log.ts';
import { readCmsConfiguration } from './configuration.ts';
import { type RunningCms, startReferenceCms } from './start.ts';

/** Runs the reference CMS until SIGTERM or SIGINT. The one line on standard output, `{"port": …, "url": …}`, says that it takes calls. */
export async function serve(configurationFile: string): Promise<void> {
  const cms = await start(configurationFile);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  answerJson({ port: cms.port, url: cms.url });
  await stopped;
  await cms.close();
}

async function start(file: string): Promise<RunningCms> {
  const configuration = readCmsConfiguration(file);
  if (!configuration.ok) throw new CommandFailure(exit.unusable, configuration.error.detail);
  try {
    return await startReferenceCms(configuration.value, { log: createLog('cms') });
  } catch (error) {
    throw new CommandFailure(exit.unusable, `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
