/** How much the cache of all repositories together takes, and what goes when that is too much. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../../base/errors.ts';

/** In front of what is being written. What a crash has left under such a name is never used, and so goes first. */
export const BESIDE = '.new-';
/** So much is left when room is made, that it need not be made again at once. */
const LEFT = 0.9;

export interface CachedFile {
  readonly path: string;
  readonly size: number;
  /** milliseconds since 1970 UTC */
  readonly used: number;
}

/** All files below a folder, those that others take away meanwhile left out. */
export function filesBelow(folder: string): readonly CachedFile[] {
  const names = unlessGone(() => readdirSync(folder, { recursive: true, encoding: 'utf8' })) ?? [];
  return names.flatMap((name) => {
    const path = join(folder, name);
    const status = unlessGone(() => lstatSync(path));
    return status?.isFile() === true ? [{ path, size: status.size, used: status.mtimeMs }] : [];
  });
}

/** What has to go so that there are well under `most` bytes; nothing as long as there are no more. */
export function oldestBeyond(files: readonly CachedFile[], most: number): readonly CachedFile[] {
  let size = files.reduce((sum, file) => sum + file.size, 0);
  if (size <= most) return [];
  const gone: CachedFile[] = [];
  for (const file of files.toSorted((left, right) => left.used - right.used)) {
    if (size <= most * LEFT) break;
    size -= file.size;
    gone.push(file);
  }
  return gone;
}

function unlessGone<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
