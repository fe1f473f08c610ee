/** Which snapshots there are: their folders by name, their headers from their manifests. */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import {
  isComplete,
  type Schedule,
  type SnapshotEntry,
  type UnreadableSnapshot,
} from '../../model/snapshot.ts';
import { vaultErrors } from '../errors.ts';
import type { SnapshotList } from '../vault.ts';
import { isSnapshotName, isTargetName, MANIFEST, OWN, type Place, placeText, schedules } from './layout.ts';
import { Manifest } from './manifest.ts';
import { readProtections } from './records.ts';

export function listSnapshots(root: string, options: { target?: string }): SnapshotList {
  const snapshots: SnapshotEntry[] = [];
  const unreadable: UnreadableSnapshot[] = [];
  const protections = readProtections(root);
  for (const place of placesIn(root, options.target)) {
    const text = placeText(place);
    const until = protections.get(text);
    try {
      const header = readHeader(root, place);
      const protectedUntil = until === undefined ? {} : { protectedUntil: until };
      snapshots.push({ place: text, header, complete: isComplete(header), ...protectedUntil });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      unreadable.push({ place: text, reason: error });
    }
  }
  snapshots.sort((a, b) => a.header.time - b.header.time || (a.place < b.place ? -1 : 1));
  return { snapshots, unreadable };
}

function readHeader(root: string, place: Place) {
  const text = placeText(place);
  const manifest = Manifest.open(join(root, text, OWN, MANIFEST), text);
  manifest.close();
  const { header } = manifest;
  if (header.target !== place.target || header.schedule !== place.schedule) {
    throw vaultErrors.SNAPSHOT_DAMAGED({ place: text, reason: 'its header belongs to another place' });
  }
  return header;
}

function* placesIn(root: string, only: string | undefined): Generator<Place> {
  for (const schedule of schedules) {
    for (const target of namesIn(join(root, schedule)).filter(isTargetName)) {
      if (only !== undefined && only !== target) continue;
      for (const name of namesIn(join(root, schedule, target)).filter(isSnapshotName)) {
        yield { schedule, target, name };
      }
    }
  }
}

/** Folders of one target with names that end so: unfinished snapshots, and those being removed. */
export function leftovers(root: string, schedule: Schedule, target: string, ending: string): string[] {
  return namesIn(join(root, schedule, target)).filter((name) => name.includes(ending));
}

/** Every folder of every target, by schedule. */
export function targetsIn(root: string): { schedule: Schedule; target: string }[] {
  return schedules.flatMap((schedule) =>
    namesIn(join(root, schedule))
      .filter(isTargetName)
      .map((target) => ({ schedule, target })),
  );
}

export function namesIn(path: string): string[] {
  let folder: number;
  try {
    folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
  try {
    return readdirSync(`/proc/self/fd/${folder}`).sort();
  } finally {
    closeSync(folder);
  }
}
