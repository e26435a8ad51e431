import { defineConfig } from 'vitest/config';

/** The proof at length (`npm run prove`); its short form is in the suite. */
export default defineConfig({
  test: {
    include: ['tests/proof/prove.proof.ts'],
    globalSetup: ['tests/harness/pki.setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 0,
    hookTimeout: 60_000,
    passWithNoTests: false,
    // What the proof says of its progress is wanted at once.
    disableConsoleIntercept: true,
  },
});
