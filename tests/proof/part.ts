/** What `npm run prove` counts (commands.md). */
export interface Counts {
  readonly histories: number;
  readonly kills: number;
  readonly crashStates: number;
  readonly mutantsMade: number;
  readonly mutantsSurvived: number;
  readonly printerFaults: number;
  readonly networkFaults: number;
  readonly tamperings: number;
}

/** One of the ways in which the promise is put to the test. */
export interface ProofPart {
  readonly name: string;
  /** Of the minutes that `prove` is given. */
  readonly share: number;
  /**
   * Goes on until `deadline` (milliseconds since 1970) or until it has tried all; the same seed tries the same. A violation is a line: where, which
   * invariant (reliability.md, 1.3), how to see it again.
   */
  run(budget: {
    readonly deadline: number;
    readonly seed: number;
    readonly progress: (line: string) => void;
  }): Promise<{ readonly counts: Partial<Counts>; readonly violations: readonly string[] }>;
}
