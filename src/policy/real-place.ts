/** Where a path really is, links followed. */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../base/errors.ts';

/** As far as the path exists; what doesn't exist yet is kept as it is written. */
export async function realPlace(path: string): Promise<string> {
  const real = await ifThere(() => realpath(path));
  if (real !== undefined || path === '/') return real ?? path;
  return join(await realPlace(dirname(path)), basename(path));
}

/** Undefined for what isn't there or may not be seen: a fact that can't be told is no error. */
export async function ifThere<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES' || code === 'EINVAL') return undefined;
    throw error;
  }
}
