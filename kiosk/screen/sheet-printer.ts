import type { Sheet, SheetPrinting } from '../../flows/ports/printing.ts';

const PRINT_LIMIT_MS = 30_000;

/** Prints sheets for a page, one at a time; `null`: the one before is still printing. */
export function sheetPrinter(sheets: SheetPrinting): (sheet: Sheet) => Promise<{ readonly printed: boolean } | null> {
  let printing = false;
  return async (sheet) => {
    if (printing) return null;
    printing = true;
    try {
      const evidence = await sheets.printSheet(sheet, AbortSignal.timeout(PRINT_LIMIT_MS));
      return { printed: evidence.class === 'E2' };
    } finally {
      printing = false;
    }
  };
}
