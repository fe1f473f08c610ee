/** Which process a run belongs to: a pid alone is given to others later, with its start and the boot it is unique. */
import { readFile } from 'node:fs/promises';
import { systemCode } from './errors.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** clock ticks since the machine started */
  readonly started: number;
  /** the kernel's id of this boot */
  readonly boot: string;
}

interface Options {
  readonly signal: AbortSignal;
}

export async function ownProcess({ signal }: Options): Promise<ProcessIdentity> {
  const stat = await readStat('self', { signal });
  if (stat === undefined) throw new Error('/proc/self/stat tells nothing of this process');
  return { pid: stat.pid, started: stat.started, boot: await bootId({ signal }) };
}

/** True while that very process runs on this machine; one that has ended but was not waited for does not run. */
export async function isRunning(
  { pid, started, boot }: ProcessIdentity,
  { signal }: Options,
): Promise<boolean> {
  if (boot !== (await bootId({ signal }))) return false;
  const stat = await readStat(String(pid), { signal });
  return stat !== undefined && stat.started === started && !'ZX'.includes(stat.state);
}

async function bootId({ signal }: Options): Promise<string> {
  signal.throwIfAborted();
  return (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
}

interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly started: number;
}

/** proc(5): `pid (name) state …`, the start time in field 22. A name may hold spaces and brackets. */
async function readStat(which: string, { signal }: Options): Promise<Stat | undefined> {
  signal.throwIfAborted();
  let text: string;
  try {
    text = await readFile(`/proc/${which}/stat`, 'latin1');
  } catch (error) {
    // ESRCH: it ended between opening and reading
    if (['ENOENT', 'ESRCH'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const pid = Number.parseInt(text, 10);
  const started = Number(fields[22 - 3]);
  if (state === undefined || !Number.isSafeInteger(pid) || !Number.isSafeInteger(started)) return undefined;
  return { pid, state, started };
}
