/**
 * Making a snapshot visible: its file is the last thing that is put. Where objects are locked, all that it needs is locked
 * before; what can't be locked is not published.
 */
import type { Emit } from '../../model/events.ts';
import type { BlobReader } from './blob-reader.ts';
import { encodeSnapshotFile, type SnapshotFile } from './format/snapshot-file.ts';
import { packsUsed } from './locking/used-objects.ts';
import { type Signalled, writeUnpacked } from './objects.ts';
import type { Repository } from './repository.ts';

export interface Publication extends Signalled {
  readonly place: string;
  readonly emit: Emit;
  /** milliseconds since 1970 UTC, where it is not to be locked for as long as every new one */
  readonly until?: number | undefined;
}

/** Gives the id of the file. */
export async function publishSnapshotFile(
  parts: { readonly repository: Repository; readonly blobs: BlobReader },
  file: SnapshotFile,
  { place, emit, until, signal }: Publication,
): Promise<string> {
  const { repository } = parts;
  const { locks, config } = repository;
  const json = encodeSnapshotFile(file);
  const to = { ...repository, version: config.version };
  if (locks === undefined) return writeUnpacked(to, 'snapshots', json, { signal });
  emit({ type: 'phase', phase: 'locking' });
  const packs = await packsUsed(parts, { place, tree: file.tree }, { signal });
  const secured = await locks.secure(packs, { until, signal });
  emit({ type: 'locks.set', vault: repository.storage.location, ...secured });
  const lock = { mode: locks.settings.mode, until: secured.until };
  return writeUnpacked(to, 'snapshots', json, { signal, lock });
}
