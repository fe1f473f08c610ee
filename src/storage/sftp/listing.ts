/** Walking remote folders in the order of their keys, some of them ahead: each costs several trips over the line. */
import { compareTexts, isKey, type Key } from '../key.ts';
import type { ObjectStatus } from '../storage.ts';
import { NO_SUCH_FILE, RequestFailure } from './channel.ts';
import type { Channels } from './channels.ts';

/** Folders that are read ahead within one folder. */
const AHEAD = 8;

interface Entry {
  readonly key: Key;
  readonly isFolder: boolean;
  readonly size: number;
  readonly modified: number;
  readonly order: Buffer;
}

/** The objects below a folder in batches of a folder each; `path` is where the folder is on the server. */
export async function* listFolder(
  channels: Channels,
  path: string,
  folder: Key | '',
  signal: AbortSignal,
): AsyncGenerator<readonly ObjectStatus[]> {
  yield* walk(channels, path, await readEntries(channels, path, folder, signal), signal);
}

/** Names of the folders directly in a folder. */
export async function foldersOf(
  channels: Channels,
  path: string,
  folder: Key | '',
  signal: AbortSignal,
): Promise<readonly string[]> {
  const entries = await readEntries(channels, path, folder, signal);
  const keys = entries.filter(({ isFolder }) => isFolder).map(({ key }) => key);
  return keys.map((key) => key.slice(key.lastIndexOf('/') + 1)).sort(compareTexts);
}

async function* walk(
  channels: Channels,
  path: string,
  entries: readonly Entry[],
  signal: AbortSignal,
): AsyncGenerator<readonly ObjectStatus[]> {
  const inside = (entry: Entry) => `${path}/${entry.key.slice(entry.key.lastIndexOf('/') + 1)}`;
  const folders = entries.filter(({ isFolder }) => isFolder);
  const ahead = new Map<Entry, Promise<readonly Entry[]>>();
  const readAhead = () => {
    while (ahead.size < AHEAD) {
      const entry = folders.shift();
      if (entry === undefined) return;
      const reading = readEntries(channels, inside(entry), entry.key, signal);
      reading.catch(() => undefined);
      ahead.set(entry, reading);
    }
  };
  let batch: ObjectStatus[] = [];
  readAhead();
  for (const entry of entries) {
    if (!entry.isFolder) {
      batch.push({ key: entry.key, size: entry.size, modified: entry.modified });
      continue;
    }
    if (batch.length > 0) yield batch;
    batch = [];
    const inner = await ahead.get(entry);
    ahead.delete(entry);
    readAhead();
    yield* walk(channels, inside(entry), inner ?? [], signal);
  }
  if (batch.length > 0) yield batch;
}

/** What is in a folder and can be part of a key; nothing when there is no such folder. */
function readEntries(
  channels: Channels,
  path: string,
  folder: Key | '',
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  return channels.use(signal, async (channel) => {
    const status = await channel.status(path, signal);
    // A link leads out of the storage, but for its root, which is where the user says.
    if (status === undefined || (folder !== '' && !status.isDirectory())) return [];
    try {
      const handle = await channel.openFolder(path, signal);
      try {
        const entries: Entry[] = [];
        for (;;) {
          const found = await channel.readFolder(handle, signal);
          if (found === undefined) return entries.sort((a, b) => Buffer.compare(a.order, b.order));
          for (const { filename, attrs } of found) {
            const key = folder === '' ? filename : `${folder}/${filename}`;
            if (!isName(filename) || !isKey(key)) continue;
            const isFolder = attrs.isDirectory();
            if (!isFolder && !attrs.isFile()) continue;
            const order = Buffer.from(isFolder ? `${filename}/` : filename);
            entries.push({ key, isFolder, size: attrs.size, modified: attrs.mtime * 1_000, order });
          }
        }
      } finally {
        channel.letGo(handle);
      }
    } catch (error) {
      if (error instanceof RequestFailure && error.status === NO_SUCH_FILE) return [];
      throw error;
    }
  });
}

/** ssh2 reads names as UTF-8; of one that is not, it leaves replacement characters, and no file has that name. */
function isName(filename: string): boolean {
  return !filename.includes('/') && !filename.includes('\ufffd');
}
