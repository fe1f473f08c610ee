/** Running a command and measuring what it takes: time, processor and memory, of it and all that it starts. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Measure {
  /** seconds */
  readonly wall: number;
  /** seconds in user and in system mode together */
  readonly cpu: number;
  /** bytes: the most that all its processes had in memory together */
  readonly memory: number;
}

/** How often memory is looked at, in milliseconds; GNU time's own figure for the largest process covers what falls between. */
const EVERY = 20;
const PAGE = 4096;
/** Of /proc: in a second, and at which place behind the name user time stands, with system time behind it. */
const TICKS = 100;
const USER_TIME = 11;

/** Runs a shell command, which must end well. Disks are quiet before it starts. */
export async function measure(command: string): Promise<Measure> {
  execFileSync('sync');
  const folder = mkdtempSync(join(tmpdir(), 'hikae-measure-'));
  const figures = join(folder, 'figures');
  try {
    const argv = ['-o', figures, '-f', '%e %U %S %M', 'sh', '-c', command];
    const child = spawn('/usr/bin/time', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    let memory = 0;
    const timer = setInterval(() => {
      if (child.pid !== undefined) memory = Math.max(memory, residentOf(child.pid));
    }, EVERY);
    const [code] = await once(child, 'close');
    clearInterval(timer);
    if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${said}`);
    const line = readFileSync(figures, 'utf8').trim().split('\n').at(-1) ?? '';
    const [wall = 0, user = 0, system = 0, largest = 0] = line.split(' ').map(Number);
    return { wall, cpu: user + system, memory: Math.max(memory, largest * 1024) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Bytes in memory of a process and of all below it. One that ends meanwhile has none. */
function residentOf(pid: number): number {
  let resident: number;
  let children: string;
  try {
    resident = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE;
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return 0;
    throw error;
  }
  const below = children.split(' ').filter((one) => one !== '');
  return below.reduce((sum, child) => sum + residentOf(Number(child)), resident);
}

/** Seconds in user and in system mode that processes of others have taken so far. */
export function processorSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    // Behind the name, which may have anything in it.
    const [, rest = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    const fields = rest.split(' ').map(Number);
    return (fields[USER_TIME] ?? 0) + (fields[USER_TIME + 1] ?? 0);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper;
}
