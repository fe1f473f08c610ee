/** Going through vaults of which one may be out of reach. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import { operationErrors } from './errors.ts';
import type { OpenedVault, Parts } from './parts.ts';

export type Reached<Result> =
  | { readonly vault: string; readonly result: Result }
  | { readonly vault: string; readonly error: HikaeError };

/** Opens a vault, does the work, and closes it. */
export async function inVault<Result>(
  name: string,
  parts: Pick<Parts, 'openVault'>,
  work: (opened: OpenedVault) => Promise<Result>,
): Promise<Result> {
  const opened = await parts.openVault(name, { create: false });
  try {
    return await work(opened);
  } finally {
    await opened.vault.close();
  }
}

/** Does one piece of work after the other in vaults, and closes a vault only when another one is wanted, or at the end. */
export class OneOpenVault {
  readonly #parts: Pick<Parts, 'openVault'>;
  #open: { readonly name: string; readonly opened: OpenedVault } | undefined;

  constructor(parts: Pick<Parts, 'openVault'>) {
    this.#parts = parts;
  }

  async in<Result>(name: string, work: (opened: OpenedVault) => Promise<Result>): Promise<Result> {
    if (this.#open?.name !== name) {
      await this.close();
      this.#open = { name, opened: await this.#parts.openVault(name, { create: false }) };
    }
    try {
      return await work(this.#open.opened);
    } catch (error) {
      // What went wrong may be its connection.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.opened.vault.close();
  }
}

/** Those that the policy names, nearest first, or the one that a person named. */
export function vaultsToLookIn(
  vault: string | undefined,
  { vaults }: Pick<Parts, 'vaults'>,
): readonly string[] {
  return vault === undefined ? vaults : [vault];
}

/** Does the work in each; what keeps one from it is its own result. Throws when all of them are out of reach. */
export async function inEachVault<Result>(
  names: readonly string[],
  parts: Pick<Parts, 'openVault' | 'signal'>,
  work: (opened: OpenedVault) => Promise<Result>,
): Promise<readonly Reached<Result>[]> {
  const reached: Reached<Result>[] = [];
  for (const vault of names) {
    try {
      reached.push({ vault, result: await inVault(vault, parts, work) });
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!servesNot(error)) throw error;
      reached.push({ vault, error });
    }
  }
  const [first] = reached;
  if (first === undefined) throw operationErrors.NO_VAULT({});
  if ('error' in first && reached.every((one) => 'error' in one)) throw first.error;
  return reached;
}

/**
 * The vaults in the order to try them: first the one whose snapshot of those wanted is the newest, because a run may have
 * had to take another vault than the nearest; among equals the nearest. One that has none, or is out of reach, comes last.
 */
export async function vaultsNewestFirst(
  names: readonly string[],
  parts: Pick<Parts, 'openVault' | 'emit' | 'signal'>,
  find: (opened: OpenedVault) => Promise<SnapshotEntry>,
): Promise<readonly string[]> {
  if (names.length < 2) return names;
  const times = new Map<string, number>();
  for (const name of names) {
    try {
      times.set(name, (await inVault(name, parts, find)).header.time);
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      // To have none of those wanted is no fault; anything else keeps a vault from serving, and is told.
      if (error.code === 'SNAPSHOT_NOT_FOUND') continue;
      parts.emit({ type: 'warning', code: 'next-vault', facts: { vault: name, reason: error.message } });
    }
  }
  const rank = (name: string) => times.get(name) ?? Number.MIN_SAFE_INTEGER;
  return [...names].sort((one, other) => rank(other) - rank(one));
}

/**
 * Out of reach, locked, closed by another password or by one that can't be had: whoever reads can look whether the next vault
 * serves.
 */
export function servesNot(error: unknown): error is HikaeError {
  return (
    (isHikaeError(error) && [10, 11, 12].includes(error.exit)) ||
    isHikaeError(error, 'POLICY_SECRET_MISSING', 'POLICY_SECRET_COMMAND', 'POLICY_SECRET_EXPOSED')
  );
}

export function isOutOfReach(error: unknown): error is HikaeError {
  return isHikaeError(error) && error.exit === 10;
}
