import { expect, test } from 'vitest';
import { proceduresPage } from '../../../kiosk/procedures/report.ts';

test('docs/procedures.md is what the profiles say (else: npm run procedures:report)', async () => {
  await expect(proceduresPage()).toMatchFileSnapshot('../../../docs/procedures.md');
});
