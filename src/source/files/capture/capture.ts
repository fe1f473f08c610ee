/** The capture of files: one pass over folders as they are now. */
import type { Clock } from '../../../base/clock.ts';
import type { Capture } from '../../../model/capture.ts';
import type { CaptureOptions } from '../../source.ts';
import type { OwnerNames } from '../accounts.ts';
import { readAvoided } from '../avoided.ts';
import { type FilesOrigin, openSelection } from '../selection.ts';
import { OpenDirectories } from './open-directories.ts';
import { openRoots } from './roots.ts';
import { Walk } from './walk.ts';

export interface CaptureHost {
  readonly clock: Clock;
  /** the names of owners, read when a capture begins */
  readonly names: () => OwnerNames;
}

/**
 * Opens the roots; fails with SOURCE_ROOT_MISSING or SOURCE_ROOT_UNREADABLE when one isn't there or can't be read.
 * Paths are relative to the component: with the layout `folder`, `''` is the root and its content lies below; with the
 * layout `list`, `''` is `/` and the absolute paths of the roots lie below, with the folders that lead there.
 * Closing also closes what contents hold that were not released.
 */
export async function captureFiles(
  origin: FilesOrigin,
  options: CaptureOptions,
  host: CaptureHost,
): Promise<Capture> {
  options.signal.throwIfAborted();
  const directories = new OpenDirectories();
  try {
    const selection = await openSelection(origin);
    const avoided = readAvoided(options.avoid);
    const start = openRoots(origin, options.component, directories);
    const { oneFileSystem } = origin;
    const { clock } = host;
    const walk = new Walk({
      options,
      clock,
      names: host.names(),
      selection,
      avoided,
      oneFileSystem,
      directories,
    });
    return {
      nodes: () => walk.nodes(start),
      close: async () => directories.closeAll(),
    };
  } catch (error) {
    directories.closeAll();
    throw error;
  }
}
