/** The HID POS input reports of a code, as most scanners send them: 56 characters a report. */
export function posReports(text: string, identifier: string): Uint8Array[] {
  const reports: Uint8Array[] = [];
  for (let from = 0; from < text.length; from += 56) {
    const piece = Buffer.from(text.slice(from, from + 56), 'latin1');
    const report = new Uint8Array(64);
    report.set([0x02, piece.length, ...Buffer.from(identifier, 'latin1')]);
    report.set(piece, 5);
    report[63] = from + 56 < text.length ? 1 : 0;
    reports.push(report);
  }
  return reports;
}
