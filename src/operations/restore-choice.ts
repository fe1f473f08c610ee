/** Which vault and which snapshot a restore takes: the nearest vault that has it and can be read, then the next. */
import { isHikaeError } from '../base/errors.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { operationErrors } from './errors.ts';
import type { OpenedVault, Parts } from './parts.ts';
import { selectSnapshot } from './select.ts';

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
}

export async function chooseForRestore(wanted: Wanted, parts: Parts): Promise<Chosen> {
  const names = wanted.vault === undefined ? parts.vaults : [wanted.vault];
  let failure: Error | undefined;
  for (const name of names) {
    try {
      return await chooseIn(name, wanted, parts);
    } catch (error) {
      parts.signal.throwIfAborted();
      if (!isHikaeError(error) || error.exit === 2) throw error;
      if (names.length > 1) {
        parts.emit({ type: 'warning', code: 'next-vault', facts: { vault: name, reason: error.message } });
      }
      failure ??= error;
    }
  }
  throw failure ?? operationErrors.SNAPSHOT_NOT_FOUND({ wanted: wanted.date, vault: names.join(', ') });
}

async function chooseIn(name: string, { target, date, asOf }: Wanted, parts: Parts): Promise<Chosen> {
  const opened = await parts.openVault(name, { create: false });
  try {
    const { signal } = parts;
    const { snapshots } = await opened.vault.list({ target, signal });
    const until = asOf === undefined ? {} : { asOf };
    const entry = selectSnapshot(snapshots, date, { vault: name, ...until });
    const reader = await opened.vault.open(entry, { signal });
    try {
      await readThrough(reader, signal);
    } catch (error) {
      await reader.close();
      throw error;
    }
    return { opened, entry, reader };
  } catch (error) {
    await opened.vault.close();
    throw error;
  }
}

/** A manifest that breaks off would be met in the middle of the restore; better now, while the next vault can serve. */
async function readThrough(reader: SnapshotReader, signal: AbortSignal): Promise<void> {
  for await (const _ of reader.nodes({ signal })) signal.throwIfAborted();
}
