/** `<root>/.hikae/vault.json`: what makes a folder a vault, and which one it is. */
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere, replaceFile, syncDirectory } from '../../base/durable-files.ts';
import { vaultErrors } from '../errors.ts';
import type { VaultIdentity } from '../vault.ts';
import type { Keeps } from './file-jobs.ts';
import { probeFileSystem } from './file-system.ts';
import { OWN } from './layout.ts';

const FORMAT = 'hikae-plain-vault';
const VERSION = 1;

const schema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  created: z.number().int(),
  keeps: z.strictObject({ owners: z.boolean(), xattrs: z.array(z.string()) }),
});

/** The identity, and what the stored tree keeps by itself on this file system, as found when the vault was created. */
export interface VaultFile {
  readonly id: string;
  readonly created: number;
  readonly keeps: Keeps;
}

export function identityOf(file: VaultFile): VaultIdentity {
  return { id: file.id, kind: 'plain', created: file.created };
}

/** undefined when the folder has none; VAULT_DAMAGED or VAULT_NEWER when it can't be used. */
export function readVaultFile(root: string): VaultFile | undefined {
  const path = pathOf(root);
  const bytes = readIfThere(path);
  if (bytes === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw vaultErrors.VAULT_DAMAGED({ path, reason: String(error) }, { cause: error });
  }
  const version = z.looseObject({ format: z.literal(FORMAT), version: z.number() }).safeParse(parsed);
  if (version.success && version.data.version > VERSION) {
    throw vaultErrors.VAULT_NEWER({ path, version: version.data.version });
  }
  const file = schema.safeParse(parsed);
  if (!file.success) throw vaultErrors.VAULT_DAMAGED({ path, reason: z.prettifyError(file.error) });
  const { format: _format, version: _version, ...rest } = file.data;
  return rest;
}

/** Makes a vault of an empty or a new folder; VAULT_FOREIGN when something else lies there. */
export function createVaultFile(
  root: string,
  options: { id: string; now: number; privileged: boolean },
): VaultFile {
  mkdirSync(root, { recursive: true, mode: 0o700 });
  // A new disk brings its own `lost+found`, which is nobody's data.
  if (readdirSync(root).some((name) => name !== 'lost+found'))
    throw vaultErrors.VAULT_FOREIGN({ path: root });
  chmodSync(root, 0o700);
  const keeps = probeFileSystem(root, options.privileged);
  mkdirSync(join(root, OWN), { mode: 0o700 });
  const file: VaultFile = { id: options.id, created: options.now, keeps };
  replaceFile(
    pathOf(root),
    `${JSON.stringify({ format: FORMAT, version: VERSION, ...file }, undefined, 2)}\n`,
  );
  syncDirectory(root);
  return file;
}

function pathOf(root: string): string {
  return join(root, OWN, 'vault.json');
}
