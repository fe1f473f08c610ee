/**
 * Vaults and sources inside each other by way of symbolic links, which the file itself doesn't show: a vault
 * that takes in its own snapshots doubles with every run.
 */
import { policyErrors } from './errors.ts';
import { parseLocation } from './location.ts';
import { placeOf } from './meaning.ts';
import { isWithin } from './paths.ts';
import type { Policy } from './policy-file.ts';
import { realPlace } from './real-place.ts';

export async function checkRealPlaces(policy: Policy, { signal }: { signal: AbortSignal }): Promise<void> {
  const sources: { root: string; real: string; oneFileSystem: boolean }[] = [];
  for (const { components } of Object.values(policy.targets)) {
    for (const { files, oneFileSystem = true } of Object.values(components)) {
      for (const root of files?.roots ?? [])
        sources.push({ root, real: await realPlace(root), oneFileSystem });
    }
  }
  for (const [name, vault] of Object.entries(policy.vaults)) {
    signal.throwIfAborted();
    const location = parseLocation(placeOf(vault));
    if (location?.kind !== 'local') continue;
    const path = await realPlace(location.path);
    const disk = vault.mounted === undefined ? undefined : await realPlace(vault.mounted);
    for (const { root, real, oneFileSystem } of sources) {
      const words = { vault: name, path, source: root, real };
      if (isWithin(real, path)) throw policyErrors.POLICY_SOURCE_IN_VAULT(words);
      // A disk mounted below the source is not entered, and the vault is not written while it isn't mounted.
      const apart = oneFileSystem && disk !== undefined && disk !== real && isWithin(disk, real);
      if (isWithin(path, real) && !apart) throw policyErrors.POLICY_VAULT_IN_SOURCE(words);
    }
  }
}
