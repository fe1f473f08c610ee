/**
 * What all index files say, each on its own: which packs they name, and which of these are marked for removal. Readers need
 * less (see loadIndex); this is for those who write the index anew.
 */
import type { HikaeError } from '../../base/errors.ts';
import { isHikaeError } from '../../base/errors.ts';
import { BlobIndex } from './blob-index.ts';
import { BlobReader } from './blob-reader.ts';
import { type IndexFile, parseIndexFile } from './format/index-file.ts';
import { parseTime } from './format/times.ts';
import { listIds, type Signalled } from './objects.ts';
import { expectedBlobs, type Repository, readIndexFiles } from './repository.ts';

export interface Catalog {
  /** of all packs, those that are marked included */
  readonly blobs: BlobIndex;
  /** packs that some index names as in use, whatever others say of them */
  readonly live: ReadonlySet<string>;
  /** packs that are only marked for removal, with the time of the latest mark in milliseconds since 1970 UTC */
  readonly marked: ReadonlyMap<string, number>;
  /** marked packs of which no index says what is in them */
  readonly distrusted: ReadonlySet<string>;
  readonly files: readonly CatalogFile[];
  /** index files that can't be read */
  readonly damaged: readonly { readonly id: string; readonly error: HikaeError }[];
}

export interface CatalogFile {
  readonly id: string;
  /** every pack that it names, in use or marked */
  readonly packs: readonly string[];
  /** it marks a pack which another one has in use: what a run that ended half-way has left */
  readonly isOutdated: boolean;
  readonly blobs: number;
}

export async function readCatalog(repository: Repository, { signal }: Signalled): Promise<Catalog> {
  const present = await listIds(repository.storage, 'index', { signal });
  const blobs = new BlobIndex(expectedBlobs(present));
  const live = new Set<string>();
  const marked = new Map<string, number>();
  const files: (Omit<CatalogFile, 'isOutdated'> & { readonly marks: readonly string[] })[] = [];
  const damaged: Catalog['damaged'][number][] = [];
  const parse = (json: string) => withTimes(parseIndexFile(json));
  for await (const { id, file } of readIndexFiles(repository, present, parse, { signal })) {
    if (isHikaeError(file)) {
      damaged.push({ id, error: file });
      continue;
    }
    for (const pack of file.packs) live.add(pack.id);
    for (const { id: pack, marked: time } of file.packsToDelete)
      marked.set(pack, Math.max(time, marked.get(pack) ?? 0));
    const all = [...file.packs, ...file.packsToDelete];
    for (const pack of all) blobs.addPack(pack.id, pack.blobs);
    files.push({
      id,
      packs: all.map((pack) => pack.id),
      marks: file.packsToDelete.map((pack) => pack.id),
      blobs: all.reduce((sum, pack) => sum + pack.blobs.length, 0),
    });
  }
  for (const pack of live) marked.delete(pack);
  const distrusted = new Set([...marked.keys()].filter((pack) => blobs.endOf(pack) === 0));
  return {
    blobs,
    live,
    marked,
    distrusted,
    damaged,
    files: files.map(({ marks, ...file }) => ({ ...file, isOutdated: marks.some((pack) => live.has(pack)) })),
  };
}

function withTimes({ packs, packsToDelete }: IndexFile) {
  const toMilliseconds = (time: string) => Number(parseTime(time) / 1_000_000n);
  return {
    packs,
    packsToDelete: packsToDelete.map((pack) => ({ ...pack, marked: toMilliseconds(pack.time) })),
  };
}

/** Reads by what a catalog knows: a mark keeps nobody from reading what is still there. */
export function readerOf(
  repository: Repository,
  { blobs }: Pick<Catalog, 'blobs'>,
): { readonly repository: Repository; readonly blobs: BlobReader } {
  const seen = { ...repository, index: { blobs, files: new Set<string>(), damaged: [] } };
  return { repository: seen, blobs: new BlobReader(seen) };
}
