import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    // NIST's suite is not part of the project: it runs where PKITS names its folder, and is not there to be skipped elsewhere.
    exclude: process.env.PKITS === undefined ? ['tests/kiosk/trust/path/pkits.test.ts'] : [],
    // Processes, not threads: the kernel's "end with your parent" follows the thread that started a child.
    globalSetup: ['tests/harness/pki.setup.ts'],
    pool: 'forks',
    // More than the two processors of the least machine: the files of processes and devices wait more than they compute.
    maxWorkers: 3,
    // Tests of one file that mostly wait for time to pass.
    maxConcurrency: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // A file that was left out by mistake must not pass as "no tests".
    passWithNoTests: false,
    allowOnly: false,
  },
});
