/**
 * What is still missing of a snapshot that another vault has as well, whatever its kind: it is stored from there once more,
 * without a snapshot file. Of what is here already only the hash is looked at; so just what is missing is added.
 */

import type { Clock } from '../../../base/clock.ts';
import { isHikaeError } from '../../../base/errors.ts';
import type { Emit } from '../../../model/events.ts';
import { storeAgain } from '../../snapshot-copy.ts';
import type { Vault } from '../../vault.ts';
import type { BlobReader } from '../blob-reader.ts';
import type { RandomBytes } from '../format/sealing.ts';
import { TimeWriter } from '../format/times.ts';
import type { SnapshotListing } from '../listing.ts';
import type { LockOwner } from '../locks.ts';
import { loadIndex, type Repository } from '../repository.ts';
import { ResticSnapshotWriter } from '../snapshot-writer.ts';
import { StoringCrew } from '../storing-crew.ts';
import type { InspectedRoot } from './inspection.ts';

export interface StoringParts {
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly listing: SnapshotListing;
  readonly owner: LockOwner;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly threads: number;
  readonly zone: string;
}

export interface HeldSnapshot {
  readonly root: InspectedRoot;
  readonly entry: Awaited<ReturnType<Vault['list']>>['snapshots'][number];
}

/** Which of these the other vault has: under the same id, if there is a choice of the same schedule. */
export async function findIn(
  from: Vault,
  roots: readonly InspectedRoot[],
  signal: AbortSignal,
): Promise<readonly HeldSnapshot[]> {
  const { snapshots } = await from.list({ signal });
  return roots.flatMap((root) => {
    const same = snapshots.filter(({ header }) => header.id === root.snapshot);
    const entry = same.find(({ header }) => root.place.startsWith(`${header.schedule}/`)) ?? same[0];
    return entry === undefined ? [] : [{ root, entry }];
  });
}

/** False when its copy in the other vault is damaged too. */
export async function storeOnceMore(
  { root, entry }: HeldSnapshot,
  from: Vault,
  parts: StoringParts,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<boolean> {
  const { repository, blobs, listing, owner, clock, random, threads, zone } = parts;
  await loadIndex(repository, { signal });
  const { stored } = await listing.read({ signal });
  const earlier = stored.filter((one) => one.entry.place === root.place && one.own);
  const crew = new StoringCrew(repository, { threads, random, clock, signal, dry: false });
  const times = new TimeWriter(zone);
  const reader = await from.open(entry, { signal });
  try {
    const policy = await reader.policy({ signal });
    const source = { reader, place: entry.place };
    const options = { emit, signal, ...(policy === undefined ? {} : { policy }) };
    await storeAgain(
      source,
      async (draft, writing) => {
        const writerParts = { repository, blobs, crew, times, owner, earlier, signal };
        const writer = new ResticSnapshotWriter(draft, writerParts, writing);
        return {
          component: (one, open) => writer.component(one, open),
          absent: (one) => writer.absent(one),
          abandon: (how) => writer.abandon(how),
          async publish() {
            await writer.settle();
            return writer.stored();
          },
        };
      },
      options,
    );
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_CONTENT_DAMAGED', 'SNAPSHOT_UNSAFE')) throw error;
    return false;
  } finally {
    await reader.close();
    await crew.close();
  }
}
