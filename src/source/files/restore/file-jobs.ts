/** The files of a restore: gathered into jobs for the crew, and followed up when they are written. */
import { closeSync, constants } from 'node:fs';
import { openAt, renameAt, statusOf } from '../../../base/libc.ts';
import type { RawName, RawPath } from '../../../base/raw-path.ts';
import { UnderWay } from '../../../base/under-way.ts';
import type { Node } from '../../../model/node.ts';
import type { LocatedFile, SnapshotReader } from '../../../model/snapshot-reader.ts';
import { type Attributes, setAttributes } from './attributes.ts';
import type { Crew } from './crew.ts';
import type { Decision } from './decisions.ts';
import type { EntryPlace } from './destination.ts';
import type { Folder, Folders } from './folders.ts';
import type { Progress } from './progress.ts';
import { faultOfVault, pourContent } from './stream.ts';
import { identityOf } from './surplus.ts';
import { DAMAGED, type FileResult, type FileTask, removeTemporary } from './write.ts';

const JOB_FILES = 128;
const JOB_BYTES = 8_388_608;

/** A file to write, with what is needed to finish it. */
export interface FileOrder {
  readonly node: Node;
  readonly path: RawPath;
  readonly folder: Folder;
  readonly decision: Decision;
  readonly place: EntryPlace;
  readonly temporary: RawName;
  readonly attributes: Attributes;
  /** makes its place free, where something lies there that a rename can't replace */
  readonly clear: (() => void) | undefined;
  /** told of the inode that it became */
  written(identity: string): void;
}

interface JobEntry {
  readonly order: FileOrder;
  readonly task: FileTask;
  readonly located: LocatedFile;
}

export interface FileJobsParts {
  readonly reader: SnapshotReader;
  readonly crew: Crew;
  readonly folders: Folders;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** called when an entry of the folder is finished */
  settle(folder: Folder): void;
}

export class FileJobs {
  readonly #parts: FileJobsParts;
  readonly #underWay = new UnderWay();
  #entries: JobEntry[] = [];
  #bytes = 0;

  constructor(parts: FileJobsParts) {
    this.#parts = parts;
  }

  /** Hands a file to a job, or writes it here where the vault has it in no plain form. */
  async add(order: FileOrder): Promise<void> {
    const { node, path, folder, place, temporary, attributes, clear } = order;
    const { progress } = this.#parts;
    const { sha256, size, holes } = node;
    let located: LocatedFile | undefined;
    try {
      located = this.#parts.reader.locate(node);
    } catch (error) {
      progress.problemOfVault(path, faultOfVault(error));
      return;
    }
    if (located === undefined || sha256 === undefined) {
      located?.release();
      await this.#writeStream(order);
      return;
    }
    const from = { directory: located.directory, name: located.name };
    const publish = clear === undefined;
    const task = { from, to: place, temporary, size, sha256, holes, attributes, publish, bare: folder.bare };
    folder.pending += 1;
    this.#entries.push({ order, task, located });
    this.#bytes += size;
    if (this.#entries.length >= JOB_FILES || this.#bytes >= JOB_BYTES) await this.flush();
  }

  /** Gives what was gathered to the crew, as soon as it has little enough to do. */
  async flush(): Promise<void> {
    if (this.#entries.length === 0) return;
    const { crew, progress } = this.#parts;
    await this.#underWay.below(crew.most);
    progress.throwIfOver();
    const entries = this.#entries;
    this.#entries = [];
    this.#bytes = 0;
    this.#underWay.add(this.#work(entries).catch((error: unknown) => progress.end(error)));
  }

  /** Waits until every file that was added is written or refused. */
  async settled(): Promise<void> {
    await this.flush();
    await this.underWay();
    this.#parts.progress.throwIfOver();
  }

  get busy(): boolean {
    return this.#underWay.count > 0;
  }

  async underWay(): Promise<void> {
    await this.#underWay.below(1);
  }

  /** Lets go of what was gathered and never begun. */
  discard(): void {
    for (const { located } of this.#entries) located.release();
    this.#entries = [];
  }

  async #work(entries: readonly JobEntry[]): Promise<void> {
    const { crew, progress, settle } = this.#parts;
    try {
      const results = await crew.write(entries.map(({ task }) => task));
      for (const [at, { order }] of entries.entries()) {
        const result = results[at];
        if (result !== undefined) this.#conclude(order, result);
      }
    } finally {
      for (const { order, located } of entries) {
        located.release();
        order.folder.pending -= 1;
        settle(order.folder);
      }
    }
    progress.tell();
  }

  #conclude(order: FileOrder, result: FileResult): void {
    if (result.kind === 'cancelled') return;
    const { progress } = this.#parts;
    const { path, clear } = order;
    if (result.kind === 'written') {
      // From here on the file is where it belongs, or taken away again.
      const placed =
        clear === undefined || progress.attempt(path, () => this.#publish(order, clear)) !== undefined;
      if (placed) this.#account(order, result);
    } else if (result.where === 'vault') {
      progress.problemOfVault(path, { damaged: result.code === DAMAGED, reason: result.reason });
    } else {
      progress.attempt(path, () => {
        throw Object.assign(new Error(result.reason), { code: result.code });
      });
    }
  }

  #account(order: FileOrder, { unset, ...status }: Extract<FileResult, { kind: 'written' }>): void {
    const { progress, folders } = this.#parts;
    const { node, path, folder, decision, place } = order;
    folder.dirty = true;
    folders.wrote(place.directory);
    order.written(identityOf(status));
    progress.unset(path, unset);
    progress.restored(decision, node.size);
  }

  /** Moves a whole file to its name in the main thread. */
  #publish({ place, temporary }: FileOrder, clear: (() => void) | undefined): true {
    try {
      this.#parts.signal.throwIfAborted();
      clear?.();
      renameAt(place.directory, temporary, place.directory, place.name);
      return true;
    } catch (error) {
      removeTemporary(place.directory, temporary);
      throw error;
    }
  }

  async #writeStream(order: FileOrder): Promise<void> {
    const { node, path, place, temporary, attributes, clear } = order;
    const { reader, signal, progress } = this.#parts;
    const create = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR;
    const to = progress.attempt(path, () => openAt(place.directory, temporary, create, 0o600));
    if (to === undefined) return;
    let kept = false;
    try {
      const fault = await pourContent(reader, node, to, { signal });
      signal.throwIfAborted();
      if (fault !== undefined) {
        progress.problemOfVault(path, fault);
        return;
      }
      const unset = setAttributes(to, attributes);
      const { inode, device } = statusOf(to);
      kept = this.#publish(order, clear);
      this.#account(order, { kind: 'written', inode, device, unset });
    } catch (error) {
      progress.refuse(path, error);
    } finally {
      closeSync(to);
      if (!kept) removeTemporary(place.directory, temporary);
    }
  }
}
