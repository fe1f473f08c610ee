/**
 * What locking a dated tree will come to: every object is stored and locked anew, sent or copied by the server. One that is
 * to stay longer shares none with another, so that the lock of each is made longer.
 */
import { keyFrom } from '../../../../storage/storage.ts';
import { givenLock, neededLock } from '../../../locking/lock-dates.ts';
import type { Vault } from '../../../vault.ts';
import { predecessorOf } from '../earlier.ts';
import type { ObjectListing } from '../listing.ts';
import { aheadOf, LISTED, type TreeLocks } from './tree-locks.ts';

/** The manifest, the checksums, the policy, and the vault's identity. */
const OWN_OBJECTS = 4;

export function forecasting(
  listing: ObjectListing,
  locks: TreeLocks,
): Required<Pick<Vault, 'forecastLocks' | 'forecastProtection'>> {
  return {
    forecastLocks: forecastLocks(listing, locks),
    async forecastProtection(entries, until, { signal }) {
      const folders = entries.map(({ place }) => keyFrom(place));
      const forecast = await locks.forecastUntil(folders, until, { signal });
      const dates: number[] = [];
      for (const folder of folders) dates.push((await locks.dateOf(folder, { signal })) ?? Number.NaN);
      const lockedUntil = Math.min(...dates);
      return { ...forecast, ...(Number.isNaN(lockedUntil) ? {} : { lockedUntil }) };
    },
  };
}

function forecastLocks(listing: ObjectListing, locks: TreeLocks): NonNullable<Vault['forecastLocks']> {
  return async (target, newBytes, { newNodes = 0, signal }) => {
    const now = await locks.now({ signal });
    const { settings } = locks;
    // What is there already is copied; more of it than will be where files have changed.
    const before = predecessorOf((await listing.snapshots({ target, signal })).snapshots);
    const copied = { nodes: 0, bytes: 0 };
    for (const { nodes, bytes } of before?.header.components ?? []) {
      copied.nodes += nodes;
      copied.bytes += bytes;
    }
    const objects = copied.nodes + newNodes + OWN_OBJECTS;
    const bytes = copied.bytes + newBytes;
    return {
      objects,
      bytes,
      newBytes: bytes,
      extended: 0,
      // Each is looked at once it is there.
      requests: { puts: objects + Math.ceil(objects / LISTED), gets: objects },
      until: neededLock(settings, now).until,
      newUntil: givenLock(aheadOf(settings), now).until,
    };
  };
}
