/** The symlink `latest` beside the snapshots of a target: it points to the newest complete one. */
import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '../../base/durable-files.ts';
import { systemCode } from '../../base/errors.ts';
import { LATEST, type Place, parsePlace } from './layout.ts';
import { listSnapshots } from './listing.ts';

/**
 * Points it to the newest complete snapshot in the folder of `place` that was not taken after `until` (milliseconds since
 * 1970 UTC): one that a wrong clock has put into the future must not hide those that come now. Where there is none, it goes.
 */
export function updateLatest(root: string, { schedule, target }: Place, until: number): void {
  const folder = join(root, schedule, target);
  const newest = listSnapshots(root, { target }).snapshots.findLast(
    ({ place, header, complete }) =>
      complete && header.time <= until && parsePlace(place)?.schedule === schedule,
  );
  const name = newest === undefined ? undefined : parsePlace(newest.place)?.name;
  if (latestName(folder) === name) return;
  if (name === undefined) rmSync(join(folder, LATEST));
  else pointLatest(folder, name);
  syncDirectory(folder);
}

/** Removes what a move that was cut short has left. */
export function clearBeside(folder: string): void {
  rmSync(beside(folder), { force: true });
}

/** Moves it in one step: it points to the old one or to the new one, at every moment. */
function pointLatest(folder: string, name: string): void {
  clearBeside(folder);
  symlinkSync(name, beside(folder));
  renameSync(beside(folder), join(folder, LATEST));
}

function beside(folder: string): string {
  return join(folder, `${LATEST}.new`);
}

/** The name of the snapshot that it points to; undefined where there is none. */
export function latestName(folder: string): string | undefined {
  try {
    return readlinkSync(join(folder, LATEST));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
