import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whose files take longest, longest first: a short file that takes minutes would else begin last, and be waited for alone. */
const longest = ['proof/kill/', 'proof/teeth/', 'proof/secrets/', 'crash/', 'kiosk/demo/', 'proof/', 'e2e/', 'hazards/'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((folder) => moduleId.includes(`/tests/${folder}`));
      return found === -1 ? longest.length : found;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

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
    sequence: { sequencer: LongestFirst },
    // Tests of one file that mostly wait for time to pass.
    maxConcurrency: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // A file that was left out by mistake must not pass as "no tests".
    passWithNoTests: false,
    allowOnly: false,
  },
});
