import { defineConfig } from 'vitest/config';

/** The benches use the suite's harness, and so vitest; they are no part of the suite. */
export default defineConfig({
  test: {
    include: ['tests/bench/*.bench.ts'],
    globalSetup: ['tests/harness/pki.setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 0,
    hookTimeout: 60_000,
    passWithNoTests: false,
    // What a bench says of its progress is wanted at once.
    disableConsoleIntercept: true,
  },
});
