/**
 * Giving a volume new content while the old is kept as another volume. The engine can't rename volumes; but each is a
 * folder of this machine, and two folders take each other's place in one step.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { exchangeAt } from '../../base/libc.ts';
import { rawFromText } from '../../base/raw-path.ts';
import type { Engine, Volume } from '../docker/engine.ts';
import { requireHere } from './volume.ts';

/** The name of the volume that keeps the old content, after the time of the restore. */
export function keptName(volume: string, now: number): string {
  return `${volume}_hikae_${new Date(now).toISOString().replace(/[-:]|\..*/g, '')}`;
}

/**
 * The work finds the volume empty, with the old content already in the volume `kept`. When it fails the old content is
 * back, and nothing is left of the new.
 */
export async function replaceContent<Result>(
  volume: Volume,
  kept: string,
  { engine, signal }: { engine: Engine; signal: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  const { driver, options } = volume;
  // Not the labels as well: what sweeps up after a project by its labels would take the old content along.
  const labels = { 'hikae.kept-from': volume.name };
  const other = await engine.createVolume({ name: kept, driver, options, labels }, { signal });
  requireHere(other);
  exchange(volume.mountpoint, other.mountpoint);
  try {
    return await work();
  } catch (error) {
    exchange(volume.mountpoint, other.mountpoint);
    await engine.removeVolume(kept, { signal: new AbortController().signal });
    throw error;
  }
}

function exchange(one: string, other: string): void {
  const from = openSync(dirname(one), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const to = openSync(dirname(other), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      exchangeAt(from, rawFromText(basename(one)), to, rawFromText(basename(other)));
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}
