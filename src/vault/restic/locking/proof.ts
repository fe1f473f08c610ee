/** Proving that a snapshot stays: the server is asked for the version, the lock and the hash of every object that it needs. */
import { inLanes } from '../../../base/lanes.ts';
import type { Proof, ProofFinding, ProofFlaw, ProvenObject } from '../../../model/proof.ts';
import {
  byKey,
  hashIn,
  isSeen,
  type Key,
  keyFrom,
  type Locking,
  type LockMode,
  type ObjectVersion,
  rightVersion,
  type VersionStatus,
} from '../../../storage/storage.ts';
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
  const findings: ProofFinding[] = [];
  const objects: ProvenObject[] = [];
  await inLanes(needed, { lanes: repository.storage.capabilities.parallel, signal }, async (key, either) => {
    const add = (flaw: ProofFlaw) => findings.push({ key, flaw });
    const versions = found.get(key) ?? [];
    const right = await rightVersion(locking, versions, { signal: either });
    if (right === undefined)
      return void add(versions.some(({ deleted }) => !deleted) ? 'other-content' : 'missing');
    const status = await locking.statVersion(key, right.version, { signal: either });
    const hash = hashOf(status);
    objects.push(proven(status, hash));
    if (!(await isSeen(locking, versions, right, { signal: either }))) add('hidden');
    if (hash === 'other') add('other-content');
    if (hash === 'unknown') add('unknown-content');
    const flaw = flawOf(status, wanted);
    if (flaw !== undefined) add(flaw);
  });
  const until = Math.min(...objects.map(({ lock }) => (typeof lock === 'object' ? lock.until : 0)));
  const isKnown = objects.length === needed.size && until > 0;
  return {
    place,
    id: header.id,
    target: header.target,
    objects: objects.sort(byKeyName),
    bytes: objects.reduce((sum, { size }) => sum + size, 0),
    ...(isKnown ? { protectedUntil: until } : {}),
    findings: findings.sort(byKeyName),
  };
}

/** Where evidence lies: beside what restic knows, which passes over it. */
export function evidenceKey({ id }: Proof, time: number): Key {
  return keyFrom(`evidence/${new Date(time).toISOString().replaceAll(':', '')}-${id.slice(0, 8)}.json`);
}

function flawOf({ lock, time }: VersionStatus, wanted: LockMode | undefined): ProofFlaw | undefined {
  if (lock === 'none') return 'not-locked';
  if (lock === 'unknown') return 'unknown-lock';
  if (lock.until <= time) return 'lock-over';
  return lock.mode === 'governance' && wanted !== 'governance' ? 'governance' : undefined;
}

function hashOf({ key, sha256 }: VersionStatus): ProvenObject['hash'] {
  const name = hashIn(key);
  if (name === undefined) return 'named otherwise';
  if (sha256 === undefined) return 'unknown';
  return sha256 === name ? 'same' : 'other';
}

function proven(status: VersionStatus, hash: ProvenObject['hash']): ProvenObject {
  const { key, version, size, lock, time, request } = status;
  return { key, version, size, lock, hash, time, request };
}

function byKeyName(
  { key: left }: { readonly key: string },
  { key: right }: { readonly key: string },
): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
