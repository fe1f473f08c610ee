/**
 * Doing what a survey decided. The main thread goes through the snapshot, makes folders, links and special entries and
 * hands files out in jobs; a folder gets its own attributes when everything in it is finished.
 */
import { breathe } from '../../../base/abort.ts';
import { type RawPath, rawFromText } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import type { RestoreResult } from '../../source.ts';
import { type Crew, openCrew } from './crew.ts';
import { actionOf, BLOCKED, CREATE } from './decisions.ts';
import { type Admitted, Door } from './door.ts';
import { Entries } from './entries.ts';
import { restoreErrors } from './errors.ts';
import { FileJobs } from './file-jobs.ts';
import { Finishing } from './finishing.ts';
import { type Folder, Folders } from './folders.ts';
import type { Survey, SurveyParts } from './found.ts';
import { type RestoreHost, temporaryNames } from './host.ts';
import { type Entry, Placing } from './placing.ts';
import { type ExecutionOptions, Progress } from './progress.ts';

/** Nodes, or removals, after which others get their turn. */
const STRETCH = 1_024;

export async function executeSurvey(
  survey: Survey,
  parts: SurveyParts,
  host: RestoreHost,
  options: ExecutionOptions,
): Promise<RestoreResult> {
  options.signal.throwIfAborted();
  const shortage = survey.room.shortage();
  if (shortage !== undefined) {
    throw restoreErrors.RESTORE_NO_ROOM({ path: parts.destination.shown('' as RawPath), ...shortage });
  }
  const { create, change, bytes } = survey.counts;
  const folders = new Folders(parts.destination, host.uid);
  const crew = openCrew({ files: create + change, bytes }, options.signal);
  try {
    return await new Execution(survey, parts, host, options, folders, crew).run();
  } finally {
    await crew.close();
    folders.close();
  }
}

class Execution {
  readonly #survey: Survey;
  readonly #parts: SurveyParts;
  readonly #options: ExecutionOptions;
  readonly #folders: Folders;
  readonly #progress: Progress;
  readonly #files: FileJobs;
  readonly #finishing: Finishing;
  readonly #entries: Entries;
  readonly #door: Door;
  readonly #levels: Folder[] = [];
  #index = 0;
  #ownersLost = false;

