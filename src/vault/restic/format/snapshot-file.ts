/** A file in `snapshots/`: which tree was stored when, of which paths, by whom. */
import { z } from 'zod';
import { goString } from './go-json.ts';
import { parseTime } from './times.ts';

export interface SnapshotFile {
  /** RFC 3339 */
  readonly time: string;
  /** id of another snapshot, that this one was compared with */
  readonly parent?: string | undefined;
  readonly tree: string;
  readonly paths: readonly string[];
  readonly hostname?: string | undefined;
  readonly username?: string | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly excludes?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly original?: string | undefined;
  readonly program_version?: string | undefined;
}

const id = z.string().regex(/^[0-9a-f]{64}$/);
const texts = z.array(z.string());
const optionalTexts = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? undefined);

const schema = z.object({
  time: z.string(),
  parent: id.optional(),
  tree: id,
  paths: texts.nullable().transform((value) => value ?? []),
  hostname: z.string().optional(),
  username: z.string().optional(),
  uid: z.int().optional(),
  gid: z.int().optional(),
  excludes: optionalTexts,
  tags: optionalTexts,
  original: id.optional(),
  program_version: z.string().optional(),
});

/** Throws a SyntaxError. */
export function parseSnapshotFile(json: string): SnapshotFile {
  const parsed = schema.safeParse(JSON.parse(json));
  if (!parsed.success) throw new SyntaxError(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  parseTime(parsed.data.time);
  return parsed.data;
}

export function encodeSnapshotFile(file: SnapshotFile): string {
  const { time, parent, tree, paths, hostname, username, uid, gid, excludes, tags, original } = file;
  const list = (values: readonly string[]) => `[${values.map(goString).join()}]`;
  const some = (key: string, value: string | undefined) => (value ? `,"${key}":${goString(value)}` : '');
  const number = (key: string, value: number | undefined) => (value ? `,"${key}":${value}` : '');
  const several = (key: string, values: readonly string[] | undefined) =>
    values === undefined || values.length === 0 ? '' : `,"${key}":${list(values)}`;
  return (
    `{"time":${goString(time)}${some('parent', parent)},"tree":"${tree}","paths":${list(paths)}` +
    some('hostname', hostname) +
    some('username', username) +
    number('uid', uid) +
    number('gid', gid) +
    several('excludes', excludes) +
    several('tags', tags) +
    some('original', original) +
    `${some('program_version', file.program_version)}}`
  );
}
