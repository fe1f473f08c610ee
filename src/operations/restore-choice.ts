/** Which vault and which snapshot a restore takes: the vault that has the newest of those wanted, the nearest among equals, then the next. */
import { type HikaeError, isHikaeError } from '../base/errors.ts';
import { componentOf, type SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { vaultErrors } from '../vault/vault.ts';
import { operationErrors } from './errors.ts';
import type { OpenedVault, Parts } from './parts.ts';
import { vaultsNewestFirst, vaultsToLookIn } from './reach.ts';
import { selectSnapshot } from './select.ts';
import { tellUnreadable } from './unreadable.ts';

export interface Chosen {
  readonly opened: OpenedVault;
  readonly entry: SnapshotEntry;
  readonly reader: SnapshotReader;
}

interface Wanted {
  readonly target: string;
  readonly date: string;
  readonly asOf?: number;
  readonly vault?: string;
  /** where no vault has it whole, what is whole of it will do */
  readonly aroundDamage: boolean;
  /** those that are restored; all when there is none */
  readonly components: readonly string[];
}

/**
 * Chooses, and makes the restore ready from what was chosen. A snapshot that shows itself damaged in that is one that can't
 * be read, so `ready` has to read it to its end.
 */
export async function chooseForRestore<Ready>(
  wanted: Wanted,
  parts: Parts,
  ready: (chosen: Chosen) => Promise<Ready>,
): Promise<Chosen & { readonly ready: Ready }> {
  const names = await vaultsNewestFirst(vaultsToLookIn(wanted.vault, parts), parts, async (opened) => {
    const { snapshots } = await opened.vault.list({ target: wanted.target, signal: parts.signal });
    return select(snapshots, wanted, opened.name, parts);
  });
  let failure: Error | undefined;
  const damaged: string[] = [];
  for (const name of names) {
    try {
      return await chooseIn(name, { ...wanted, aroundDamage: false }, parts, ready);
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error) || error.exit === 2 || isOfDestination(error)) throw error;
      if (names.length > 1) {
        parts.emit({ type: 'warning', code: 'next-vault', facts: { vault: name, reason: error.message } });
      }
      if (error.code === 'SNAPSHOT_DAMAGED') damaged.push(name);
      failure ??= error;
    }
  }
  for (const name of wanted.aroundDamage ? damaged : []) {
    try {
      return await chooseIn(name, wanted, parts, ready);
    } catch (error) {
      parts.signal.throwIfAborted();
      // The first time said more of it.
      if (!isHikaeError(error, 'SNAPSHOT_DAMAGED')) throw error;
    }
  }
  throw failure ?? operationErrors.SNAPSHOT_NOT_FOUND({ wanted: wanted.date, vault: names.join(', ') });
}

function select(
  snapshots: readonly SnapshotEntry[],
  { date, asOf }: Wanted,
  vault: string,
  { clock }: Pick<Parts, 'clock'>,
): SnapshotEntry {
  return selectSnapshot(snapshots, date, {
    vault,
    now: clock.now(),
    ...(asOf === undefined ? {} : { asOf }),
  });
}

/** What every other copy would meet as well. */
function isOfDestination({ code }: HikaeError): boolean {
  return code.startsWith('RESTORE_') && code !== 'RESTORE_UNSAFE_PATH';
}

async function chooseIn<Ready>(
  name: string,
  wanted: Wanted,
  parts: Parts,
  ready: (chosen: Chosen) => Promise<Ready>,
): Promise<Chosen & { readonly ready: Ready }> {
  const opened = await parts.openVault(name, { create: false });
  try {
    const { signal } = parts;
    const { snapshots, unreadable } = await opened.vault.list({ target: wanted.target, signal });
    tellUnreadable(name, unreadable, parts);
    const entry = select(snapshots, wanted, name, parts);
    const { aroundDamage } = wanted;
    const reader = await opened.vault.open(entry, { signal, aroundDamage });
    try {
      const chosen = { opened, entry, reader };
      const made = await ready(chosen);
      requireFiles(chosen, wanted);
      return { ...chosen, ready: made };
    } catch (error) {
      await reader.close();
      throw error;
    }
  } catch (error) {
    await opened.vault.close();
    throw error;
  }
}

/** Of a folder of files the rest is worth having; of the dumps of a database it is not. */
function requireFiles({ entry, reader }: Chosen, { components }: Wanted): void {
  for (const [path, reason] of reader.damagedFolders ?? []) {
    const component = entry.header.components.find(({ name }) => name === componentOf(path));
    if (components.length > 0 && component !== undefined && !components.includes(component.name)) continue;
    if (component?.origin.kind === 'files' || component?.origin.kind === 'docker-volume') continue;
    throw vaultErrors.SNAPSHOT_DAMAGED({ place: entry.place, reason });
  }
}

/** A manifest that breaks off would be met in the middle of the restore; better now, while the next vault can serve. */
export async function readThrough({ reader }: Chosen, { signal }: { signal: AbortSignal }): Promise<void> {
  for await (const _ of reader.nodes({ signal })) signal.throwIfAborted();
}
