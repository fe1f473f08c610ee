/** The vault that a person means where only one that is encrypted makes sense. */
import type { VaultKeys } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import type { OpenedVault, Parts } from './parts.ts';

/** The policy's only repository when none is named. */
export function chooseEncrypted(named: string | undefined, { policy }: Pick<Parts, 'policy'>): string {
  if (named !== undefined) return named;
  const vaults = Object.entries(policy?.vaults ?? {});
  const known = vaults.filter(([, { restic }]) => restic !== undefined).map(([name]) => name);
  const [only] = known;
  if (only === undefined || known.length > 1) throw operationErrors.VAULT_NOT_NAMED({ known });
  return only;
}

export function keysOf({ name, vault }: OpenedVault): VaultKeys {
  if (vault.keys === undefined) throw operationErrors.VAULT_NOT_ENCRYPTED({ vault: name });
  return vault.keys;
}
