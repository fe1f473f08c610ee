/** `.hikae/vault.json` among objects: what makes a prefix a vault, and which one it is. */
import { z } from 'zod';
import { isHikaeError } from '../../../base/errors.ts';
import { type CallOptions, keyFrom, type Storage } from '../../../storage/storage.ts';
import { vaultErrors } from '../../errors.ts';
import type { VaultIdentity } from '../../vault.ts';
import { OWN } from '../layout.ts';

const FORMAT = 'hikae-plain-objects';
const VERSION = 1;
export const VAULT_KEY = keyFrom(`${OWN}/vault.json`);
const LARGEST = 65_536;

const schema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  created: z.number().int(),
});

/** undefined when there is none; VAULT_DAMAGED or VAULT_NEWER when it can't be used. */
export async function readVaultObject(
  storage: Storage,
  options: CallOptions,
): Promise<VaultIdentity | undefined> {
  const path = `${storage.location}/${VAULT_KEY}`;
  let parsed: unknown;
  try {
    const bytes = await storage.read(VAULT_KEY, { ...options, limit: LARGEST });
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (isHikaeError(error, 'STORAGE_NOT_FOUND')) return undefined;
    if (!(error instanceof SyntaxError) && !isHikaeError(error, 'STORAGE_TOO_LARGE')) throw error;
    throw vaultErrors.VAULT_DAMAGED({ path, reason: error.message }, { cause: error });
  }
  const version = z.looseObject({ format: z.literal(FORMAT), version: z.number() }).safeParse(parsed);
  if (version.success && version.data.version > VERSION)
    throw vaultErrors.VAULT_NEWER({ path, version: version.data.version });
  const file = schema.safeParse(parsed);
  if (!file.success) throw vaultErrors.VAULT_DAMAGED({ path, reason: z.prettifyError(file.error) });
  return { id: file.data.id, kind: 'plain', created: file.data.created };
}

/** Makes a vault where there is nothing; VAULT_FOREIGN where any object lies, and STORAGE_LACKS where nothing can be shared. */
export async function createVaultObject(
  storage: Storage,
  { id, created }: Pick<VaultIdentity, 'id' | 'created'>,
  options: CallOptions,
): Promise<VaultIdentity> {
  const path = storage.location;
  for await (const batch of storage.list('', options))
    if (batch.length > 0) throw vaultErrors.VAULT_FOREIGN({ path });
  if (storage.capabilities.links === 'none')
    throw vaultErrors.VAULT_FILE_SYSTEM({ path, lacks: 'hard links' });
  const text = JSON.stringify({ format: FORMAT, version: VERSION, id, created }, undefined, 2);
  await storage.put(VAULT_KEY, Buffer.from(`${text}\n`), options);
  return { id, kind: 'plain', created };
}
