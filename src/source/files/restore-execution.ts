/**
 * Doing what a survey decided. The main thread goes through the snapshot, makes folders, links and special entries and
 * hands files out in jobs; a folder gets its own attributes when everything in it is finished.
 */
import { closeSync, constants } from 'node:fs';
import { breathe } from '../../base/abort.ts';
import { systemCode } from '../../base/errors.ts';
import { openAt, removeDirectoryAt, renameAt, statusAt, statusOf, syncFileSystem } from '../../base/libc.ts';
import { nameOf, type RawName, type RawPath, rawFromText } from '../../base/raw-path.ts';
import type { Node } from '../../model/node.ts';
import { trouble } from '../../model/trouble.ts';
import type { RestoreResult } from '../source.ts';
import { attributesOf, setAttributes } from './restore-attributes.ts';

import { type Crew, openCrew } from './restore-crew.ts';
import { actionOf, BLOCKED, CREATE, writesAnew } from './restore-decisions.ts';
import type { EntryPlace } from './restore-destination.ts';
import { type Admitted, Door } from './restore-door.ts';
import { restoreErrors } from './restore-errors.ts';
import { FileJobs } from './restore-file-jobs.ts';
import { Finishing } from './restore-finishing.ts';
import { type Folder, Folders } from './restore-folders.ts';
import { type RestoreHost, temporaryNames } from './restore-host.ts';
import { type ExecutionOptions, Progress } from './restore-progress.ts';
import { Remover } from './restore-removal.ts';
import { makeLink, makeSpecial } from './restore-special.ts';
import { identityOf } from './restore-surplus.ts';
import type { Survey, SurveyParts } from './restore-survey.ts';
import { removeTemporary } from './restore-write.ts';

/** Nodes, or removals, after which others get their turn. */
const STRETCH = 1_024;
const BLOCKED_REASON = 'a folder that holds what a restore never removes lies in its place';

/** A node that is no folder, on its way into one. */
interface Entry extends Pick<Folder, 'index' | 'node' | 'name' | 'path' | 'region' | 'decision'> {
  readonly folder: Folder;
}

/** The name of a file that others are links to. */
interface Group {
  path: RawPath;
  /** the inode that it is; `kept`: the one that was there; undefined while it is written, or when it could not be */
  identity: string | undefined;
}

