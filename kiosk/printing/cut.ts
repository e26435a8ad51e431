const LF = 0x0a;
/** The head stands five lines before the cutter; GS V 1 cuts and leaves one point (ESC/POS). */
export const feedAndCut: readonly number[] = [LF, LF, LF, LF, LF, 0x1d, 0x56, 0x01];
