/** Damages just the list of one folder in a repository, as a bad sector would. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '../../src/base/secret.ts';
import { openLocalStorage } from '../../src/storage/local/local-storage.ts';
import { BlobReader } from '../../src/vault/restic/blob-reader.ts';
import { parseSnapshotFile } from '../../src/vault/restic/format/snapshot-file.ts';
import type { TreeNode } from '../../src/vault/restic/format/tree-node.ts';
import { keyOf, packKey } from '../../src/vault/restic/layout.ts';
import { listIds, readUnpacked } from '../../src/vault/restic/objects.ts';
import { loadIndex, openRepository } from '../../src/vault/restic/repository.ts';
import { readTree } from '../../src/vault/restic/tree-walk.ts';
import { PASSWORD } from './restic-taking.ts';
import { never } from './taking.ts';

/** `names` lead from the root of some snapshot to the folder. */
export async function damageFolder(path: string, names: readonly string[]): Promise<void> {
  const random = (size: number) => new Uint8Array(size);
  const storage = await openLocalStorage(path, { create: false, random });
  try {
    const password = new Secret(PASSWORD);
    const repository = await openRepository(storage, { password, random, signal: never });
    if (repository === undefined) throw new Error(`no repository at ${path}`);
    await loadIndex(repository, { signal: never });
    const blobs = new BlobReader(repository);
    let found: string | undefined;
    for (const { id } of await listIds(storage, 'snapshots', { signal: never })) {
      const file = await readUnpacked(repository, keyOf('snapshots', id), parseSnapshotFile, {
        signal: never,
      });
      found ??= await treeAt(blobs, file.tree, names);
    }
    if (found === undefined) throw new Error(`no folder ${names.join('/')}`);
    for (const { pack, offset } of repository.index.blobs.placesOf('tree', found))
      flip(join(path, packKey(pack)), offset + 20);
  } finally {
    await storage.close();
  }
}

async function treeAt(
  blobs: BlobReader,
  root: string,
  names: readonly string[],
): Promise<string | undefined> {
  let tree: string | undefined = root;
  for (const name of names) {
    const nodes: readonly TreeNode[] =
      tree === undefined ? [] : await readTree(blobs, tree, { signal: never });
    tree = nodes.find((node) => node.name === name)?.subtree;
  }
  return tree;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}
