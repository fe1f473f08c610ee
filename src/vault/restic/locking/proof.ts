/** Proving that a snapshot stays: the server is asked for the version, the lock and the hash of every object that it needs. */
import type { Proof } from '../../../model/proof.ts';
import {
  byKey,
  hashIn,
  type Key,
  keyFrom,
  type Locking,
  type LockMode,
  type ObjectVersion,
} from '../../../storage/storage.ts';
import { evidenceName, proveObjects } from '../../locking/proven-objects.ts';
import type { BlobReader } from '../blob-reader.ts';
import { CONFIG, keyOf } from '../layout.ts';
import type { StoredSnapshot } from '../listing.ts';
import { listIds, type Signalled } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { packsUsed } from './used-objects.ts';

export interface ProofParts {
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly locking: Locking;
  /** governance is then a flaw */
  readonly wanted: LockMode | undefined;
}

export async function proveSnapshot(
  parts: ProofParts,
  { entry, file, ids }: StoredSnapshot,
  { signal }: Signalled,
): Promise<Proof> {
  const { repository, locking, wanted } = parts;
  const { place, header } = entry;
  const packs = await packsUsed(parts, { place, tree: file.tree }, { signal });
  // Of several files that stand for it, the first, which protects it the longest, is enough.
  const files = ids.slice(0, 1).map((id) => keyOf('snapshots', id));
  const needed = new Set<Key>([...packs, ...files, CONFIG]);
  // Which indexes and keys a snapshot needs nobody wrote down: all that there are.
  for (const folder of ['index', 'keys'] as const)
    for (const { id } of await listIds(repository.storage, folder, { signal })) needed.add(keyOf(folder, id));
  const found = new Map<Key, readonly ObjectVersion[]>();
  for (const folder of ['data', 'index', 'keys', 'snapshots', CONFIG] as Key[]) {
    for await (const versions of byKey(locking.versions(folder, { signal }))) {
      const key = versions[0]?.key;
      if (key !== undefined && needed.has(key)) found.set(key, versions);
    }
  }
  const objects = [...needed].map((key) => ({
    key,
    versions: found.get(key) ?? [],
    sha256: hashIn(key),
  }));
  const lanes = repository.storage.capabilities.parallel;
  const proven = await proveObjects(objects, { locking, lanes, wanted, signal });
  return { place, id: header.id, target: header.target, ...proven };
}

/** Where evidence lies: beside what restic knows, which passes over it. */
export function evidenceKey(proof: Proof, time: number): Key {
  return keyFrom(`evidence/${evidenceName(proof, time)}`);
}
