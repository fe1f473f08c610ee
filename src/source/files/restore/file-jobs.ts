/** The files of a restore: gathered into jobs for the crew, and followed up when they are written. */
import { UnderWay } from '../../../base/under-way.ts';
import type { LocatedFile, SnapshotReader } from '../../../model/snapshot-reader.ts';
import { Concluding, type FileOrder, targetOf } from './concluding.ts';
import type { Crew } from './crew.ts';
import { DeliveredFiles } from './delivered-files.ts';
import type { Folder, Folders } from './folders.ts';
import type { Owners } from './host.ts';
import type { Progress } from './progress.ts';
import { faultOfVault } from './stream.ts';
import { StreamedFiles } from './streamed-files.ts';
import type { FileTask } from './write.ts';

const JOB_FILES = 128;
const JOB_BYTES = 8_388_608;

interface JobEntry {
  readonly order: FileOrder;
  readonly task: FileTask;
  readonly located: LocatedFile;
}

export interface FileJobsParts {
  readonly reader: SnapshotReader;
  readonly crew: Crew;
  readonly owners: Owners;
  readonly folders: Folders;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** called when an entry of the folder is finished */
  settle(folder: Folder): void;
}

export class FileJobs {
  readonly #parts: FileJobsParts;
  readonly #concluding: Concluding;
  readonly #streamed: StreamedFiles;
  /** undefined where the vault delivers nothing */
  readonly #delivered: DeliveredFiles | undefined;
  readonly #underWay = new UnderWay();
  #entries: JobEntry[] = [];
  #bytes = 0;

  constructor(parts: FileJobsParts) {
    this.#parts = parts;
    const { reader } = parts;
    this.#concluding = new Concluding(parts);
    this.#streamed = new StreamedFiles({ ...parts, concluding: this.#concluding });
    const shared = { ...parts, concluding: this.#concluding, streamed: this.#streamed };
    this.#delivered =
      reader.deliver === undefined ? undefined : new DeliveredFiles(shared, reader.deliver.bind(reader));
  }

  /**
   * Hands a file to a job, or has its content delivered, or writes it here where the vault has no better way. Resolves when
   * more may be added; undefined where that is at once.
   */
  add(order: FileOrder): Promise<void> | undefined {
    const { node, path, folder } = order;
    const { progress } = this.#parts;
    const { sha256, size, holes } = node;
    let located: LocatedFile | undefined;
    try {
      located = this.#parts.reader.locate(node);
    } catch (error) {
      progress.problemOfVault(path, faultOfVault(error));
      return undefined;
    }
    if (located === undefined || sha256 === undefined) {
      located?.release();
      return this.#delivered === undefined ? this.#streamed.write(order) : this.#delivered.order(order);
    }
    const from = { directory: located.directory, name: located.name };
    const task = { ...targetOf(order, this.#parts.owners), from, sha256, holes };
    folder.pending += 1;
    this.#entries.push({ order, task, located });
    this.#bytes += size;
    return this.#entries.length >= JOB_FILES || this.#bytes >= JOB_BYTES ? this.flush() : undefined;
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
    await this.#delivered?.settled();
    await this.underWay();
    this.#parts.progress.throwIfOver();
  }

  get busy(): boolean {
    return this.#underWay.count > 0 || this.#delivered?.busy === true;
  }

  async underWay(): Promise<void> {
    await this.#underWay.below(1);
    await this.#delivered?.underWay();
  }

  /** Lets go of what was gathered or ordered and never came to be written. */
  async discard(): Promise<void> {
    for (const { located } of this.#entries) located.release();
    this.#entries = [];
    await this.#delivered?.close();
  }

  async #work(entries: readonly JobEntry[]): Promise<void> {
    const { crew, progress, settle } = this.#parts;
    try {
      const results = await crew.write(entries.map(({ task }) => task));
      for (const [at, { order }] of entries.entries()) {
        const result = results[at];
        if (result !== undefined) this.#concluding.conclude(order, result);
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
}
