/** What a repository can do where its medium keeps versions. */
import type { Locking } from '../../../storage/storage.ts';
import type { Vault } from '../../vault.ts';
import { type ProvingParts, proving } from './evidence.ts';
import { undelete } from './undelete.ts';

export function versioned(
  parts: Omit<ProvingParts, 'locking'>,
  locking: Locking,
): Required<Pick<Vault, 'prove' | 'undelete'>> {
  const { storage } = parts.repository;
  return {
    prove: proving({ ...parts, locking }),
    undelete: (options) => undelete({ storage, locking }, options),
  };
}
