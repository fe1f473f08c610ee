/**
 * Doing what a plan says, once it is known that we may, in the order in which nothing is ever missing: new packs, then index files that name them, then the
 * old index files go, and last the packs that no index names any more.
 */
import type { Emit } from '../../../model/events.ts';
import type { Catalog } from '../catalog.ts';
import type { IndexedPack } from '../format/index-file.ts';
import {
  changesIndexes,
  type PackState,
  removeObjects,
  requireRemoval,
  restatePacks,
} from '../index-rewriting.ts';
import { packKey } from '../layout.ts';
import { PackCopier } from '../pack-copier.ts';
import type { Repository } from '../repository.ts';
import { type Fate, keptIn, type Plan } from './plan.ts';

export interface ExecutionParts {
  readonly repository: Repository;
  readonly catalog: Catalog;
  readonly needed: Uint8Array;
  /** the packs in the storage, with their bytes */
  readonly present: ReadonlyMap<string, number>;
  /** milliseconds since 1970 UTC, for the marks */
  readonly now: number;
  /** packs that were copied are removed at once: no mark is wanted */
  readonly removesCopied: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Gives the packs that were to be copied and turned out to be damaged: they are left as they are. */
export async function executePlan(plan: Plan, parts: ExecutionParts): Promise<readonly string[]> {
  const { repository, catalog, present: sizes, now, emit, signal, removesCopied } = parts;
  const fates = new Map(plan.packs.map(({ pack, fate }) => [pack, fate]));
  const statesNow = () => new Map([...fates].map(([pack, fate]) => [pack, stateAfter(pack, fate, catalog)]));
  const isCopying = [...fates.values()].includes('copy');
  if (isCopying || changesIndexes({ catalog, states: statesNow(), sizes, added: [], now }))
    await requireRemoval(repository, { signal });
  const { copied: added, damaged } = await copyNeeded(plan, fates, parts);
  for (const pack of damaged) fates.set(pack, 'keep');
  for (const [pack, fate] of fates) if (fate === 'copy' && removesCopied) fates.set(pack, 'remove');
  emit({ type: 'phase', phase: 'publishing' });
  await restatePacks(repository, { catalog, states: statesNow(), sizes, added, now }, { signal });
  const gone = [...fates].filter(([, fate]) => fate === 'remove').map(([pack]) => packKey(pack));
  if (gone.length > 0) emit({ type: 'phase', phase: 'pruning' });
  await removeObjects(repository, gone, { signal });
  return damaged;
}

const changed: Readonly<Record<Exclude<Fate, 'hold'>, PackState>> = {
  keep: 'live',
  recover: 'live',
  copy: 'marked-anew',
  mark: 'marked-anew',
  wait: 'marked',
  remove: 'gone',
  drop: 'gone',
};

/** What is held stays as it is: in use, marked, or named by no index. */
function stateAfter(pack: string, fate: Fate, { live, marked }: Catalog): PackState {
  if (fate !== 'hold') return changed[fate];
  if (live.has(pack)) return 'live';
  return marked.has(pack) ? 'marked' : 'gone';
}

async function copyNeeded(
  { keepers }: Plan,
  fates: ReadonlyMap<string, Fate>,
  { repository, catalog, needed, emit, signal }: ExecutionParts,
): Promise<{ copied: readonly IndexedPack[]; damaged: string[] }> {
  const copier = new PackCopier(repository, { signal });
  const damaged: string[] = [];
  const isCopied = (pack: string) => fates.get(pack) === 'copy';
  if ([...fates.values()].includes('copy')) emit({ type: 'phase', phase: 'copying' });
  try {
    for (const { pack, blobs } of catalog.blobs.everyPack(needed, isCopied)) {
      const wanted = blobs.filter((blob) => blob.marked && keptIn(keepers, blob, pack));
      if (!(await copier.copy(pack, wanted, emit))) damaged.push(pack);
    }
    return { copied: await copier.finish(), damaged };
  } finally {
    await copier.end();
  }
}
