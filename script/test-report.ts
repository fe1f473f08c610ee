/**
 * How test runs are told: one line for each file while they run, with what the tests themselves have to say below it;
 * then what was skipped and why, the failures, and last the plain line "N passed, N failed" that scripts read.
 *
 * It is stricter than node:test in two things: a file without tests fails, and so does a test marked `todo`. Where
 * everything that tests need has to be there (`complete`), a skipped one fails as well.
 */
import { relative, resolve } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

type Reported = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data'];

interface FileReport {
  readonly path: string;
  passed: number;
  failed: number;
  milliseconds: number;
  /** the suites and the test that are under way, by nesting */
  readonly names: string[];
  /** what its tests print, and what its process says on stderr */
  said: string;
  complaints: string;
}

/** More of one failure than this is rarely read. */
const MOST_LINES = 80;

export async function* report(
  events: AsyncIterable<TestEvent>,
  { complete }: { readonly complete: boolean },
): AsyncGenerator<string> {
  const files = new Map<string, FileReport>();
  const failures: string[] = [];
  const skipped: string[] = [];
  let current: FileReport | undefined;

  const fileOf = (named: string | undefined): FileReport => {
    const path = resolve(named ?? '');
    const known = files.get(path);
    if (known !== undefined) return known;
    const counts = { passed: 0, failed: 0, milliseconds: 0 };
    const opened = { path: relative('.', path), ...counts, names: [], said: '', complaints: '' };
    files.set(path, opened);
    return opened;
  };

  for await (const { type, data } of events) {
    if (type === 'test:stdout') fileOf(data.file).said += data.message;
    if (type === 'test:stderr') fileOf(data.file).complaints += data.message;
    if (type === 'test:diagnostic' && data.file !== undefined) fileOf(data.file).said += `${data.message}\n`;
    if (type === 'test:start') fileOf(data.file).names.splice(data.nesting, Infinity, data.name);
    if (type !== 'test:pass' && type !== 'test:fail') continue;

    // These come file by file, in order, however many files run at once.
    const file = fileOf(data.file);
    if (current !== undefined && current !== file) yield lineOf(current);
    current = file;
    if (data.nesting === 0) file.milliseconds += data.details.duration_ms;
    const name = isTheFileItself(data)
      ? file.path
      : [file.path, ...file.names.slice(0, data.nesting), data.name].join(' › ');
    if (type === 'test:fail') {
      if (!isCountedBelow(data)) {
        file.failed++;
        failures.push(`✖ ${name}\n${indent(shorten(reasonOf(data, file)))}\n`);
      }
    } else if (typeof data.skip === 'string' || data.skip === true) {
      const reason = data.skip === true ? 'no reason given' : data.skip;
      if (complete) {
        file.failed++;
        failures.push(`✖ ${name}\n    skipped: ${reason}\n`);
      } else {
        skipped.push(`${name}: ${reason}`);
      }
    } else if (isTheFileItself(data)) {
      file.failed++;
      failures.push(`✖ ${file.path}\n    has no tests\n`);
    } else if (data.details.type !== 'suite') {
      file.passed++;
    }
  }
  if (current !== undefined) yield lineOf(current);

  if (skipped.length > 0) yield `\nskipped:\n${skipped.map((line) => `  ${line}\n`).join('')}`;
  for (const failure of failures) yield `\n${failure}`;
  let [passed, failed] = [0, 0];
  for (const file of files.values()) {
    passed += file.passed;
    failed += file.failed;
  }
  yield `\n${passed} passed, ${failed} failed\n`;
}

function lineOf(file: FileReport): string {
  const mark = file.failed > 0 ? '✖' : '✔';
  const counts = file.failed > 0 ? `${file.passed} passed, ${file.failed} failed` : `${file.passed} passed`;
  const line = `${mark} ${file.path}  ${counts}  ${(file.milliseconds / 1000).toFixed(1)} s\n`;
  return file.said.trim() === '' ? line : `${line}${indent(file.said.trimEnd())}\n`;
}

/** A suite, or a test with tests in it, that failed only because of what is in it. */
function isCountedBelow(data: Reported): boolean {
  return failureTypeOf(data) === 'subtestsFailed';
}

function failureTypeOf(data: Reported): unknown {
  const { error } = data.details as { error?: { failureType?: unknown } };
  return error?.failureType;
}

/** node:test reports a file's process as a test when nothing in it was one. */
function isTheFileItself(data: Reported): boolean {
  return data.nesting === 0 && data.file !== undefined && relative(data.file, data.name) === '';
}

function reasonOf(data: Reported, file: FileReport): string {
  const { error } = data.details as { error?: Error };
  const cause = error?.cause ?? error;
  const reason = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  const more = cause instanceof Error && cause.cause !== undefined ? `\ncause: ${inspect(cause.cause)}` : '';
  const said = isTheFileItself(data) && file.complaints !== '' ? `\n${file.complaints}` : '';
  return `${reason}${more}${said}`;
}

function shorten(text: string): string {
  const lines = text.trimEnd().split('\n');
  if (lines.length <= MOST_LINES) return lines.join('\n');
  return [...lines.slice(0, MOST_LINES), `… ${lines.length - MOST_LINES} lines more`].join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
