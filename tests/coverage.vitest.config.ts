import { defineConfig } from 'vitest/config';

/** `npm run coverage`: the parts that exactly-once stands on, with the tests that are theirs. One branch not taken is a failure. */
export default defineConfig({
  test: {
    include: [
      'tests/kiosk/records/**/*.test.ts',
      'tests/flows/operations/*.test.ts',
      'tests/kiosk/cms/reconciliation.test.ts',
      'tests/hazards/shift-count-unanswered.test.ts',
      'tests/proof/audit/*.test.ts',
    ],
    exclude: ['tests/kiosk/records/commands.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    passWithNoTests: false,
    coverage: {
      enabled: true,
      provider: 'v8',
      // Commands are shown from outside, as processes, where this does not see them.
      include: ['kiosk/records/**/*.ts', 'flows/operations/{recovery,evidence,settlement,resolution,reconciliation,reprint}.ts'],
      exclude: ['kiosk/records/**/commands.ts', 'tests/**'],
      thresholds: { branches: 100 },
      reporter: ['text'],
    },
  },
});
