/**
 * What is there and what of it is sound: every pack is read and every blob that is known of it is opened. Indexes are
 * believed only so far; of packs that none names their own list tells what is in them.
 */
import { isHikaeError } from '../../../base/errors.ts';
import type { Emit } from '../../../model/events.ts';
import type { Finding } from '../../../model/finding.ts';
import { type Catalog, readCatalog } from '../catalog.ts';
import { isLoss } from '../damage.ts';
import type { SnapshotRoot } from '../damaged-files.ts';
import type { BlobType, PackedBlob } from '../format/blob.ts';
import { headerLength, MOST_HEADER, parsePackHeader, TAIL } from '../format/pack.ts';
import { parseSnapshotFile } from '../format/snapshot-file.ts';
import { keyOf, packKey } from '../layout.ts';
import { placeOfFile } from '../listing.ts';
import { listIds, readUnpacked } from '../objects.ts';
import { readPacks } from '../pack-check.ts';
import type { Repository } from '../repository.ts';
import { parseTags } from '../tags.ts';

export interface InspectedRoot extends SnapshotRoot {
  /** hikae's id of the snapshot, if hikae wrote it */
  readonly snapshot: string | undefined;
}

export interface Inspection {
  /** as the indexes have it, and the lists of the packs that they don't name */
  readonly catalog: Catalog;
  /** the packs in the storage, with their bytes */
  readonly present: ReadonlyMap<string, number>;
  readonly roots: readonly InspectedRoot[];
  /** snapshot files that can't be read */
  readonly unreadable: readonly Finding[];
  /** packs in which something is wrong: what exactly, by `type id` */
  readonly flawed: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly read: { readonly packs: number; readonly bytes: number };
}

interface InspectionParts {
  readonly repository: Repository;
  readonly threads: number;
}

export async function inspect(
  { repository, threads }: InspectionParts,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<Inspection> {
  const { roots, unreadable } = await readRoots(repository, signal);
  const catalog = await readCatalog(repository, { signal });
  const present = new Map<string, number>();
  for (const { id, size } of await listIds(repository.storage, 'data', { signal })) present.set(id, size);
  const flawed = new Map<string, ReadonlyMap<string, string>>();
  for (const [pack, size] of present) {
    if (catalog.blobs.endOf(pack) > 0) continue;
    const blobs = await readList(pack, size, repository, signal);
    if (blobs === undefined) flawed.set(pack, new Map());
    else catalog.blobs.addPack(pack, blobs);
  }
  const read = { packs: 0, bytes: 0 };
  const unmarked = new Uint8Array();
  const there = catalog.blobs.everyPack(unmarked, (pack) => present.has(pack));
  await readPacks(there, { repository, threads }, { emit, signal }, ({ pack, bytes = 0, flaw, unsound }) => {
    read.packs += 1;
    read.bytes += bytes;
    if (flaw !== undefined || unsound.size > 0) flawed.set(pack, unsound);
  });
  return { catalog, present, roots, unreadable, flawed, read };
}

/** True when some pack has it as it should be; `where` leaves out packs that don't count. */
export function isSound(
  { catalog, present, flawed }: Pick<Inspection, 'catalog' | 'present' | 'flawed'>,
  type: BlobType,
  id: string,
  where: (pack: string) => boolean = () => true,
): boolean {
  return catalog.blobs
    .placesOf(type, id)
    .some(({ pack }) => present.has(pack) && where(pack) && flawed.get(pack)?.has(`${type} ${id}`) !== true);
}

/** What a pack itself says is in it; undefined where that can't be read. */
async function readList(
  pack: string,
  size: number,
  { storage, sealer }: Repository,
  signal: AbortSignal,
): Promise<readonly PackedBlob[] | undefined> {
  const readEnd = (length: number) =>
    storage.readRange(packKey(pack), { offset: size - length, length, signal });
  if (size <= TAIL) return undefined;
  try {
    const length = headerLength(await readEnd(TAIL), size);
    if (length > MOST_HEADER) return undefined;
    const end = await readEnd(length + TAIL);
    return parsePackHeader(end.subarray(0, length), size, sealer);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof SyntaxError || isLoss(error))) throw error;
    return undefined;
  }
}

async function readRoots(
  repository: Repository,
  signal: AbortSignal,
): Promise<{ roots: InspectedRoot[]; unreadable: Finding[] }> {
  const roots: InspectedRoot[] = [];
  const unreadable: Finding[] = [];
  for (const { id } of await listIds(repository.storage, 'snapshots', { signal })) {
    const key = keyOf('snapshots', id);
    try {
      const file = await readUnpacked(repository, key, parseSnapshotFile, { signal });
      const tags = parseTags(file.tags ?? []);
      roots.push({ place: placeOfFile(id, file, tags), tree: file.tree, snapshot: tags?.id });
    } catch (error) {
      if (!isHikaeError(error, 'VAULT_OBJECT_DAMAGED')) throw error;
      unreadable.push({ kind: 'manifest', places: [key], path: '', reason: String(error.details.reason) });
    }
  }
  return { roots, unreadable };
}
