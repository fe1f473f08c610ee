/** What the operating system says of the vault's disk, as errors of hikae. */
import { systemCode } from '../../base/errors.ts';
import { vaultErrors } from '../errors.ts';

const full = new Set(['ENOSPC', 'EDQUOT']);
const broken = new Set(['EROFS', 'EIO', 'ENODEV', 'ESTALE', 'ENXIO', 'EUCLEAN']);

/** An error that the disk is to blame for gets its name; every other is passed on as it is. */
export function namedDiskError(root: string, error: unknown): unknown {
  const code = systemCode(error) ?? '';
  const reason = error instanceof Error ? error.message : String(error);
  if (full.has(code)) return vaultErrors.VAULT_FULL({ path: root, reason }, { cause: error });
  if (broken.has(code)) return vaultErrors.VAULT_WRITE_FAILED({ path: root, reason }, { cause: error });
  return error;
}

export async function namingDiskErrors<Result>(root: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw namedDiskError(root, error);
  }
}

/** For the first steps: whatever the operating system refuses then, the vault is out of reach. */
export async function namingReach<Result>(root: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw vaultErrors.VAULT_OUT_OF_REACH({ path: root, reason }, { cause: error });
  }
}
