/** Reading stored files back: all of them, or a sample that a seed chooses and a time limits. */
import { closeSync, constants } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import { openAt } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { parentOf } from '../../base/raw-path.ts';
import { UnderWay } from '../../base/under-way.ts';
import type { Emit } from '../../model/events.ts';
import type { Node } from '../../model/node.ts';
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { seededRandom } from '../seeded-random.ts';
import type { HashItem, ItemResult } from './file-jobs.ts';
import type { FilePool } from './file-pool.ts';
import type { Flaw } from './flaw.ts';
import { partsOf } from './packing.ts';
import { statusIfThere } from './sharing.ts';
import { packedFlaw } from './stored-content.ts';
import { storedAs } from './stored-form.ts';
import { StoredTree } from './stored-tree.ts';

export interface StoredFile {
  readonly node: Node;
  readonly inode: bigint;
}

interface CheckParts {
  readonly pool: FilePool;
  readonly report: (flaw: Flaw) => void;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** packed files are unpacked as well */
  readonly unpacks: boolean;
  readonly sample?: { readonly seed: number; readonly deadline: AbortSignal };
}

const ITEMS_PER_JOB = 64;
const BYTES_PER_JOB = 16 * 1024 * 1024;
const JOBS_AHEAD = 2;
/** How many files a sample may consist of, which is how many are remembered. */
const SAMPLE = 20_000;

interface Waiting {
  readonly node: Node;
  readonly folder: OpenDirectory;
}

export class ContentCheck {
  readonly #parts: CheckParts;
  readonly #tree: StoredTree;
  /** the next newer snapshot, which was checked before: what is the same inode there is not read again */
  readonly #newer: StoredTree | undefined;
  readonly #sample: StoredFile[] = [];
  readonly #random: () => number;
  #considered = 0;
  #waiting: Waiting[] = [];
  #bytes = 0;
  readonly #underWay = new UnderWay();
  readonly #read = { files: 0, bytes: 0 };

  constructor(root: string, entry: SnapshotEntry, newer: SnapshotEntry | undefined, parts: CheckParts) {
    this.#parts = parts;
    this.#tree = StoredTree.open(join(root, entry.place));
    this.#newer = newer === undefined ? undefined : StoredTree.open(join(root, newer.place));
    this.#random = seededRandom(parts.sample?.seed ?? 0);
  }

  /** Has the file read, unless the newer snapshot's is the very same. Waits when too much is under way. */
  async check(file: StoredFile): Promise<void> {
    if (this.#isShared(file)) {
      this.#parts.emit({ type: 'work.done', files: 0, bytes: file.node.size, unchanged: 1, changed: 0 });
      return;
    }
    const folder = this.#tree.folder(parentOf(file.node.path))?.hold();
    if (folder === undefined) return;
    this.#waiting.push({ node: file.node, folder });
    this.#bytes += file.node.size;
    if (this.#waiting.length >= ITEMS_PER_JOB || this.#bytes >= BYTES_PER_JOB) await this.#dispatch();
  }

  /** Keeps the file for the sample with the chance that makes every choice equally likely (reservoir sampling). */
  consider(file: StoredFile): void {
    this.#considered += 1;
    if (this.#sample.length < SAMPLE) {
      this.#sample.push(file);
      return;
    }
    const at = Math.floor(this.#random() * this.#considered);
    if (at < SAMPLE) this.#sample[at] = file;
  }

  /** Resolves when everything that was asked for is read. */
  async finish(): Promise<{ readonly files: number; readonly bytes: number }> {
    try {
      await this.#checkSample();
      await this.#dispatch();
      await this.#underWay.below(1);
      return this.#read;
    } finally {
      for (const { folder } of this.#waiting.splice(0)) folder.release();
      this.#tree.close();
      this.#newer?.close();
    }
  }

  async #checkSample(): Promise<void> {
    const { sample } = this.#parts;
    if (sample === undefined) return;
    for (let left = this.#sample.length; left > 0 && !sample.deadline.aborted; left--) {
      const at = Math.floor(this.#random() * left);
      const chosen = this.#sample[at] as StoredFile;
      this.#sample[at] = this.#sample[left - 1] as StoredFile;
      await this.check(chosen);
    }
  }

  #isShared({ node, inode }: StoredFile): boolean {
    const folder = this.#newer?.folder(parentOf(node.path));
    return folder !== undefined && statusIfThere(folder.descriptor, storedAs(node).path)?.inode === inode;
  }

  async #dispatch(): Promise<void> {
    const { pool, signal } = this.#parts;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    if (waiting.length > 0) this.#underWay.add(this.#run(waiting));
    await this.#underWay.below(pool.size * JOBS_AHEAD).finally(() => signal.throwIfAborted());
  }

  async #run(waiting: readonly Waiting[]): Promise<void> {
    const { pool, unpacks } = this.#parts;
    const isUnpacked = ({ node }: Waiting) => unpacks && node.stored !== undefined;
    const plain = waiting.filter((one) => !isUnpacked(one));
    try {
      if (plain.length > 0) {
        const results = await pool.run(plain.map(hashItem));
        for (const [at, result] of results.entries()) this.#conclude(plain[at] as Waiting, result);
      }
      for (const one of waiting.filter(isUnpacked)) this.#conclude(one, await this.#unpack(one));
    } finally {
      for (const { folder } of waiting) folder.release();
    }
  }

  /** Here and not in a thread of ours: zlib has its own, and works through a large file only in the background. */
  async #unpack({ node, folder }: Waiting): Promise<ItemResult> {
    const { signal } = this.#parts;
    try {
      const file = openAt(folder.descriptor, storedAs(node).name, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        const reason = await packedFlaw(partsOf(file), node, { signal });
        return reason === undefined ? { kind: 'sound' } : { kind: 'damaged', reason };
      } finally {
        closeSync(file);
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return { kind: 'unreadable', reason: (error as Error).message };
    }
  }

  #conclude({ node }: Waiting, result: ItemResult): void {
    const { report, emit } = this.#parts;
    const { path, size } = node;
    const storedAt = storedAs(node).path;
    if (result.kind === 'damaged') report({ kind: 'content', path, storedAt, reason: result.reason });
    if (result.kind === 'unreadable') report({ kind: 'unreadable', path, storedAt, reason: result.reason });
    this.#read.files += 1;
    this.#read.bytes += size;
    emit({ type: 'work.done', files: 0, bytes: size, unchanged: 0, changed: 0 });
  }
}

function hashItem({ node, folder }: Waiting): HashItem {
  const { name, sha256 = '' } = storedAs(node);
  return { kind: 'hash', from: { directory: folder.descriptor, name }, sha256 };
}
