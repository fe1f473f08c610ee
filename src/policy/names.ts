/** The names of targets, components and vaults. Those of targets and components become folders in a plain vault. */

export const namePattern = /^[a-z0-9][a-z0-9._-]{0,99}$/;

const reserved = new Set(['latest', 'checksums.sha256', '.hikae']);

export function isReservedName(name: string): boolean {
  return reserved.has(name) || name.endsWith('.partial');
}
