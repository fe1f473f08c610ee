/** Walking a folder of objects in the order of their keys. */
import { breathe } from '../../base/abort.ts';
import { systemCode } from '../../base/errors.ts';
import { listDirectory, type Status, statusAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { type RawName, type RawPath, rawFromText, textOf } from '../../base/raw-path.ts';
import { isKey, type Key } from '../key.ts';
import type { ObjectStatus } from '../storage.ts';

const BATCH = 500;

/** What a new file system brings along; nobody but root can look into it. */
const LOST_AND_FOUND = 'lost+found';

/** The objects below `folder`, in batches. A folder that is gone, or is none, has no objects. */
export async function* listObjects(
  root: OpenDirectory,
  folder: Key | '',
  signal: AbortSignal,
): AsyncGenerator<readonly ObjectStatus[]> {
  const start = openFolder(root, folder);
  if (start === undefined) return;
  let batch: ObjectStatus[] = [];
  for (const object of walk(start, rawFromText(folder))) {
    batch.push(object);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
    await breathe(signal);
  }
  if (batch.length > 0) yield batch;
}

/** The folders directly in a folder that can be part of a key. */
export function foldersIn(root: OpenDirectory, folder: Key | ''): readonly string[] {
  const start = openFolder(root, folder);
  if (start === undefined) return [];
  try {
    return entriesOf(start, rawFromText(folder))
      .filter(({ status }) => status.type === 'dir')
      .map(({ key }) => key.slice(key.lastIndexOf('/') + 1));
  } finally {
    start.release();
  }
}

export function statusOfFile(key: Key, { size, mtime }: Status): ObjectStatus {
  return { key, size, modified: Number(mtime / 1_000_000n) };
}

function openFolder(root: OpenDirectory, folder: Key | ''): OpenDirectory | undefined {
  let found: OpenDirectory | undefined = root.hold();
  for (const name of folder === '' ? [] : (rawFromText(folder).split('/') as RawName[])) {
    const inner = openChild(found, name);
    found.release();
    if (inner === undefined) return undefined;
    found = inner;
  }
  return found;
}

function* walk(folder: OpenDirectory, path: RawPath): Generator<ObjectStatus> {
  try {
    for (const { name, key, status } of entriesOf(folder, path)) {
      if (status.type === 'file') yield statusOfFile(key, status);
      if (status.type !== 'dir') continue;
      const inner = openChild(folder, name);
      if (inner !== undefined) yield* walk(inner, rawFromText(key));
    }
  } finally {
    folder.release();
  }
}

interface Entry {
  readonly name: RawName;
  readonly key: Key;
  readonly status: Status;
}

/** What is in a folder and can be part of a key, ordered so that a folder stands where the keys in it belong. */
function entriesOf(folder: OpenDirectory, path: RawPath): readonly Entry[] {
  const entries: (Entry & { readonly order: string })[] = [];
  for (const name of listDirectory(folder.descriptor)) {
    if (path === '' && name === LOST_AND_FOUND) continue;
    const key = textOf((path === '' ? name : `${path}/${name}`) as RawPath);
    if (key === undefined || !isKey(key)) continue;
    const status = unlessGone(() => statusAt(folder.descriptor, name));
    if (status !== undefined)
      entries.push({ name, key, status, order: status.type === 'dir' ? `${name}/` : name });
  }
  return entries.sort((a, b) => (a.order < b.order ? -1 : 1));
}

function openChild(folder: OpenDirectory, name: RawName): OpenDirectory | undefined {
  return unlessGone(() => folder.child(name));
}

/** Others may remove files and folders while we walk. */
function unlessGone<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
