/** A file in `locks/`: who works with the repository, and whether alone. */
import { z } from 'zod';
import { parseTime } from './times.ts';

export interface LockFile {
  /** milliseconds since 1970 UTC when it was last refreshed */
  readonly time: number;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** only in hikae's own: what restic's fields can't say, and restic passes over */
  readonly hikae?: OwnLock | undefined;
}

export interface OwnLock {
  /** this machine, whatever its name */
  readonly machine: string;
  /** the kernel's id of this boot */
  readonly boot: string;
  /** when the process began, in clock ticks since the boot: a pid alone is given to others later */
  readonly started: number;
  /** it writes snapshots, which on one machine only one does at a time */
  readonly writes: boolean;
}

const schema = z.object({
  time: z.string(),
  exclusive: z.boolean(),
  hostname: z.string(),
  username: z.string().optional(),
  pid: z.int(),
  uid: z.int().optional(),
  gid: z.int().optional(),
  hikae: z
    .object({ machine: z.string(), boot: z.string(), started: z.int(), writes: z.boolean() })
    .optional()
    .catch(undefined),
});

/** Throws a SyntaxError. */
export function parseLockFile(json: string): LockFile {
  const parsed = schema.safeParse(JSON.parse(json));
  if (!parsed.success) throw new SyntaxError(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { username = '', uid = 0, gid = 0, time, ...rest } = parsed.data;
  return { ...rest, username, uid, gid, time: Number(parseTime(time) / 1_000_000n) };
}

export function encodeLockFile({
  time,
  exclusive,
  hostname,
  username,
  pid,
  uid,
  gid,
  hikae,
}: LockFile): string {
  const when = new Date(time).toISOString();
  return JSON.stringify({ time: when, exclusive, hostname, username, pid, uid, gid, hikae });
}
