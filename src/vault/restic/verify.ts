/**
 * Verifying snapshots of a repository. What several snapshots share is read once; then every file that needs something which
 * is missing or damaged is named, with all the snapshots that have it so.
 */
import type { Finding } from '../../model/finding.ts';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import type { VerifyOptions, VerifyResult } from '../vault.ts';
import { Damage, type VerifyParts } from './damage.ts';
import { nameDamaged, type SnapshotRoot } from './damaged-files.ts';
import { packKey } from './layout.ts';
import type { StoredSnapshot } from './listing.ts';
import { markNeeded } from './needed-blobs.ts';
import { listIds } from './objects.ts';
import { checkPacks } from './pack-check.ts';

export async function verifyRepository(
  parts: VerifyParts,
  entries: readonly SnapshotEntry[],
  options: VerifyOptions,
): Promise<VerifyResult> {
  const { repository, listing } = parts;
  const { emit, signal, level } = options;
  const findings: Finding[] = [];
  const report = (finding: Finding) => {
    findings.push(finding);
    emit({ type: 'finding', vault: repository.storage.location, finding });
  };
  emit({ type: 'phase', phase: 'verifying' });
  const { stored } = await listing.read({ signal });
  const wanted = new Set(entries.map(({ place }) => place));
  const snapshots = stored.filter(({ entry }) => wanted.has(entry.place));
  for (const { place } of entries) {
    if (!stored.some(({ entry }) => entry.place === place))
      report({ kind: 'missing', places: [place], path: '', reason: 'it is not in the repository any more' });
  }
  for (const { details } of repository.index.damaged) {
    const [object, reason] = [String(details.object), String(details.reason)];
    report({ kind: 'unreadable', places: [object], path: '', reason });
  }
  const damage = new Damage();
  const marks = repository.index.blobs.newMarks();
  const trees = snapshots.map(({ file }) => file.tree);
  const checked = { ...(await markNeeded(trees, marks, damage, parts, options)), files: 0, bytes: 0 };
  await checkPlaces(marks, damage, parts, signal);
  if (level !== 'structure') {
    const read = await checkPacks(marks, damage, { ...parts, report }, options);
    Object.assign(checked, read);
  }
  if (!damage.none)
    for (const finding of await nameDamaged(snapshots.map(rootOf), damage, parts, signal)) report(finding);
  return { findings, checked: { ...checked, snapshots: snapshots.length } };
}

/** Every pack that is needed must be there, and long enough. */
async function checkPlaces(
  marks: Uint8Array,
  damage: Damage,
  { repository }: VerifyParts,
  signal: AbortSignal,
): Promise<void> {
  const { blobs: index } = repository.index;
  const sizes = new Map<string, number>();
  for (const { id, size } of await listIds(repository.storage, 'data', { signal })) sizes.set(id, size);
  const isWhole = (pack: string) => (sizes.get(pack) ?? -1) >= index.endOf(pack);
  for (const { pack, blobs } of index.inUse(marks, (pack) => !isWhole(pack))) {
    const size = sizes.get(pack);
    for (const { type, id, offset, length } of blobs) {
      if (size !== undefined && offset + length <= size) continue;
      const others = index.placesOf(type, id).filter((place) => {
        const other = sizes.get(place.pack);
        return other !== undefined && place.offset + place.length <= other;
      });
      if (others.length > 0) continue;
      damage.add(type, id, `${packKey(pack)} ${size === undefined ? 'is missing' : 'is cut off'}`);
    }
  }
}

function rootOf({ entry, file }: StoredSnapshot): SnapshotRoot {
  return { place: entry.place, tree: file.tree };
}
