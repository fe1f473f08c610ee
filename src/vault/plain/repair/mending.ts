/**
 * Making again what is lost, from snapshots that have it. They are gone through one after the other, those of this vault first,
 * until nothing is wanted any more.
 */
import { join } from 'node:path';
import { isHikaeError } from '../../../base/errors.ts';
import { syncFileSystem } from '../../../base/libc.ts';
import type { RawName } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import type { SnapshotEntry } from '../../../model/snapshot.ts';
import type { SnapshotReader } from '../../../model/snapshot-reader.ts';
import type { EntryAmount } from '../../upkeep.ts';
import type { RepairOptions, Vault } from '../../vault.ts';
import { listSnapshots } from '../listing.ts';
import { PlainSnapshotReader } from '../snapshot-reader.ts';
import type { VaultFile } from '../vault-file.ts';
import type { Beside } from './beside.ts';
import { type Losses, type LostFile, type Member, sharingKey } from './losses.ts';
import { linkFrom, makeFrom } from './making.ts';
import { Placing } from './placing.ts';

/** So much is written beside before it is made durable and put in its place. */
const BATCH_BYTES = 256 * 1024 * 1024;
const BATCH_FILES = 1_000;

export interface MendingParts {
  readonly root: string;
  readonly file: VaultFile;
}

type MendingOptions = Pick<RepairOptions, 'emit' | 'signal' | 'from'>;

export interface Mended {
  /** what is right again, or would be */
  readonly members: readonly Member[];
  readonly restored: EntryAmount;
  /** by a content of the other vault */
  readonly fetched: EntryAmount;
}

interface Made {
  readonly lost: LostFile;
  readonly name: RawName;
  readonly isFetched: boolean;
}

export class Mending {
  readonly #losses: Losses;
  readonly #parts: MendingParts;
  readonly #beside: Beside | undefined;
  readonly #options: MendingOptions;
  readonly #placing: Placing | undefined;
  /** by the hash of their content */
  readonly #wanted: Map<string, Map<string, LostFile>>;
  readonly #members: Member[] = [];
  readonly #restored = { entries: 0, bytes: 0 };
  readonly #fetched = { entries: 0, bytes: 0 };
  #made: Made[] = [];
  #bytes = 0;

  /** Without a place beside nothing is made, and it is only found out what could be. */
  constructor(losses: Losses, parts: MendingParts, beside: Beside | undefined, options: MendingOptions) {
    this.#losses = losses;
    this.#parts = parts;
    this.#beside = beside;
    this.#options = options;
    this.#placing = beside && new Placing(parts.root, parts.file.keeps, beside);
    this.#wanted = new Map();
    for (const [key, lost] of losses.files) {
      const { sha256 = '' } = lost.node;
      this.#wanted.set(sha256, (this.#wanted.get(sha256) ?? new Map<string, LostFile>()).set(key, lost));
    }
  }

  async run(snapshots: readonly SnapshotEntry[]): Promise<Mended> {
    const { root } = this.#parts;
    const { signal, from } = this.#options;
    this.#putFolders();
    // The newest first: what is asked for most.
    for (const entry of [...snapshots].reverse())
      await this.#takeFrom(entry.place, async () => PlainSnapshotReader.open(root, entry));
    if (from !== undefined)
      for (const entry of await this.#entriesOf(from))
        await this.#takeFrom(undefined, () => from.open(entry, { signal }));
    await this.#put();
    await this.#placing?.finish(signal);
    return { members: this.#members, restored: this.#restored, fetched: this.#fetched };
  }

  #putFolders(): void {
    for (const entry of this.#losses.folders)
      if (this.#placing?.folder(entry) !== false) this.#count(entry, 0);
    for (const entry of this.#losses.symlinks)
      if (this.#placing?.symlink(entry) !== false) this.#count(entry, 0);
  }

  /** Copies of what is damaged here come first. */
  async #entriesOf(from: Vault): Promise<readonly SnapshotEntry[]> {
    if (this.#wanted.size === 0) return [];
    const { snapshots } = await from.list({ signal: this.#options.signal });
    const places = new Set(
      [...this.#losses.files.values()].flatMap(({ members }) => members.map(({ place }) => place)),
    );
    const own = listSnapshots(this.#parts.root, {}).snapshots.filter(({ place }) => places.has(place));
    const ids = new Set(own.map(({ header }) => header.id));
    const [same, others] = [true, false].map((is) =>
      snapshots.filter(({ header }) => ids.has(header.id) === is),
    );
    return [...(same ?? []).toReversed(), ...(others ?? []).toReversed()];
  }

  /** Goes through a snapshot, of this vault where `place` is told, as long as anything is wanted. */
  async #takeFrom(place: string | undefined, open: () => Promise<SnapshotReader>): Promise<void> {
    if (this.#wanted.size === 0) return;
    const { signal } = this.#options;
    const reader = await open();
    try {
      for await (const batch of reader.nodes({ signal })) {
        for (const node of batch) {
          const lost = node.type === 'file' ? this.#wanted.get(node.sha256 ?? '') : undefined;
          if (lost === undefined || (place !== undefined && !this.#losses.hasContent(place, node.path)))
            continue;
          for (const [key, one] of [...lost]) await this.#make(key, one, { reader, node }, place);
        }
        if (this.#wanted.size === 0) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE')) throw error;
    } finally {
      await reader.close();
    }
  }

  async #make(
    key: string,
    lost: LostFile,
    { reader, node }: { readonly reader: SnapshotReader; readonly node: Node },
    place: string | undefined,
  ): Promise<void> {
    const { root, file } = this.#parts;
    const { signal } = this.#options;
    const beside = this.#beside;
    const folder = place === undefined ? undefined : join(root, place);
    const isTwin =
      place !== undefined && this.#losses.isSound(place, node.path) && sharingKey(place, node) === key;
    const linked =
      isTwin && folder !== undefined && beside !== undefined ? linkFrom(folder, node, beside) : undefined;
    const name =
      linked ?? (await makeFrom({ reader, node, folder }, lost.node, { beside, keeps: file.keeps, signal }));
    if (name === undefined) return;
    this.#forget(key, lost);
    if (name === 'possible') {
      for (const member of lost.members) this.#count(member, lost.node.size, place === undefined);
      return;
    }
    this.#made.push({ lost, name, isFetched: place === undefined });
    this.#bytes += lost.node.size;
    if (this.#bytes >= BATCH_BYTES || this.#made.length >= BATCH_FILES) await this.#put();
  }

  /** Durable first, then in its place. */
  async #put(): Promise<void> {
    const [placing, beside] = [this.#placing, this.#beside];
    if (placing === undefined || beside === undefined || this.#made.length === 0) return;
    await syncFileSystem(beside.descriptor);
    this.#options.signal.throwIfAborted();
    for (const { lost, name, isFetched } of this.#made.splice(0))
      for (const member of placing.file(lost, name)) this.#count(member, lost.node.size, isFetched);
    this.#bytes = 0;
  }

  #forget(key: string, { node: { sha256 = '' } }: LostFile): void {
    const ofHash = this.#wanted.get(sha256);
    ofHash?.delete(key);
    if (ofHash?.size === 0) this.#wanted.delete(sha256);
  }

  #count({ place, path }: Member, bytes: number, isFetched = false): void {
    this.#members.push({ place, path });
    for (const amounts of isFetched ? [this.#restored, this.#fetched] : [this.#restored]) {
      amounts.entries += 1;
      amounts.bytes += bytes;
    }
  }
}
