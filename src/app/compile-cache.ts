/**
 * Keeps what V8 compiled from run to run, which halves the time to start.
 *
 * Not where Node.js would put it, below /tmp: whoever makes that folder first could give root code of his own to run.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { join } from 'node:path';

export function cacheCompiledCode(): void {
  if (getCompileCacheDir() !== undefined) {
    // In a checkout bin/hikae has chosen the folder already. What we start has no business in it.
    delete process.env.NODE_COMPILE_CACHE;
    return;
  }
  const folder = cacheFolder();
  if (folder !== undefined && isOurs(folder)) enableCompileCache(folder);
}

function cacheFolder(): string | undefined {
  // Under sudo HOME may still be that of the user, who could then plant code for root.
  if (process.getuid?.() === 0) return '/var/cache/hikae';
  const { XDG_CACHE_HOME, HOME } = process.env;
  if (XDG_CACHE_HOME?.startsWith('/')) return join(XDG_CACHE_HOME, 'hikae');
  return HOME?.startsWith('/') ? join(HOME, '.cache', 'hikae') : undefined;
}

/** Makes the folder where it isn't there. A cache that can't be had is done without, in silence. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
