/**
 * Jobs and their results as they cross between threads: in columns. A message of many small objects costs more than the
 * links that it asks for; a few strings and arrays of numbers are copied as they lie in memory.
 */
import type { RawName } from '../../base/raw-path.ts';
import type { Item, ItemResult, KeptItem } from './file-jobs.ts';

export interface Job {
  readonly kinds: Uint8Array;
  /** for each item the descriptors that it comes from and goes to */
  readonly directories: Int32Array;
  /** for each item the names there, every one ended by the byte that no name has */
  readonly names: string;
  readonly sizes: Float64Array;
  /** for each item mtime and ctime */
  readonly times: BigInt64Array;
  /** for each item inode and device */
  readonly identities: BigUint64Array;
  /** of the items that have one, in order */
  readonly hashes: string;
  /** items that no column has room for */
  readonly kept: readonly KeptItem[];
}

export interface Results {
  readonly kinds: Uint8Array;
  /** of the files that were copied as they were listed */
  readonly hashes: string;
  /** results that no column has room for */
  readonly others: readonly ItemResult[];
}

const END = '\0';
/** A SHA-256 in hexadecimal. */
const HASH = 64;

const COPY = 0;
const LINK = 1;
const CHECKED_LINK = 2;
const CHECK = 3;
const KEPT = 4;

export function packJob(items: readonly Item[]): Job {
  const { length } = items;
  const kinds = new Uint8Array(length);
  const directories = new Int32Array(2 * length);
  const sizes = new Float64Array(length);
  const times = new BigInt64Array(2 * length);
  const identities = new BigUint64Array(2 * length);
  let names = '';
  let hashes = '';
  const kept: KeptItem[] = [];
  for (let at = 0; at < length; at++) {
    const item = items[at] as Item;
    if (item.kind === 'kept') {
      kinds[at] = KEPT;
      kept.push(item);
      continue;
    }
    directories[2 * at] = item.from.directory;
    names += item.from.name + END;
    if (item.kind === 'hash') {
      kinds[at] = CHECK;
      hashes += item.sha256;
      continue;
    }
    directories[2 * at + 1] = item.to.directory;
    names += item.to.name + END;
    if (item.kind === 'link') {
      kinds[at] = item.sha256 === undefined ? LINK : CHECKED_LINK;
      hashes += item.sha256 ?? '';
      sizes[at] = item.size;
      times[2 * at] = item.mtime;
    } else {
      kinds[at] = COPY;
      sizes[at] = item.listed.size;
      times[2 * at] = item.listed.mtime;
      times[2 * at + 1] = item.listed.ctime;
      identities[2 * at] = item.listed.inode;
      identities[2 * at + 1] = item.listed.device;
    }
  }
  return { kinds, directories, names, sizes, times, identities, hashes, kept };
}

export function* itemsOf(job: Job): Generator<Item> {
  const names = job.names.split(END) as RawName[];
  let name = 0;
  let hash = 0;
  let kept = 0;
  for (let at = 0; at < job.kinds.length; at++) {
    const kind = job.kinds[at];
    if (kind === KEPT) {
      yield job.kept[kept++] as KeptItem;
      continue;
    }
    const from = { directory: job.directories[2 * at] as number, name: names[name++] as RawName };
    if (kind === CHECK) {
      yield { kind: 'hash', from, sha256: hashAt(job.hashes, hash++) };
      continue;
    }
    const to = { directory: job.directories[2 * at + 1] as number, name: names[name++] as RawName };
    const size = job.sizes[at] as number;
    const mtime = job.times[2 * at] as bigint;
    if (kind === LINK) yield { kind: 'link', from, to, size, mtime };
    else if (kind === CHECKED_LINK)
      yield { kind: 'link', from, to, size, mtime, sha256: hashAt(job.hashes, hash++) };
    else yield { kind: 'copy', from, to, listed: { size, mtime, ...restListed(job, at) } };
  }
}

function hashAt(hashes: string, index: number): string {
  return hashes.slice(HASH * index, HASH * (index + 1));
}

function restListed({ times, identities }: Job, at: number) {
  return {
    ctime: times[2 * at + 1] as bigint,
    inode: identities[2 * at] as bigint,
    device: identities[2 * at + 1] as bigint,
  };
}

/** What is told by its kind alone, and behind these what isn't. */
const plain = ['linked', 'not-linkable', 'sound', 'vanished'] as const;
const AS_LISTED = plain.length;
const OTHER = AS_LISTED + 1;
const plainKinds: ReadonlyMap<string, number> = new Map(plain.map((kind, at) => [kind, at]));

export function packResults(results: readonly ItemResult[]): Results {
  const kinds = new Uint8Array(results.length);
  let hashes = '';
  const others: ItemResult[] = [];
  for (let at = 0; at < results.length; at++) {
    const result = results[at] as ItemResult;
    if (result.kind === 'copied-as-listed') {
      kinds[at] = AS_LISTED;
      hashes += result.sha256;
      continue;
    }
    const kind = plainKinds.get(result.kind);
    kinds[at] = kind ?? OTHER;
    if (kind === undefined) others.push(result);
  }
  return { kinds, hashes, others };
}

export function* resultsOf({ kinds, hashes, others }: Results): Generator<ItemResult> {
  let hash = 0;
  let other = 0;
  for (const kind of kinds) {
    if (kind === OTHER) yield others[other++] as ItemResult;
    else if (kind === AS_LISTED) yield { kind: 'copied-as-listed', sha256: hashAt(hashes, hash++) };
    else yield { kind: plain[kind] as (typeof plain)[number] };
  }
}
