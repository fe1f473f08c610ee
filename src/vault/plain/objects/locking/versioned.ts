/** What dated trees can do where their medium keeps versions. */
import { isHikaeError } from '../../../../base/errors.ts';
import type { Proof } from '../../../../model/proof.ts';
import type { SnapshotEntry } from '../../../../model/snapshot.ts';
import {
  byKey,
  type CallOptions,
  type Key,
  keyFrom,
  type Locking,
  type ObjectVersion,
} from '../../../../storage/storage.ts';
import { evidenceName, type NeededObject, proveObjects } from '../../../locking/proven-objects.ts';
import { undelete } from '../../../locking/undelete.ts';
import type { Vault } from '../../../vault.ts';
import { CHECKSUMS, MANIFEST, OWN, POLICY, schedules } from '../../layout.ts';
import { manifestIn } from '../fetched.ts';
import { VAULT_KEY } from '../vault-object.ts';
import type { VaultParts } from '../vault-parts.ts';
import { TreeHashes } from './tree-hashes.ts';

export function versioned(parts: VaultParts, locking: Locking): Required<Pick<Vault, 'prove' | 'undelete'>> {
  const { storage, spool } = parts;
  return {
    async prove(entry, { emit, signal }) {
      const proof = await proveSnapshot(parts, locking, entry, { signal });
      try {
        await keep(parts, proof, { signal });
      } catch (error) {
        if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
        const facts = { vault: storage.location, reason: error.message };
        emit({ type: 'warning', code: 'evidence-not-kept', facts });
      }
      return proof;
    },
    undelete(options) {
      const hashes = new TreeHashes(locking, spool);
      const folders = [VAULT_KEY, ...schedules.map(keyFrom)];
      const hashOf = (key: Key, callOptions: CallOptions) => hashes.of(key, callOptions);
      return undelete({ storage, locking, folders, stageOf, hashOf }, options);
    },
  };
}

/** A snapshot is seen when its manifest is, and a vault when its identity is. */
function stageOf(key: Key): number {
  if (key === VAULT_KEY) return 2;
  return key.endsWith(`/${OWN}/${MANIFEST}`) ? 1 : 0;
}

async function proveSnapshot(
  { storage, spool, locks }: VaultParts,
  locking: Locking,
  { place, header }: SnapshotEntry,
  { signal }: CallOptions,
): Promise<Proof> {
  const folder = keyFrom(place);
  const hashes = await new TreeHashes(locking, spool).all(folder, { signal });
  const found = new Map<Key, readonly ObjectVersion[]>();
  for (const one of [VAULT_KEY, folder])
    for await (const versions of byKey(locking.versions(one, { signal })))
      if (versions[0] !== undefined) found.set(versions[0].key, versions);
  // The policy is kept with most snapshots, not with all.
  const policy = keyFrom(`${folder}/${OWN}/${POLICY}`);
  const own = [VAULT_KEY, manifestIn(folder), keyFrom(`${folder}/${CHECKSUMS}`)];
  if (found.has(policy)) own.push(policy);
  const needed = [...hashes.keys(), ...own].map(
    (key): NeededObject => ({ key, versions: found.get(key) ?? [], sha256: hashes.get(key) }),
  );
  const lanes = storage.capabilities.parallel;
  const wanted = locks?.settings.mode;
  const proven = await proveObjects(needed, { locking, lanes, wanted, signal });
  return { place, id: header.id, target: header.target, ...proven };
}

async function keep({ storage, locks }: VaultParts, proof: Proof, options: CallOptions): Promise<void> {
  if (locks === undefined) return;
  const key = keyFrom(`${OWN}/evidence/${evidenceName(proof, await locks.now(options))}`);
  const json = JSON.stringify({ vault: storage.location, ...proof });
  await storage.put(key, Buffer.from(json), options);
}