  constructor(
    survey: Survey,
    parts: SurveyParts,
    host: RestoreHost,
    options: ExecutionOptions,
    folders: Folders,
    crew: Crew,
  ) {
    this.#survey = survey;
    this.#parts = parts;
    const temporaryName = temporaryNames(host);
    this.#options = options;
    this.#folders = folders;
    this.#door = new Door(rawFromText(parts.request.component));
    this.#progress = new Progress(options, parts.destination.shown);
    const placing = new Placing({
      survey,
      owners: parts.owners,
      folders,
      progress: this.#progress,
      temporaryName,
    });
    this.#finishing = new Finishing({
      survey,
      owners: parts.owners,
      folders,
      progress: this.#progress,
      signal: options.signal,
      enter: (folder) => this.#enter(folder),
    });
    this.#files = new FileJobs({
      reader: parts.request.reader,
      crew,
      owners: parts.owners,
      folders,
      progress: this.#progress,
      signal: options.signal,
      settle: (folder) => this.#finishing.settle(folder),
    });
    this.#entries = new Entries({
      survey,
      folders,
      placing,
      files: this.#files,
      progress: this.#progress,
      temporaryName,
      enter: (folder) => this.#enter(folder),
      noteOwner: (node) => this.#noteOwner(node),
    });
  }

  async run(): Promise<RestoreResult> {
    const { emit, signal } = this.#options;
    const { decisions, counts } = this.#survey;
    emit({ type: 'work.expected', files: decisions.count, bytes: counts.bytes, exact: true });
    try {
      await this.#goThrough();
      await this.#finishAll();
      if (this.#index !== decisions.count) throw this.#snapshotChanged();
      emit({ type: 'phase', phase: 'syncing' });
      await this.#folders.sync();
      signal.throwIfAborted();
      return this.#progress.total;
    } finally {
      // What is under way ends before anybody is told that the restore did.
      await this.#files.underWay();
      await this.#files.discard();
    }
  }

  async #goThrough(): Promise<void> {
    const { reader, component } = this.#parts.request;
    const { signal } = this.#options;
    for await (const batch of reader.nodes({ component, signal })) {
      for (const node of batch) {
        this.#progress.throwIfOver();
        const done = this.#visit(node, this.#door.admit(node));
        if (done !== undefined) await done;
        if (this.#index % STRETCH === 0) await breathe(signal);
        if (this.#finishing.waits) await this.#finishing.finish();
      }
      this.#progress.tell();
    }
    this.#leaveTo(0);
    this.#tellDamaged();
  }

  /** Of a folder whose list the vault can't read there is only the folder. */
  #tellDamaged(): void {
    const { reader, component } = this.#parts.request;
    const root = rawFromText(component);
    for (const [path, reason] of reader.damagedFolders ?? []) {
      if (path !== root && !path.startsWith(`${root}/`)) continue;
      this.#progress.problemOfVault(path.slice(root.length + 1) as RawPath, { damaged: true, reason });
    }
  }

  /** Folders that are finished may finish others. */
  async #finishAll(): Promise<void> {
    await this.#files.flush();
    while (this.#files.busy || this.#finishing.waits) {
      await this.#files.settled();
      await this.#finishing.finish();
    }
    this.#progress.tell();
  }

  /** Resolves when the next node may follow; undefined where that is at once, as it is for most. */
  #visit(node: Node, { level, name, path }: Admitted): Promise<void> | undefined {
    this.#leaveTo(level);
    const index = this.#index++;
    const planned = this.#survey.decisions.at(index);
    if (planned === undefined) throw this.#snapshotChanged();
    const region = this.#parts.destination.region(path) ?? 'inside';
    const folder = this.#levels.at(-1);
    const decision = folder?.fresh === true ? CREATE : planned;
    const at = { node, index, path, name, region, decision };
    this.#progress.met();
    if (node.type === 'dir') this.#visitFolder(at, folder);
    else if (folder !== undefined && !folder.lost) return this.#entries.restore({ ...at, folder });
    return undefined;
  }

  #visitFolder(at: Omit<Entry, 'folder'>, parent: Folder | undefined): void {
    const state = { descriptor: undefined, fresh: false, bare: false, dirty: false, pending: 0, left: false };
    const folder: Folder = { ...at, ...state, parent, lost: parent?.lost === true };
    if (parent !== undefined) parent.pending += 1;
    this.#levels.push(folder);
    if (folder.lost) return;
    if ((at.decision & BLOCKED) !== 0) {
      folder.lost = true;
      this.#progress.blocked(at.path);
    } else if (actionOf(at.decision) === 'leave') {
      this.#progress.left();
    } else if (this.#enter(folder) !== undefined) {
      this.#noteOwner(at.node);
      this.#progress.restored(at.decision, 0);
    }
  }

  /** Enters a folder; when that can't be, one problem stands for all that is in it. */
  #enter(folder: Folder): number | undefined {
    if (folder.lost) return undefined;
    if (folder.descriptor !== undefined) return folder.descriptor;
    const { parent, path } = folder;
    const reachable = parent === undefined || this.#enter(parent) !== undefined;
    const descriptor = reachable
      ? this.#progress.attempt(path, () => this.#folders.enter(folder))
      : undefined;
    folder.lost = descriptor === undefined;
    return descriptor;
  }

  #leaveTo(level: number): void {
    while (this.#levels.length > level) {
      const folder = this.#levels.pop();
      if (folder === undefined) return;
      folder.left = true;
      this.#finishing.settle(folder);
    }
  }

  #noteOwner(node: Node): void {
    if (this.#ownersLost || !this.#parts.owners.lost(node)) return;
    this.#ownersLost = true;
    this.#progress.ownerUnset();
  }

  #snapshotChanged(): Error {
    return restoreErrors.RESTORE_SNAPSHOT_CHANGED({ component: this.#parts.request.component });
  }
}
