/** Whether something is mounted at a path. Source: proc_pid_mountinfo(5). */
import { readFileSync, realpathSync } from 'node:fs';
import { systemCode } from '../../base/errors.ts';

export function isMountPoint(path: string): boolean {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => decodeField(line.split(' ')[4] ?? '') === real);
}

/** Blanks, tabs, newlines and backslashes stand there as octal numbers. */
function decodeField(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
