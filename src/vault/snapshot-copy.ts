/** Storing a snapshot once more: in another vault, or in the same one under another schedule. */
import { isHikaeError } from '../base/errors.ts';
import type { Schedule, SnapshotDraft, SnapshotEntry, SnapshotHeader } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { captureComponent } from './snapshot-capture.ts';
import type { SnapshotWriter, WritableVault, WriteOptions } from './writable-vault.ts';

export interface SnapshotSource {
  readonly reader: SnapshotReader;
  /** where it lies in its vault, for errors */
  readonly place: string;
  /** the schedule of the new one; its own when absent */
  readonly schedule?: Schedule;
}

export interface StoredSnapshotCopy {
  readonly entry: SnapshotEntry;
  /** bytes that the vault grew by */
  readonly newBytes: number;
}

export type CopyOptions = Omit<WriteOptions, 'policy' | 'inherited'>;

/**
 * Brings a snapshot into a vault that doesn't have it, under the id that it has. What is read has to be what was stored:
 * SNAPSHOT_CONTENT_DAMAGED when it isn't, and then there is no copy.
 */
export async function copySnapshot(
  source: SnapshotSource,
  writable: WritableVault,
  options: CopyOptions,
): Promise<StoredSnapshotCopy> {
  const policy = await source.reader.policy({ signal: options.signal });
  const kept = policy === undefined ? {} : { policy };
  return storeAgain(source, (draft, inheriting) => writable.begin(draft, inheriting), {
    ...options,
    ...kept,
  });
}

/** Writes what a reader has by a writer that `begin` gives. */
export async function storeAgain(
  { reader, place, schedule }: SnapshotSource,
  begin: (draft: SnapshotDraft, options: WriteOptions) => Promise<SnapshotWriter>,
  options: WriteOptions,
): Promise<StoredSnapshotCopy> {
  const { header } = reader;
  const { signal } = options;
  const writer = await begin(draftOf(header, schedule ?? header.schedule), { ...options, inherited: header });
  let newBytes = 0;
  try {
    for (const { name, origin, complete } of header.components) {
      if (!complete) {
        writer.absent({ name, origin });
        continue;
      }
      const stored = await writer.component({ name, origin }, async () =>
        captureComponent(reader, { component: name, place }, signal),
      );
      newBytes += stored.newBytes;
    }
    return { entry: await writer.publish(), newBytes };
  } catch (error) {
    // What is stored soundly the next try takes over, unless there is no room for it; why this one failed is told first.
    await writer.abandon({ discard: isHikaeError(error, 'VAULT_FULL') }).catch(() => undefined);
    throw error;
  }
}

function draftOf(
  { id, target, host, time, zone, trigger, hikae }: SnapshotHeader,
  schedule: Schedule,
): SnapshotDraft {
  return { id, target, host, time, zone, schedule, trigger, hikae };
}
