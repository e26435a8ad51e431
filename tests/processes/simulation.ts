/**
 * Histories one after the other, in a process of their own: `node simulation.js SEED HISTORIES MILLISECONDS [VIOLATIONS]` goes on until there are so many of
 * them or the time is up; `node simulation.js SEED tell` tells the course of one seed step by step. Answers with a JSON line.
 */
import { rmSync } from 'node:fs';
import { Course } from '../proof/simulation/history.ts';
import { emptyRecords } from '../proof/simulation/kiosk.ts';

/** Histories of one seed, in one kiosk. */
const PER_SEED = 20;

const [seed = '1', wanted = '1', milliseconds = '0', told = '20'] = process.argv.slice(2);
const tell = wanted === 'tell' ? (step: string): void => void process.stderr.write(`${step}\n`) : undefined;
const most = tell === undefined ? Number(wanted) : PER_SEED;
const deadline = performance.now() + (tell === undefined ? Number(milliseconds) : Infinity);
const violations: string[] = [];
// Aborts are errors, and a stack for each costs much; who has a course told gets them.
if (tell === undefined) Error.stackTraceLimit = 0;
// What nobody waits for may fail too: a bug is a violation of everything.
const bugs: string[] = [];
let current = Number(seed);
process.on('unhandledRejection', (reason) =>
  bugs.push(`seed ${current}: bug: ${reason instanceof Error ? reason.message : String(reason)}`),
);
const template = emptyRecords((why) => violations.push(`seed ${seed}: liveness: the kiosk does not start: ${why}`));
let kills = 0;
let histories = 0;
while (template !== null && histories < most && performance.now() < deadline && violations.length + bugs.length < Number(told)) {
  const course = new Course(current, template, tell);
  for (let n = 0; n < PER_SEED && course.violations.length === 0; n += 1) {
    await course.history();
    histories += 1;
  }
  await course.stop();
  kills += course.kills;
  violations.push(...course.violations.map((what) => `seed ${current}: ${what}`));
  current += 1;
}
if (template !== null) rmSync(template, { recursive: true, force: true });
process.stdout.write(
  `${JSON.stringify({ histories, kills, violations: [...new Set([...violations, ...bugs])].slice(0, Number(told) + 1) })}\n`,
);
process.exit(0);
