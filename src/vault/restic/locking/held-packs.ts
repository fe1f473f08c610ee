/**
 * What a prune has to know of a medium with versions: until when packs are locked there, by its own clock. Asked for anew of
 * each pack that may go, because what is remembered of dates is a hint; and whatever the policy says of locks, which may be
 * that of another machine.
 */
import type { Clock } from '../../../base/clock.ts';
import { inLanes } from '../../../base/lanes.ts';
import { byKey, type Key, type ObjectVersion } from '../../../storage/storage.ts';
import { serverClock } from '../../locking/server-clock.ts';
import { idIn, packKey } from '../layout.ts';
import type { Signalled } from '../objects.ts';
import type { Repository } from '../repository.ts';

export interface Keeping {
  /** milliseconds since 1970 UTC by the server's clock */
  now(): number;
  /** what is removed is hidden, and its room is free only when the medium's own rules take it away */
  readonly hides: boolean;
  /** Of these packs those that are locked still, and until when: undefined where the server doesn't tell. */
  held(packs: Iterable<string>, options: Signalled): Promise<ReadonlyMap<string, number | undefined>>;
}

/** undefined where the medium keeps no versions at all; VAULT_CLOCK_OFF. */
export async function keepingOf(
  { storage }: Pick<Repository, 'storage'>,
  clock: Clock,
  { signal }: Signalled,
): Promise<Keeping | undefined> {
  const { locking, location, capabilities } = storage;
  if (locking === undefined) return undefined;
  const { versioned, lockable, time } = await locking.state({ signal });
  const now = serverClock(location, time, clock);
  return {
    now,
    hides: versioned !== false,
    async held(packs, options) {
      const held = new Map<string, number | undefined>();
      const keys = new Set([...packs].map(packKey));
      if (lockable === false || keys.size === 0) return held;
      const stored: ObjectVersion[] = [];
      for await (const versions of byKey(locking.versions('data' as Key, options)))
        for (const one of versions) if (!one.deleted && keys.has(one.key)) stored.push(one);
      const lanes = { lanes: capabilities.parallel, signal: options.signal };
      await inLanes(stored, lanes, async ({ key, version }, either) => {
        const { lock, time: then } = await locking.statVersion(key, version, { signal: either });
        if (lock === 'none' || (typeof lock === 'object' && lock.until <= then)) return;
        const pack = idIn(key) ?? '';
        const until = lock === 'unknown' ? Number.POSITIVE_INFINITY : lock.until;
        // Of several versions the one that stays the longest counts.
        held.set(pack, Math.max(until, held.get(pack) ?? 0));
      });
      for (const [pack, until] of held) if (until === Number.POSITIVE_INFINITY) held.set(pack, undefined);
      return held;
    },
  };
}
