/**
 * Doing what a plan says, in the order in which nothing is ever missing: new packs, then index files that name them, then the
 * old index files go, and last the packs that no index names any more.
 */
import type { Emit } from '../../../model/events.ts';
import type { MarkedPack } from '../blob-index.ts';
import { unpackBlob } from '../blob-reader.ts';
import type { Catalog } from '../catalog.ts';
import { isLoss } from '../damage.ts';
import type { PackedBlob } from '../format/blob.ts';
import type { IndexedPack } from '../format/index-file.ts';
import { type IndexEntry, removeObjects, rewriteIndexes } from '../index-rewriting.ts';
import { packKey } from '../layout.ts';
import { PackCopier } from '../pack-copier.ts';
import type { Repository } from '../repository.ts';
import { type Fate, keptIn, type Plan } from './plan.ts';

export interface ExecutionParts {
  readonly repository: Repository;
  readonly catalog: Catalog;
  readonly needed: Uint8Array;
  /** milliseconds since 1970 UTC, for the marks */
  readonly now: number;
  /** packs that were copied are removed at once: no mark is wanted */
  readonly mayRemoveCopied: (pack: string) => boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** So much that nobody needs is read along, rather than to ask once more. */
const MOST_GAP = 256 * 1024;
const MOST_PIECE = 16 * 1024 * 1024;
/** Index files with fewer blobs are put together when there are so many of them. */
const SMALL_INDEX = 5_000;
const MOST_SMALL_INDEXES = 8;

/** Gives the packs that were to be copied and turned out to be damaged: they are left as they are. */
export async function executePlan(plan: Plan, parts: ExecutionParts): Promise<readonly string[]> {
  const { repository, catalog, emit, signal, mayRemoveCopied } = parts;
  const fates = new Map(plan.packs.map(({ pack, fate }) => [pack, fate]));
  const { copied, damaged } = await copyNeeded(plan, fates, parts);
  for (const pack of damaged) fates.set(pack, catalog.live.has(pack) ? 'keep' : 'recover');
  for (const [pack, fate] of fates) if (fate === 'copy' && mayRemoveCopied(pack)) fates.set(pack, 'remove');
  const replaced = filesToReplace(catalog, fates, copied.length > 0);
  if (replaced.length + copied.length > 0 || [...fates.values()].includes('mark')) {
    emit({ type: 'phase', phase: 'publishing' });
    await rewriteIndexes(repository, newEntries(plan, fates, replaced, copied, parts), idsOf(replaced), {
      signal,
    });
  }
  const gone = [...fates].filter(([, fate]) => fate === 'remove').map(([pack]) => packKey(pack));
  if (gone.length > 0) emit({ type: 'phase', phase: 'pruning' });
  await removeObjects(repository, gone, { signal });
  return damaged;
}

/** Those that say of a pack what holds no longer, and the small ones when there are many. */
function filesToReplace(
  { files, live, marked }: Catalog,
  fates: ReadonlyMap<string, Fate>,
  isAnythingCopied: boolean,
): Catalog['files'] {
  const isSame = (pack: string) => {
    const fate = fates.get(pack);
    return live.has(pack) ? fate === 'keep' : marked.has(pack) && fate === 'wait';
  };
  const wrong = files.filter(({ packs, isOutdated }) => isOutdated || !packs.every(isSame));
  const small = files.filter((file) => file.blobs < SMALL_INDEX && !wrong.includes(file));
  const isWritten = wrong.length > 0 || isAnythingCopied;
  return small.length >= MOST_SMALL_INDEXES || (isWritten && small.length > 0) ? [...wrong, ...small] : wrong;
}

function idsOf(files: Catalog['files']): readonly string[] {
  return files.map(({ id }) => id);
}

/** What the files that are replaced said, as it is now; and what is new. */
function* newEntries(
  { packs }: Plan,
  fates: ReadonlyMap<string, Fate>,
  replaced: Catalog['files'],
  copied: readonly IndexedPack[],
  { catalog, needed, now }: ExecutionParts,
): Generator<IndexEntry> {
  const inReplaced = new Set(replaced.flatMap((file) => file.packs));
  const isTold = (pack: string) => inReplaced.has(pack) || fates.get(pack) === 'mark';
  const sizes = new Map(packs.map(({ pack, bytes }) => [pack, bytes]));
  const told = new Set<string>();
  const entryOf = ({ pack, blobs }: Pick<MarkedPack, 'pack'> & { blobs: readonly PackedBlob[] }) => {
    told.add(pack);
    const fate = fates.get(pack);
    if (fate === 'keep' || fate === 'recover') return { pack: { id: pack, blobs } };
    if (fate !== 'mark' && fate !== 'copy' && fate !== 'wait') return undefined;
    const marked = fate === 'wait' ? (catalog.marked.get(pack) ?? now) : now;
    const time = new Date(marked).toISOString();
    return { toDelete: { id: pack, time, size: sizes.get(pack), blobs } };
  };
  for (const one of catalog.blobs.everyPack(needed, isTold)) {
    const entry = entryOf(one);
    if (entry !== undefined) yield entry;
  }
  for (const pack of fates.keys()) {
    if (told.has(pack) || !isTold(pack)) continue;
    const entry = entryOf({ pack, blobs: [] });
    if (entry !== undefined) yield entry;
  }
  for (const pack of copied) yield { pack };
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
      if (!(await copyPack(pack, wanted, copier, { repository, emit, signal }))) damaged.push(pack);
    }
    return { copied: await copier.finish(), damaged };
  } finally {
    await copier.end();
  }
}

/** False when a blob of it can't be read as what it should be. What was copied until then is there twice. */
async function copyPack(
  pack: string,
  blobs: readonly PackedBlob[],
  copier: PackCopier,
  { repository, emit, signal }: Pick<ExecutionParts, 'repository' | 'emit' | 'signal'>,
): Promise<boolean> {
  for (const piece of piecesOf(blobs)) {
    let sound: readonly (readonly [PackedBlob, Uint8Array])[];
    try {
      sound = await readSound(pack, piece, repository, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SyntaxError || isLoss(error))) throw error;
      return false;
    }
    for (const [blob, sealed] of sound) await copier.addSealed(blob, sealed);
    emit({ type: 'work.done', files: 0, bytes: piece.length, unchanged: 0, changed: 0 });
  }
  return true;
}

async function readSound(
  pack: string,
  { offset, length, blobs }: Piece,
  repository: Repository,
  signal: AbortSignal,
): Promise<readonly (readonly [PackedBlob, Uint8Array])[]> {
  const bytes = await repository.storage.readRange(packKey(pack), { offset, length, signal });
  return blobs.map((blob) => {
    const sealed = bytes.subarray(blob.offset - offset, blob.offset - offset + blob.length);
    unpackBlob(blob.id, blob, sealed, repository);
    return [blob, sealed] as const;
  });
}

interface Piece {
  readonly offset: number;
  length: number;
  readonly blobs: PackedBlob[];
}

/** What is to be read at once: blobs that lie near each other. */
function piecesOf(blobs: readonly PackedBlob[]): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const blob of blobs) {
    const last = pieces.at(-1);
    const end = blob.offset + blob.length;
    const isNear = last !== undefined && blob.offset <= last.offset + last.length + MOST_GAP;
    if (isNear && end - last.offset <= MOST_PIECE) {
      last.length = Math.max(last.length, end - last.offset);
      last.blobs.push(blob);
    } else {
      pieces.push({ offset: blob.offset, length: blob.length, blobs: [blob] });
    }
  }
  return pieces;
}
