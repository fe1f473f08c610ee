/** undelete: what was deleted or overwritten in the buckets since a time is seen again. */
import type { UndeleteReport } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import type { Parts } from './parts.ts';
import { inVault } from './reach.ts';

export type { UndeleteReport };

export interface UndeleteRequest {
  readonly vault: string;
  /** milliseconds since 1970 UTC; the vault is opened as it was then */
  readonly time: number;
  readonly dryRun: boolean;
}

export async function undelete(
  { vault: name, time, dryRun }: UndeleteRequest,
  parts: Parts,
): Promise<UndeleteReport> {
  const { signal } = parts;
  return inVault(name, parts, async ({ vault }) => {
    if (vault.undelete === undefined) throw operationErrors.VAULT_WITHOUT_LOCKS({ vault: name });
    return vault.undelete({ time, dryRun, signal });
  });
}
