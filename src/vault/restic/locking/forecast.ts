/** What locking a snapshot will come to before it is taken: what the one before it needs, and what is new. */
import type { Key } from '../../../storage/storage.ts';
import type { Vault } from '../../vault.ts';
import type { BlobReader } from '../blob-reader.ts';
import { earlierSnapshots } from '../earlier-snapshots.ts';
import type { SnapshotListing } from '../listing.ts';
import type { Repository } from '../repository.ts';
import type { RepositoryLocks } from './repository-locks.ts';
import { packsUsed } from './used-objects.ts';

export function forecasting(
  parts: { readonly repository: Repository; readonly blobs: BlobReader; readonly listing: SnapshotListing },
  locks: RepositoryLocks,
): NonNullable<Vault['forecastLocks']> {
  return async (target, newBytes, { signal }) => {
    const [before] = earlierSnapshots((await parts.listing.read({ signal })).stored, target);
    const packs =
      before === undefined
        ? new Set<Key>()
        : await packsUsed(parts, { place: before.entry.place, tree: before.file.tree }, { signal });
    return locks.forecast(packs, newBytes, { signal });
  };
}
