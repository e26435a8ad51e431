import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    // Processes, not threads: the kernel's "end with your parent" follows the thread that started a child.
    globalSetup: ['tests/harness/pki.setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // A file that was left out by mistake must not pass as "no tests".
    passWithNoTests: false,
    allowOnly: false,
  },
});
