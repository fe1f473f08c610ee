/** Folders that a capture must not enter. */
import type { PolicyParts } from './parts.ts';

/** Neither the vaults nor our own state belong into a snapshot, wherever they lie. */
export function avoided({ policy }: Pick<PolicyParts, 'policy'>): string[] {
  const places = Object.values(policy.vaults).map((vault) => vault.plain ?? vault.restic ?? '');
  return [...places.filter((place) => place.startsWith('/')), policy.state];
}
