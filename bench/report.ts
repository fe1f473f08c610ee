/** What was measured, as tables. */
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { type Measure, median } from './measure.ts';

export interface Pair {
  readonly hikae: Measure;
  readonly rival: Measure;
}

const MIB = 1024 * 1024;

export function machineFacts(work: string): string {
  const [cpu] = cpus();
  const fileSystem = execFileSync('findmnt', ['-n', '-o', 'FSTYPE', '-T', work], { encoding: 'utf8' }).trim();
  const rsync = execFileSync('rsync', ['--version'], { encoding: 'utf8' })
    .split('\n')[0]
    ?.replace(/ +/g, ' ');
  return [
    `${cpus().length} x ${cpu?.model ?? 'unknown processor'}, ${Math.round(totalmem() / MIB / 1024)} GiB of memory`,
    `Linux ${release()}, ${fileSystem} at ${work}`,
    `Node.js ${process.version}, ${rsync}`,
  ].join('\n');
}

/** One line for each case and each of time, processor and memory; medians, with the least and the most. */
export function pairTable(cases: ReadonlyMap<string, { rival: string; pairs: readonly Pair[] }>): string {
  const rows = [['', '', 'hikae', '', 'other', '', 'ratio']];
  for (const [name, { rival, pairs }] of cases) {
    rows.push([name, 'wall s', ...sides(pairs, ({ wall }) => wall, 2), `against ${rival}`]);
    rows.push(['', 'cpu s', ...sides(pairs, ({ cpu }) => cpu, 2)]);
    rows.push(['', 'memory MiB', ...sides(pairs, ({ memory }) => memory / MIB, 0)]);
  }
  return formatRows(rows);
}

function sides(pairs: readonly Pair[], figure: (one: Measure) => number, digits: number): string[] {
  const ours = pairs.map(({ hikae }) => figure(hikae));
  const theirs = pairs.map(({ rival }) => figure(rival));
  const ratio = median(ours) / median(theirs);
  return [...spread(ours, digits), ...spread(theirs, digits), `${ratio.toFixed(2)}x`];
}

/** The median, and from least to most. */
export function spread(values: readonly number[], digits: number): [string, string] {
  const range = `${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)}`;
  return [median(values).toFixed(digits), range];
}

export function formatRows(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
