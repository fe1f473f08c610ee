/** key list, add, remove, passwd: the passwords of an encrypted vault. */
import type { Secret } from '../base/secret.ts';
import type { KeyList, VaultKey } from '../vault/vault.ts';
import { chooseEncrypted, keysOf } from './encrypted-vault.ts';
import type { Parts } from './parts.ts';
import { inVault } from './reach.ts';

export interface KeyRequest {
  /** the policy's only repository when absent */
  readonly vault?: string | undefined;
}

export async function listKeys(
  { vault }: KeyRequest,
  parts: Parts,
): Promise<KeyList & { readonly vault: string }> {
  return inVault(chooseEncrypted(vault, parts), parts, async (opened) => {
    return { vault: opened.name, ...(await keysOf(opened).list(parts)) };
  });
}

export interface ChangedKey {
  readonly vault: string;
  readonly key: VaultKey;
}

export interface PasswordRequest extends KeyRequest {
  /** asked when the vault is open: nobody should think of a new password for one that doesn't open */
  readonly password: () => Promise<Secret>;
  readonly replace: boolean;
}

/** Adds a password, or puts it in the place of the one that the vault was opened with. */
export async function setPassword(
  { vault, password, replace }: PasswordRequest,
  parts: Parts,
): Promise<ChangedKey> {
  return inVault(chooseEncrypted(vault, parts), parts, async (opened) => {
    const keys = keysOf(opened);
    const options = changing(parts);
    const secret = await password();
    const key = replace
      ? await keys.replace(secret, options)
      : await keys.add(secret, { ...options, recovery: false });
    return { vault: opened.name, key };
  });
}

export async function removeKey(
  { vault, id }: KeyRequest & { readonly id: string },
  parts: Parts,
): Promise<{ readonly vault: string; readonly id: string }> {
  return inVault(chooseEncrypted(vault, parts), parts, async (opened) => {
    return { vault: opened.name, ...(await keysOf(opened).remove(id, changing(parts))) };
  });
}

export function changing({ lockWait, emit, signal }: Pick<Parts, 'lockWait' | 'emit' | 'signal'>) {
  return { wait: lockWait, emit, signal };
}
