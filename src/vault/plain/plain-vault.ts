/** The vault kind `plain`: dated trees in a folder, usable with `ls`, `cp` and `sha256sum` alone. */
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { delay } from '../../base/abort.ts';
import { syncDirectory } from '../../base/durable-files.ts';
import { tryLock } from '../../base/libc.ts';
import type { Emit } from '../../model/events.ts';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { vaultErrors } from '../errors.ts';
import type { Vault, VerifyOptions, WritableVault } from '../vault.ts';
import { namingDiskErrors, namingReach } from './disk-errors.ts';
import { clearBeside, latestName, updateLatest } from './latest.ts';
import { OWN, parsePlace, REMOVING } from './layout.ts';
import { leftovers, listSnapshots, targetsIn } from './listing.ts';
import { isMountPoint } from './mounts.ts';
import { previewComponent } from './preview.ts';
import { forgetRecords } from './records.ts';
import { removeFrom } from './removal.ts';
import { repairTrees } from './repair/repair.ts';
import { roomAt } from './room.ts';
import { PlainSnapshotReader } from './snapshot-reader.ts';
import { createVaultFile, identityOf, readVaultFile, type VaultFile } from './vault-file.ts';
import { verifySnapshots } from './verify.ts';
import { openWriting } from './writing.ts';

export interface PlainVaultOptions {
  /** where something must be mounted for the vault to be there */
  readonly mounted?: string;
  /** Makes the vault if there is none; without this, VAULT_NOT_FOUND. */
  readonly create?: { readonly id: string; readonly now: number };
  /** it has been seen at this path before: an empty folder is then no reason to make one */
  readonly seen: boolean;
  readonly uid: number;
  readonly threads: number;
}

/** Opens the vault at `root`, an absolute path. */
export async function openPlainVault(root: string, options: PlainVaultOptions): Promise<Vault> {
  return namingReach(root, async () => openReachable(root, options));
}

function openReachable(root: string, options: PlainVaultOptions): Vault {
  const { mounted } = options;
  if (mounted !== undefined && !isMountPoint(mounted))
    throw vaultErrors.VAULT_NOT_MOUNTED({ mount: mounted, path: root });
  const file = readVaultFile(root) ?? createVault(root, options);
  return {
    identity: identityOf(file),
    location: root,
    async list({ target, signal }) {
      signal.throwIfAborted();
      return namingReach(root, async () => listSnapshots(root, target === undefined ? {} : { target }));
    },
    async preview(target, draft, capture, { signal }) {
      return previewComponent(root, target, draft, capture, signal);
    },
    async open(entry) {
      return PlainSnapshotReader.open(root, entry);
    },
    async verify(entries, verifyOptions: VerifyOptions) {
      return verifySnapshots(root, file, entries, { ...verifyOptions, threads: options.threads });
    },
    async acquire(acquireOptions) {
      const { uid, threads } = options;
      return namingReach(root, () => acquire(root, file, { ...acquireOptions, uid, threads }));
    },
    async repair(repairOptions) {
      const { uid, threads } = options;
      const release = await lockVault(root, { ...repairOptions, uid });
      try {
        const parts = { root, file, threads };
        return await namingDiskErrors(root, () => repairTrees(parts, repairOptions));
      } finally {
        release();
      }
    },
    async room({ signal }) {
      signal.throwIfAborted();
      return roomAt(root);
    },
    async close() {},
  };
}

function createVault(root: string, { create, seen, uid }: PlainVaultOptions): VaultFile {
  if (seen && create === undefined) throw vaultErrors.VAULT_GONE({ path: root });
  if (create === undefined) throw vaultErrors.VAULT_NOT_FOUND({ path: root });
  return createVaultFile(root, { ...create, privileged: uid === 0 });
}

interface LockOptions {
  readonly wait: number;
  readonly uid: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Nobody else writes until what it gives is called. */
async function lockVault(root: string, options: LockOptions): Promise<() => void> {
  requirePrivate(root, options.uid);
  const lock = openSync(join(root, OWN, 'lock'), 'a', 0o600);
  try {
    await takeLock(lock, root, options);
    await finishRemovals(root, options.signal);
    return () => closeSync(lock);
  } catch (error) {
    closeSync(lock);
    throw error;
  }
}

async function acquire(
  root: string,
  file: VaultFile,
  options: LockOptions & { readonly threads: number },
): Promise<WritableVault> {
  const release = await lockVault(root, options);
  const writing = openWriting(root, file, options.threads);
  return {
    ...writing,
    async remove(entry, { signal }) {
      await namingDiskErrors(root, () => removeSnapshot(root, entry, signal));
    },
    async release() {
      await writing.close();
      release();
    },
  };
}

/** The tree holds setuid files and secrets under the owners that they had: nobody else may get in. */
function requirePrivate(root: string, uid: number): void {
  const { uid: owner, mode } = statSync(root);
  if (owner === uid && (mode & 0o077) === 0) return;
  const shown = (mode & 0o7777).toString(8).padStart(4, '0');
  throw vaultErrors.VAULT_OPEN_TO_OTHERS({ path: root, user: uid, owner, mode: shown });
}

const POLL = 500;

async function takeLock(lock: number, root: string, { wait, emit, signal }: LockOptions): Promise<void> {
  for (let waited = 0; !tryLock(lock, 'exclusive'); waited += POLL) {
    if (waited >= wait) throw vaultErrors.VAULT_LOCKED({ path: root });
    if (waited === 0) emit({ type: 'phase', phase: 'waiting' });
    await delay(POLL, signal);
  }
}

async function removeSnapshot(root: string, entry: SnapshotEntry, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const place = parsePlace(entry.place);
  if (place === undefined) throw new TypeError(`${entry.place} is no place of a snapshot`);
  const folder = join(root, place.schedule, place.target);
  const manifest = openSync(join(folder, place.name, OWN, 'manifest'), 'r');
  try {
    if (!tryLock(manifest, 'exclusive')) throw vaultErrors.SNAPSHOT_IN_USE({ place: entry.place });
    const doomed = place.name + REMOVING;
    const wasLatest = latestName(folder) === place.name;
    renameSync(join(folder, place.name), join(folder, doomed));
    syncDirectory(folder);
    forgetRecords(root, entry.place);
    if (wasLatest) updateLatest(root, place, entry.header.time);
    await removeFrom(folder, doomed, signal);
  } finally {
    closeSync(manifest);
  }
}

/** What an interrupted removal has left is no snapshot any more: it goes. */
async function finishRemovals(root: string, signal: AbortSignal): Promise<void> {
  for (const { schedule, target } of targetsIn(root)) {
    const folder = join(root, schedule, target);
    for (const name of leftovers(root, schedule, target, REMOVING)) await removeFrom(folder, name, signal);
    clearBeside(folder);
  }
}
