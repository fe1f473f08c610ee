/**
 * Files as they cross to a thread, and what became of them as it crosses back: in columns. A message of many small objects
 * costs as much as all else that is done for a small file; a few strings and arrays of numbers are copied as they lie in
 * memory.
 */
import type { RawName } from '../../base/raw-path.ts';
import type { FileColumns, FileItem, FileResult, ResultColumns, StoredFile } from './storing-jobs.ts';

const END = '\0';
const NUMBERS = 5;
const LARGE = 4;

export function packFiles(items: readonly FileItem[]): FileColumns {
  const { length } = items;
  const directories = new Int32Array(length);
  const numbers = new Float64Array(NUMBERS * length);
  const large = new BigInt64Array(LARGE * length);
  let names = '';
  for (let at = 0; at < length; at++) {
    const { place, listed } = items[at] as FileItem;
    directories[at] = place.directory;
    names += place.name + END;
    const number = NUMBERS * at;
    numbers[number] = listed.mode;
    numbers[number + 1] = listed.uid;
    numbers[number + 2] = listed.gid;
    numbers[number + 3] = listed.links;
    numbers[number + 4] = listed.size;
    const wide = LARGE * at;
    large[wide] = listed.inode;
    large[wide + 1] = listed.device;
    large[wide + 2] = listed.mtime;
    large[wide + 3] = listed.ctime;
  }
  return { directories, names, numbers, large };
}

export function filesOf({ directories, names, numbers, large }: FileColumns): FileItem[] {
  const all = names.split(END) as RawName[];
  const number = (at: number) => numbers[at] as number;
  const wide = (at: number) => large[at] as bigint;
  return Array.from(directories, (directory, at) => ({
    place: { directory, name: all[at] as RawName },
    listed: {
      mode: number(NUMBERS * at),
      uid: number(NUMBERS * at + 1),
      gid: number(NUMBERS * at + 2),
      links: number(NUMBERS * at + 3),
      size: number(NUMBERS * at + 4),
      inode: BigInt.asUintN(64, wide(LARGE * at)),
      device: BigInt.asUintN(64, wide(LARGE * at + 1)),
      mtime: wide(LARGE * at + 2),
      ctime: wide(LARGE * at + 3),
    },
  }));
}

/** One blob, or none; as listed, and without extended attributes. */
const EMPTY = 0;
const KNOWN = 1;
const NEW = 2;
const OTHER = 3;

const ID = 32;

/** Does all items, and packs what became of each. */
export function packResults(
  items: readonly FileItem[],
  store: (item: FileItem) => FileResult,
): ResultColumns {
  const kinds = new Uint8Array(items.length);
  const ids = Buffer.allocUnsafeSlow(ID * items.length);
  const others: FileResult[] = [];
  let end = 0;
  for (let at = 0; at < items.length; at++) {
    const result = store(items[at] as FileItem);
    const kind = kindOf(result);
    kinds[at] = kind;
    if (kind === OTHER) others.push(result);
    else if (kind !== EMPTY) end += ids.write((result as StoredFile).content[0] as string, end, 'hex');
  }
  return { kinds, ids: ids.subarray(0, end), others };
}

function kindOf(result: FileResult): number {
  if (result.kind !== 'file') return OTHER;
  const { status, content, xattrs, changing, size, newBytes } = result;
  if (status !== undefined || content.length > 1 || xattrs.length > 0 || changing) return OTHER;
  if (size === 0) return EMPTY;
  return newBytes === 0 ? KNOWN : NEW;
}

/** `items` are those that were given. */
export function* resultsOf(
  { kinds, ids, others }: ResultColumns,
  items: readonly FileItem[],
): Generator<FileResult> {
  const bytes = Buffer.from(ids.buffer, ids.byteOffset, ids.length);
  let id = 0;
  let other = 0;
  for (let at = 0; at < kinds.length; at++) {
    const kind = kinds[at];
    if (kind === OTHER) {
      yield others[other++] as FileResult;
      continue;
    }
    const { size } = (items[at] as FileItem).listed;
    const content = kind === EMPTY ? [] : [bytes.toString('hex', id, id + ID)];
    id += ID * content.length;
    yield { ...asListed, size, content, newBytes: kind === NEW ? size : 0 };
  }
}

const asListed = { kind: 'file', status: undefined, sha256: undefined, xattrs: [], changing: false } as const;
