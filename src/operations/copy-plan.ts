/** Which snapshots a vault lacks that it would keep. Pure: it decides, others show and do. */
import type { SnapshotEntry } from '../model/snapshot.ts';
import { type Keep, planRetention, retentionFacts } from '../policy/policy.ts';

export interface CopyRules {
  /** what the destination's retention holds; absent for a vault that no policy names, which keeps everything */
  readonly keep?: Keep;
  /** milliseconds since 1970 UTC */
  readonly now: number;
  readonly zone: string;
}

/**
 * Of one target's snapshots in `source`, those that `destination` has not and that its retention would not remove at once;
 * newest first, because that is what a disaster asks for. Of an incomplete one there is a copy where nothing complete is
 * newer, and none of what a restore has put aside.
 */
export function lackingSnapshots(
  source: readonly SnapshotEntry[],
  destination: readonly SnapshotEntry[],
  rules: CopyRules,
): readonly SnapshotEntry[] {
  const known = new Set(destination.map(copyKey));
  const lastComplete = Math.max(
    ...[...source, ...destination].filter(isWhole).map(({ header }) => header.time),
    Number.NEGATIVE_INFINITY,
  );
  const lacking = source.filter(
    (entry) =>
      entry.header.schedule !== 'safety' &&
      !known.has(copyKey(entry)) &&
      (entry.complete || entry.header.time > lastComplete),
  );
  return keptOf(lacking, destination, rules).sort(newestFirst);
}

/** What a snapshot is known by in every vault: a weekly that was made of a daily has its id. */
export function copyKey({ header }: SnapshotEntry): string {
  return `${header.schedule} ${header.id}`;
}

function isWhole({ complete, header }: SnapshotEntry): boolean {
  return complete && header.schedule !== 'safety';
}

function keptOf(
  lacking: readonly SnapshotEntry[],
  destination: readonly SnapshotEntry[],
  { keep, now, zone }: CopyRules,
): SnapshotEntry[] {
  if (keep === undefined) return [...lacking];
  const facts = [...destination, ...lacking].map((entry) => ({ ...retentionFacts(entry), entry }));
  const marks = planRetention(facts, { keep, frozen: false }, { now, zone });
  const wanted = new Set(lacking);
  return marks.flatMap(({ snapshot: { entry }, mark }) =>
    mark !== 'remove' && wanted.has(entry) ? [entry] : [],
  );
}

/** Of one id the daily comes first: the weekly is then made of it, where it lies. */
function newestFirst({ header: one }: SnapshotEntry, { header: other }: SnapshotEntry): number {
  return other.time - one.time || (one.schedule < other.schedule ? -1 : 1);
}
