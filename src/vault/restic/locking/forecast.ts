/** What locking will come to: of a snapshot before it is taken, by what the one before it needs; and of one that is to stay longer. */
import type { Key } from '../../../storage/storage.ts';
import type { Vault } from '../../vault.ts';
import type { BlobReader } from '../blob-reader.ts';
import { earlierSnapshots } from '../earlier-snapshots.ts';
import type { SnapshotListing, StoredSnapshot } from '../listing.ts';
import type { Signalled } from '../objects.ts';
import type { Repository } from '../repository.ts';
import type { RepositoryLocks } from './repository-locks.ts';
import { packsUsed } from './used-objects.ts';

interface ForecastParts {
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly listing: SnapshotListing;
}

export function forecasting(
  parts: ForecastParts,
  locks: RepositoryLocks,
): Required<Pick<Vault, 'forecastLocks' | 'forecastProtection'>> {
  return {
    async forecastLocks(target, newBytes, { signal }) {
      const [before] = earlierSnapshots((await parts.listing.read({ signal })).stored, target);
      const packs = before === undefined ? new Set<Key>() : await packsOf(parts, before, { signal });
      return locks.forecast(packs, newBytes, { signal });
    },
    async forecastProtection(entries, until, { signal }) {
      const { stored } = await parts.listing.read({ signal });
      const places = new Set(entries.map(({ place }) => place));
      const chosen = stored.filter(({ entry }) => places.has(entry.place));
      const packs = new Set<Key>();
      // A weekly one is the same tree.
      const trees = new Map(chosen.map((one) => [one.file.tree, one]));
      for (const one of trees.values())
        for (const pack of await packsOf(parts, one, { signal })) packs.add(pack);
      const { requests, ...forecast } = await locks.forecastUntil(packs, until, { signal });
      const dates = await locks.snapshotDates({ signal });
      const lockedUntil = leastOf(chosen.map(({ ids }) => mostOf(ids.map((id) => dates.get(id)))));
      // Each place gets another file, which says until when; that is put and looked at.
      const files = chosen.length;
      return {
        ...forecast,
        requests: { puts: requests.puts + files, gets: requests.gets + files },
        ...(lockedUntil === undefined ? {} : { lockedUntil }),
      };
    },
  };
}

function packsOf(parts: ForecastParts, { entry, file }: StoredSnapshot, options: Signalled) {
  return packsUsed(parts, { place: entry.place, tree: file.tree }, options);
}

/** Of several files for one snapshot, of which one may not be removed, that counts which is locked longest. */
function mostOf(dates: readonly (number | undefined)[]): number | undefined {
  const known = dates.filter((date) => date !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Undefined where one of them is unknown. */
function leastOf(dates: readonly (number | undefined)[]): number | undefined {
  const known = dates.filter((date) => date !== undefined);
  return known.length < dates.length || known.length === 0 ? undefined : Math.min(...known);
}
