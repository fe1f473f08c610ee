/** A proof as evidence: the answers of the server, kept as a locked object whose own date is the server's too. */
import { isHikaeError } from '../../../base/errors.ts';
import type { Proof } from '../../../model/proof.ts';
import type { Locking } from '../../../storage/storage.ts';
import type { Vault } from '../../vault.ts';
import type { BlobReader } from '../blob-reader.ts';
import type { SnapshotListing } from '../listing.ts';
import type { Repository } from '../repository.ts';
import { evidenceKey, proveSnapshot } from './proof.ts';

export interface ProvingParts {
  readonly repository: Repository;
  readonly blobs: BlobReader;
  readonly listing: SnapshotListing;
  readonly locking: Locking;
}

/** Proves, and stores what was proven where the vault is locked by the policy and we may. */
export function proving(parts: ProvingParts): NonNullable<Vault['prove']> {
  const { repository, listing } = parts;
  return async (entry, { emit, signal }) => {
    const snapshot = await listing.at(entry.place, { signal });
    const wanted = repository.locks?.settings.mode;
    const proof = await proveSnapshot({ ...parts, wanted }, snapshot, { signal });
    try {
      await keep(repository, proof, signal);
    } catch (error) {
      if (!isHikaeError(error, 'STORAGE_REFUSED')) throw error;
      const facts = { vault: repository.storage.location, reason: error.message };
      emit({ type: 'warning', code: 'evidence-not-kept', facts });
    }
    return proof;
  };
}

async function keep({ storage, locks }: Repository, proof: Proof, signal: AbortSignal): Promise<void> {
  if (locks === undefined) return;
  const key = evidenceKey(proof, await locks.now({ signal }));
  const json = JSON.stringify({ vault: storage.location, ...proof });
  await storage.put(key, Buffer.from(json), { signal });
}
