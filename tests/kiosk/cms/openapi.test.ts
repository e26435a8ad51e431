import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { describeContract } from '../../../kiosk/cms/openapi.ts';
import { projectRoot } from '../../../kiosk/project.ts';

// `npx vitest run tests/kiosk/cms/openapi.test.ts -u` writes it anew.
test('openapi.json is what the contract says', async () => {
  const file = resolve(projectRoot(), 'kiosk/cms/openapi.json');
  const text = await format(JSON.stringify(describeContract()), { ...(await resolveConfig(file)), filepath: file });
  await expect(text).toMatchFileSnapshot(file);
});
