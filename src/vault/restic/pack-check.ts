/** Reading packs back: all that are needed, or as many of them as there is time for. */
import { moduleBeside, openWorkerPool } from '../../base/worker-pool.ts';
import type { Finding } from '../../model/finding.ts';
import { seededRandom } from '../seeded-random.ts';
import type { VerifyOptions } from '../vault.ts';
import type { CheckWorkerData, PackJob, PackResult } from './check-jobs.ts';
import { type Damage, isLoss, type VerifyParts } from './damage.ts';
import type { PackedBlob } from './format/blob.ts';
import { packKey } from './layout.ts';
import { ownBytes, packOpening } from './restoring-jobs.ts';

/** Packs may have 4 GiB by the format; one that is larger than this is read in no single piece. */
const MOST_PACK = 512 * 1024 * 1024;

interface UsedPack {
  readonly pack: string;
  readonly blobs: readonly PackedBlob[];
}

/** What was found out about one pack. */
export interface ReadPack extends UsedPack {
  /** that were read; undefined for a pack that can't be read at all */
  readonly bytes: number | undefined;
  /** what is wrong with it as a whole */
  readonly flaw: string | undefined;
  /** those of its blobs that are not what they should be, as `type id`, each with the reason */
  readonly unsound: ReadonlyMap<string, string>;
}

export async function checkPacks(
  marks: Uint8Array,
  damage: Damage,
  parts: VerifyParts & { readonly report: (finding: Finding) => void },
  options: VerifyOptions,
): Promise<{ files: number; bytes: number }> {
  const { repository, report } = parts;
  const unsound = new Map<string, string>();
  const counts = { files: 0, bytes: 0 };
  await readPacks(chosen(repository.index.blobs.inUse(marks), options), parts, options, (read) => {
    const { pack, flaw, bytes } = read;
    if (flaw !== undefined) report({ kind: 'content', places: [packKey(pack)], path: '', reason: flaw });
    for (const [key, reason] of read.unsound) unsound.set(`${pack} ${key}`, reason);
    if (bytes === undefined) return;
    counts.files += 1;
    counts.bytes += bytes;
  });
  nameUnsound(unsound, damage, parts);
  return counts;
}

/** Reads packs whole and opens these blobs of theirs, several at a time, and tells what it finds. */
export async function readPacks(
  packs: Iterable<UsedPack>,
  { repository, threads }: Pick<VerifyParts, 'repository' | 'threads'>,
  { emit, signal }: Pick<VerifyOptions, 'emit' | 'signal'>,
  tell: (read: ReadPack) => void,
): Promise<void> {
  const { key, storage } = repository;
  const data: CheckWorkerData = { key };
  const pool = openWorkerPool<PackJob, PackResult>(moduleBeside(import.meta.url, 'check-worker'), {
    size: threads,
    data,
  });
  const reading = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;

  async function readOne({ pack, blobs }: UsedPack): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = await storage.read(packKey(pack), { signal, limit: MOST_PACK });
    } catch (error) {
      signal.throwIfAborted();
      if (!isLoss(error)) throw error;
      const unsound = new Map(blobs.map(({ type, id }) => [`${type} ${id}`, error.message]));
      tell({ pack, blobs, bytes: undefined, flaw: error.message, unsound });
      return;
    }
    const { length } = bytes;
    const sealed = ownBytes(bytes);
    const { flaw, damaged } = await pool.run({ pack, opening: packOpening(sealed, 0, blobs) }, [
      sealed.buffer,
    ]);
    const types = new Map(blobs.map(({ id, type }) => [id, type]));
    const unsound = new Map(damaged.map(({ id, reason }) => [`${types.get(id)} ${id}`, reason]));
    tell({ pack, blobs, bytes: length, flaw, unsound });
    emit({ type: 'work.done', files: 0, bytes: length, unchanged: 0, changed: 0 });
  }

  try {
    for (const used of packs) {
      if (failure !== undefined || signal.aborted) break;
      const one = readOne(used)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => reading.delete(one));
      reading.add(one);
      while (reading.size > threads) await Promise.race(reading);
    }
    await Promise.all(reading);
  } finally {
    await pool.close();
  }
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}

/** A blob that another pack has as well is not lost. */
function nameUnsound(
  unsound: ReadonlyMap<string, string>,
  damage: Damage,
  { repository }: VerifyParts,
): void {
  for (const [key, reason] of unsound) {
    const [pack = '', type = '', id = ''] = key.split(' ');
    if (type !== 'data' && type !== 'tree') throw new TypeError(`${key} names no blob`);
    const places = repository.index.blobs.placesOf(type, id);
    if (places.some((place) => place.pack !== pack && !unsound.has(`${place.pack} ${type} ${id}`))) continue;
    damage.add(type, id, `${packKey(pack)}: ${reason}`);
  }
}

/** All of them, or for a sample those that chance chooses, until the time is over. */
function* chosen(packs: Iterable<UsedPack>, { level, sample }: VerifyOptions): Generator<UsedPack> {
  if (level !== 'sample' || sample === undefined) {
    yield* packs;
    return;
  }
  const deadline = AbortSignal.timeout(sample.seconds * 1000);
  const random = seededRandom(sample.seed);
  const all = [...packs].map((used) => ({ used, rank: random() }));
  all.sort((left, right) => left.rank - right.rank);
  for (const { used } of all) {
    if (deadline.aborted) return;
    yield used;
  }
}
