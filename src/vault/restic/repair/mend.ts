/** Making indexes say what is sound, and saving what damaged packs still have. */
import type { Emit } from '../../../model/events.ts';
import type { BlobAmount } from '../../upkeep.ts';
import type { PackedBlob } from '../format/blob.ts';
import { type PackState, restatePacks } from '../index-rewriting.ts';
import type { PackCopier } from '../pack-copier.ts';
import type { Repository } from '../repository.ts';
import { type Inspection, isSound } from './inspection.ts';

/** Needed blobs that lie sound in a damaged pack and in no sound one, pack by pack. */
export function* toSave(
  inspection: Inspection,
  needed: Uint8Array,
): Generator<{ readonly pack: string; readonly blobs: readonly PackedBlob[] }> {
  const { catalog, present, flawed } = inspection;
  const taken = new Set<string>();
  for (const { pack, blobs } of catalog.blobs.everyPack(needed, (id) => flawed.has(id) && present.has(id))) {
    const wanted = blobs.filter(({ type, id, marked }) => {
      const key = `${type} ${id}`;
      if (!marked || taken.has(key) || flawed.get(pack)?.has(key) === true) return false;
      if (isSound(inspection, type, id, (other) => !flawed.has(other))) return false;
      taken.add(key);
      return true;
    });
    if (wanted.length > 0) yield { pack, blobs: wanted };
  }
}

export function amountToSave(inspection: Inspection, needed: Uint8Array): BlobAmount {
  const all = [...toSave(inspection, needed)].flatMap(({ blobs }) => blobs);
  return { blobs: all.length, bytes: all.reduce((sum, { length }) => sum + length, 0) };
}

/** What indexes are to say of each pack: a pack that is damaged is believed nothing any more. */
export function statesOf(inspection: Inspection, needed: Uint8Array): ReadonlyMap<string, PackState> {
  const { catalog, present, flawed } = inspection;
  const states = new Map<string, PackState>();
  for (const pack of [...catalog.live, ...catalog.marked.keys()])
    if (!present.has(pack)) states.set(pack, 'gone');
  for (const pack of present.keys()) {
    const isMarked = catalog.marked.has(pack);
    // One that was found damaged before stays as it was marked then.
    const isKnownDamaged = isMarked && flawed.has(pack) && catalog.distrusted.has(pack);
    if (flawed.has(pack)) states.set(pack, isKnownDamaged ? 'marked' : 'distrusted');
    else states.set(pack, isMarked ? 'marked' : 'live');
  }
  const isInUse = (pack: string) => states.get(pack) === 'live';
  for (const { pack, blobs } of catalog.blobs.everyPack(needed, (id) => states.get(id) === 'marked')) {
    if (flawed.has(pack)) continue;
    const isAlone = ({ type, id, marked }: (typeof blobs)[number]) =>
      marked && !isSound(inspection, type, id, isInUse);
    if (blobs.some(isAlone)) states.set(pack, 'live');
  }
  return states;
}

export interface MendingParts {
  readonly repository: Repository;
  readonly copier: PackCopier;
  /** milliseconds since 1970 UTC */
  readonly now: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

export async function mend(
  inspection: Inspection,
  needed: Uint8Array,
  { repository, copier, now, emit, signal }: MendingParts,
): Promise<void> {
  for (const { pack, blobs } of toSave(inspection, needed)) await copier.copy(pack, blobs, emit);
  const added = await copier.finish();
  emit({ type: 'phase', phase: 'publishing' });
  const { catalog, present: sizes } = inspection;
  const states = statesOf(inspection, needed);
  await restatePacks(repository, { catalog, states, sizes, added, now }, { signal });
}
