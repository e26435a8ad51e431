import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'MB';
  readonly min: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
  readonly samples: number;
}

/** How many runs or sessions were asked for. */
export const count = Number(process.env['BENCH_COUNT'] ?? '1');

export function progress(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

export function figure(name: string, unit: Figure['unit'], values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) throw new Error(`${name}: nothing was measured`);
  /** Nearest rank: a value that was really measured. */
  const at = (part: number): number => round(sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!);
  return { name, unit, min: at(0), median: at(0.5), p95: at(0.95), max: at(1), samples: sorted.length };
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Growth of `values` over `at`, by least squares: units of value a unit of place. */
export function slope(at: readonly number[], values: readonly number[]): number {
  const mean = (of: readonly number[]): number => of.reduce((sum, each) => sum + each, 0) / of.length;
  const [middle, height] = [mean(at), mean(values)];
  const spread = at.reduce((sum, x) => sum + (x - middle) ** 2, 0);
  return at.reduce((sum, x, index) => sum + (x - middle) * (values[index]! - height), 0) / spread;
}

/** Where it was measured: without it no figure says anything. */
const machine = {
  node: process.version,
  kernel: release(),
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  memoryMB: Math.round(totalmem() / 2 ** 20),
} as const;

/** Leaves the report where `bench.js` picks it up. `table` is for people, the rest for programs. */
export function leaveReport(bench: string, report: Readonly<Record<string, unknown>>, table: string): void {
  const head = `${bench}: ${machine.cores} x ${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}`;
  writeFileSync(process.env['BENCH_REPORT'] ?? '/dev/stderr', JSON.stringify({ bench, machine, ...report, table: `${head}\n${table}` }));
}

export function tableOf(figures: readonly Figure[]): string {
  const cells = figures.map(({ name, unit, min, median, p95, max, samples }) =>
    [`${name} (${unit})`, min, median, p95, max, samples].map(String),
  );
  return columns([['', 'min', 'median', 'p95', 'max', 'n'], ...cells]);
}

/** Rows with the first column to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '))
    .join('\n');
}