const KEPT = 'kept';

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
  readonly #temporaryName: () => RawName;
  readonly #options: ExecutionOptions;
  readonly #folders: Folders;
  readonly #progress: Progress;
  readonly #files: FileJobs;
  readonly #finishing: Finishing;
  readonly #door: Door;
  readonly #levels: Folder[] = [];
  readonly #groups = new Map<RawPath, Group>();
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
    this.#temporaryName = temporaryNames(host);
    this.#options = options;
    this.#folders = folders;
    this.#door = new Door(rawFromText(parts.request.component));
    this.#progress = new Progress(options, parts.destination.shown);
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
      folders,
      progress: this.#progress,
      signal: options.signal,
      settle: (folder) => this.#finishing.settle(folder),
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
      await this.#sync();
      signal.throwIfAborted();
      return this.#progress.total;
    } finally {
      // What is under way ends before anybody is told that the restore did.
      await this.#files.underWay();
      this.#files.discard();
    }
  }

  async #goThrough(): Promise<void> {
    const { reader, component } = this.#parts.request;
    const { signal } = this.#options;
    for await (const batch of reader.nodes({ component, signal })) {
      for (const node of batch) {
        this.#progress.throwIfOver();
        await this.#visit(node, this.#door.admit(node));
        if (this.#index % STRETCH === 0) await breathe(signal);
        if (this.#finishing.waits) await this.#finishing.finish();
      }
      this.#progress.tell();
    }
    this.#leaveTo(0);
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

  async #sync(): Promise<void> {
    for (const descriptor of this.#folders.written()) {
      try {
        await syncFileSystem(descriptor);
      } catch (error) {
        const reason = systemCode(error);
        if (reason === undefined) throw error;
        throw restoreErrors.RESTORE_SYNC_FAILED({ reason }, { cause: error });
      }
    }
  }

  async #visit(node: Node, { level, name, path }: Admitted): Promise<void> {
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
    else if (folder !== undefined && !folder.lost) await this.#visitEntry({ ...at, folder });
  }

  #visitFolder(at: Omit<Entry, 'folder'>, parent: Folder | undefined): void {
    const state = { descriptor: undefined, fresh: false, dirty: false, pending: 0, left: false };
    const folder: Folder = { ...at, ...state, parent, lost: parent?.lost === true };
    if (parent !== undefined) parent.pending += 1;
    this.#levels.push(folder);
    if (folder.lost) return;
    if ((at.decision & BLOCKED) !== 0) {
      folder.lost = true;
      this.#progress.problem(at.path, BLOCKED_REASON);
    } else if (actionOf(at.decision) === 'leave') {
      this.#progress.left();
    } else if (this.#enter(folder) !== undefined) {
      this.#noteOwner(at.node);
      this.#progress.restored(at.decision, 0);
    }
  }

  async #visitEntry(entry: Entry): Promise<void> {
    const { node, folder, decision, path } = entry;
    if ((decision & BLOCKED) !== 0) {
      this.#progress.problem(path, BLOCKED_REASON);
      return;
    }
    const firstOfGroup = node.type === 'file' && node.links > 1 && !this.#hasGroup(node);
    if (firstOfGroup)
      this.#groups.set(node.path, { path, identity: writesAnew(decision) ? undefined : KEPT });
    if (actionOf(decision) === 'leave') {
      this.#progress.left();
      return;
    }
    this.#noteOwner(node);
    if (this.#enter(folder) === undefined) return;
    if (node.type !== 'file') this.#restoreSpecial(entry);
    else if (this.#hasGroup(node)) await this.#restoreLink(entry);
    else if (writesAnew(decision) || !this.#changeFile(entry)) await this.#restoreFile(entry);
  }

  #hasGroup({ hardlink }: Node): boolean {
    return hardlink !== undefined && this.#groups.has(hardlink);
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

  #restoreSpecial(entry: Entry): void {
    const { node, folder, name, path, region, decision } = entry;
    this.#progress.attempt(path, () => {
      const place = this.#folders.placeIn(folder, name, node.type === 'symlink' ? 'inside' : region);
      const temporary = this.#temporaryName();
      const unset = makeSpecial(place.directory, temporary, node, attributesOf(node, this.#parts.owners));
      this.#publish(entry, place, temporary);
      this.#progress.unset(path, unset);
      this.#progress.restored(decision, 0);
    });
  }

  /** Another name for a file that was restored; where that can't be, the file is written once more. */
  async #restoreLink(entry: Entry): Promise<void> {
    const { node, path, decision } = entry;
    const group = this.#groups.get(node.hardlink ?? node.path);
    if (group !== undefined && group.identity === undefined) await this.#files.settled();
    if (group?.identity !== undefined) {
      try {
        this.#link(entry, group.path, group.identity);
        this.#progress.restored(decision, 0);
        return;
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        this.#options.troubles(trouble('attribute-unset', this.#parts.destination.shown(path), error));
      }
    }
    if (group !== undefined) Object.assign(group, { path, identity: undefined });
    await this.#restoreFile(entry);
  }

  #link(entry: Entry, first: RawPath, identity: string): void {
    const opened = this.#folders.reopen(first);
    try {
      const from = { directory: opened, name: nameOf(first) };
      const known = identity === KEPT ? identityOf(statusAt(from.directory, from.name)) : identity;
      const place = this.#folders.placeIn(entry.folder, entry.name, 'inside');
      const temporary = this.#temporaryName();
      makeLink(from, place.directory, temporary, known);
      this.#publish(entry, place, temporary);
      // Of two names of one file, rename leaves both.
      removeTemporary(place.directory, temporary);
    } finally {
      closeSync(opened);
    }
  }

  /** Sets attributes on the inode that is there. False when it is not alone or not readable: it is then replaced. */
  #changeFile({ node, folder, name, region, path, decision }: Entry): boolean {
    const changed = this.#progress.attempt(path, () => {
      const place = this.#folders.placeIn(folder, name, region);
      const file = openIfAlone(place);
      if (file === undefined) return false;
      try {
        this.#progress.unset(path, setAttributes(file, attributesOf(node, this.#parts.owners)));
        this.#folders.wrote(place.directory);
        this.#progress.restored(decision, 0);
        return true;
      } finally {
        closeSync(file);
      }
    });
    // What was refused is told already, and not tried in another way.
    return changed ?? true;
  }

  async #restoreFile(entry: Entry): Promise<void> {
    const { node, folder, name, path, region, decision, index } = entry;
    const place = this.#progress.attempt(path, () => this.#folders.placeIn(folder, name, region));
    if (place === undefined) return;
    const group = this.#groups.get(node.hardlink ?? node.path);
    if (group !== undefined) group.identity = undefined;
    await this.#files.add({
      node,
      path,
      folder,
      decision,
      place,
      temporary: this.#temporaryName(),
      attributes: attributesOf(node, this.#parts.owners),
      clear: this.#survey.inTheWay.has(index) ? () => this.#clear(entry, place) : undefined,
      written: (identity) => {
        if (group?.path === path) group.identity = identity;
      },
    });
  }

  /** Moves a whole entry to its name, after what lies there and can't be replaced by that is gone. */
  #publish(entry: Entry, place: EntryPlace, temporary: RawName): void {
    try {
      this.#clear(entry, place);
      renameAt(place.directory, temporary, place.directory, place.name);
    } catch (error) {
      removeTemporary(place.directory, temporary);
      throw error;
    }
    entry.folder.dirty = true;
    this.#folders.wrote(place.directory);
  }

  /** Removes the folder that lies where an entry belongs, as the plan lists it. */
  #clear({ index, folder }: Entry, place: EntryPlace): void {
    const removals = folder.fresh ? undefined : this.#survey.inTheWay.get(index);
    if (removals === undefined) return;
    const remover = new Remover(place.directory, folder.path);
    try {
      for (const removal of removals) remover.remove(removal);
    } finally {
      remover.close();
    }
    removeDirectoryAt(place.directory, place.name);
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

/** Opens a file whose only name this is; undefined for any other entry, and for what can't be opened. */
function openIfAlone({ directory, name }: EntryPlace): number | undefined {
  let file: number;
  try {
    file = openAt(directory, name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
  const status = statusOf(file);
  if (status.type === 'file' && status.links === 1) return file;
  closeSync(file);
  return undefined;
}
