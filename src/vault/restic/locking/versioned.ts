/** What a repository can do where its medium keeps versions. */
import type { Key, Locking } from '../../../storage/storage.ts';
import { undelete } from '../../locking/undelete.ts';
import type { Vault } from '../../vault.ts';
import { CONFIG } from '../layout.ts';
import { type ProvingParts, proving } from './evidence.ts';

/** In this order nothing is seen before what it needs. */
const folders = [CONFIG, ...(['keys', 'data', 'index', 'snapshots'] as Key[])];

function stageOf(key: Key): number {
  return folders.indexOf(key.split('/', 1)[0] as Key);
}

export function versioned(
  parts: Omit<ProvingParts, 'locking'>,
  locking: Locking,
): Required<Pick<Vault, 'prove' | 'undelete'>> {
  const { storage } = parts.repository;
  return {
    prove: proving({ ...parts, locking }),
    undelete: (options) => undelete({ storage, locking, folders, stageOf }, options),
  };
}
