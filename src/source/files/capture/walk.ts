/**
 * The walk over live data: depth first, in the order of the manifest, everything by descriptors. It holds the names of
 * one directory for each level that it is in, and an entry that can't be read costs that entry only.
 */
import { breathe } from '../../../base/abort.ts';
import type { Clock } from '../../../base/clock.ts';
import { systemCode } from '../../../base/errors.ts';
import { readLinkAt, type Status, statusAt } from '../../../base/libc.ts';
import type { OpenDirectory } from '../../../base/open-directory.ts';
import { joinRaw, type RawName, type RawPath } from '../../../base/raw-path.ts';
import type { CapturedNode } from '../../../model/capture.ts';
import { type TroubleCode, trouble } from '../../../model/trouble.ts';
import { shownPath } from '../../shown-path.ts';
import type { CaptureOptions } from '../../source.ts';
import type { OwnerNames } from '../accounts.ts';
import type { Avoided } from '../avoided.ts';
import type { Choice, Selection } from '../selection.ts';
import { Batch } from './batch.ts';
import { CapturedEntry, CapturedFile, CapturedSymlink, FileContent, metadataOf } from './captured-entry.ts';
import type { Level } from './level.ts';
import { databaseOf } from './live-database.ts';
import { isMailServerCache, looksLikeMaildir, Maildir, type MailFolder } from './maildir.ts';
import type { OpenDirectories } from './open-directories.ts';
import type { Start } from './roots.ts';

/** Entries after which others get their turn. */
const STRETCH = 256;
/** How often an entry is looked at that is of another type each time. */
const TRIES = 4;

export interface WalkParts {
  readonly options: CaptureOptions;
  readonly clock: Clock;
  readonly names: OwnerNames;
  readonly selection: Selection;
  readonly avoided: Avoided;
  readonly oneFileSystem: boolean;
  readonly directories: OpenDirectories;
}

export class Walk {
  readonly #parts: WalkParts;
  readonly #levels: Level[] = [];
  readonly #batch = new Batch();

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  async *nodes(start: Start): AsyncGenerator<readonly CapturedNode[]> {
    const { signal } = this.#parts.options;
    signal.throwIfAborted();
    this.#begin('' as RawPath, start, false);
    let steps = 0;
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      this.#step(level);
      if (this.#batch.isFull) yield* this.#batch.handOver();
      if (++steps % STRETCH === 0) await breathe(signal);
    }
    yield* this.#batch.handOver();
  }

  #step(level: Level): void {
    const name = level.names[level.next];
    level.next += 1;
    if (name === undefined) {
      this.#levels.pop();
      level.maildir?.release();
      level.directory.release();
      return;
    }
    const path = joinRaw(level.path, name);
    const start = level.starts?.get(name);
    if (start !== undefined) this.#begin(path, start, level.within);
    else if (level.mail !== undefined) this.#captureMessage(level, level.mail, path, name);
    else this.#look(path, level.directory, name, (status) => this.#capture(level, path, status, name), level);
  }

  /** A root, or a folder on the way to one: it is kept whatever the globs say. */
  #begin(path: RawPath, start: Start, within: boolean): void {
    const all = within || this.#parts.selection.keepsAllOf(path);
    const { directory } = start;
    if (start.kind === 'entry') {
      this.#look(path, directory, start.name, (status) => this.#emit(path, status, directory, start.name));
      directory.release();
    } else if (start.kind === 'folder') {
      this.#enter(path, directory, { within: all, leads: false, inDatabase: false });
    } else {
      const status = directory.status();
      // It may be open without the right to list it, and then its descriptor tells no attributes.
      this.#emitClosed(path, status, directory, '.' as RawName);
      this.#levels.push({
        path,
        directory,
        names: [...start.children.keys()].sort(),
        next: 0,
        device: status.device,
        within: all,
        inDatabase: false,
        waiting: undefined,
        starts: start.children,
        maildir: undefined,
        mail: undefined,
      });
    }
  }

  /** Hands an entry's status on. When the entry proves to be something else by then (false), looks again. */
  #look(
    path: RawPath,
    directory: OpenDirectory,
    name: RawName,
    use: (status: Status) => boolean,
    level?: Level,
  ): void {
    for (let tries = 0; tries < TRIES; tries++) {
      const status = this.#attempt(path, () => statusAt(directory.descriptor, name), level);
      if (status === undefined || use(status)) return;
    }
    this.#report('vanished', path);
  }

  #capture(level: Level, path: RawPath, status: Status, name: RawName): boolean {
    if (status.type === 'dir') return this.#captureFolder(level, path, status, name);
    if (level.maildir !== undefined && isMailServerCache(name)) return true;
    if (this.#choose(level, path, false) !== 'kept') return true;
    return this.#emit(path, status, level.directory, name);
  }

  #captureMessage(level: Level, folder: MailFolder, path: RawPath, name: RawName): void {
    const met = this.#attempt(path, () => folder.meet(name), level);
    if (met === undefined || met === 'told') return;
    if (met === 'gone') {
      if (this.#choose(level, path, false) === 'kept') this.#report('vanished', path);
    } else if (met.status.type !== 'file') {
      this.#look(path, level.directory, name, (status) => this.#capture(level, path, status, name), level);
    } else if (this.#choose(level, path, false) === 'kept') {
      const metadata = metadataOf(path, met.status, this.#parts.names);
      const content = new FileContent(met.place, met.status.inode, folder.maildir);
      this.#add(new CapturedFile(metadata, content, this.#parts.options), met.directory);
    }
  }

  #captureFolder(level: Level, path: RawPath, status: Status, name: RawName): boolean {
    const choice = this.#choose(level, path, true);
    if (choice === 'left-out' || this.#parts.avoided.has(status)) return true;
    const isTmp = level.maildir !== undefined && name === 'tmp';
    if (isTmp || this.#isElsewhere(level, status)) {
      if (choice === 'kept') this.#emitClosed(path, status, level.directory, name);
      return true;
    }
    const mail = level.maildir?.folder(name);
    let directory: OpenDirectory;
    try {
      directory = mail?.hold() ?? this.#parts.directories.openAt(level.directory, name);
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      if (code === 'ENOTDIR' || code === 'ELOOP') return false;
      this.#report(code === 'ENOENT' ? 'vanished' : 'unreadable', path, error);
      if (code !== 'ENOENT' && choice === 'kept') this.#emitClosed(path, status, level.directory, name);
      return true;
    }
    this.#enter(path, directory, {
      within: choice === 'kept',
      leads: choice === 'leads',
      inDatabase: level.inDatabase,
      mail,
      level,
    });
    return true;
  }

  /** Goes into a directory that was opened for it, and closes it when that can't be. */
  #enter(
    path: RawPath,
    directory: OpenDirectory,
    how: {
      within: boolean;
      leads: boolean;
      inDatabase: boolean;
      mail?: MailFolder | undefined;
      level?: Level;
    },
  ): void {
    const { names: owners, options, directories, clock } = this.#parts;
    const status = directory.status();
    // What was opened need not be what was looked at a moment ago.
    if (how.level !== undefined && this.#parts.avoided.has(status)) {
      directory.release();
      return;
    }
    const isElsewhere = how.level !== undefined && this.#isElsewhere(how.level, status);
    const node = new CapturedEntry(metadataOf(path, status, owners), directory.descriptor, options);
    if (!how.leads) this.#add(node, directory);
    const names = isElsewhere
      ? undefined
      : this.#attempt(path, () => how.mail?.takeNames() ?? directory.names());
    if (names === undefined) {
      directory.release();
      return;
    }
    const database = how.inDatabase ? undefined : databaseOf(names);
    if (database !== undefined) this.#report('live-database', path, database);
    this.#levels.push({
      path,
      directory,
      names: names.sort(),
      next: 0,
      device: status.device,
      within: how.within,
      inDatabase: how.inDatabase || database !== undefined,
      waiting: how.leads ? node : undefined,
      starts: undefined,
      maildir: looksLikeMaildir(names) ? Maildir.open(directory, directories, clock) : undefined,
      mail: how.mail,
    });
  }

  #isElsewhere(level: Level, status: Status): boolean {
    return this.#parts.oneFileSystem && status.device !== level.device;
  }

  #choose(level: Level, path: RawPath, isFolder: boolean): Choice {
    return this.#parts.selection.choose(path, isFolder, level.within);
  }

  /** Anything but a folder. False when it is a symlink no more. */
  #emit(path: RawPath, status: Status, directory: OpenDirectory, name: RawName): boolean {
    const { names, options } = this.#parts;
    const place = { directory: directory.descriptor, name };
    if (status.type === 'file') {
      const content = new FileContent(place, status.inode, directory);
      this.#add(new CapturedFile(metadataOf(path, status, names), content, options), directory);
      return true;
    }
    if (status.type !== 'symlink') {
      this.#emitClosed(path, status, directory, name);
      return true;
    }
    let target: RawPath;
    try {
      target = readLinkAt(directory.descriptor, name);
    } catch (error) {
      if (systemCode(error) === 'EINVAL') return false;
      this.#fail(path, error);
      return true;
    }
    this.#add(new CapturedSymlink(metadataOf(path, status, names), target, place, options), directory);
    return true;
  }

  /** An entry that nothing is read of but its attributes. */
  #emitClosed(path: RawPath, status: Status, directory: OpenDirectory, name: RawName): void {
    const { names, options } = this.#parts;
    const place = { directory: directory.descriptor, name };
    this.#add(new CapturedEntry(metadataOf(path, status, names), place, options), directory);
  }

  #add(node: CapturedNode, directory: OpenDirectory): void {
    const first = this.#levels.findIndex((level) => level.waiting !== undefined);
    if (first >= 0) {
      for (const level of this.#levels.slice(first)) {
        if (level.waiting !== undefined) this.#batch.add(level.waiting, level.directory);
        level.waiting = undefined;
      }
    }
    this.#batch.add(node, directory);
  }

  /** What a call gives, or undefined after its failure has been reported; of what is excluded nothing is. */
  #attempt<Result>(path: RawPath, call: () => Result, level?: Level): Result | undefined {
    try {
      return call();
    } catch (error) {
      const isExcluded = level !== undefined && this.#choose(level, path, true) === 'left-out';
      if (!isExcluded || systemCode(error) === undefined) this.#fail(path, error);
      return undefined;
    }
  }

  #fail(path: RawPath, error: unknown): void {
    const code = systemCode(error);
    if (code === undefined) throw error;
    this.#report(code === 'ENOENT' ? 'vanished' : 'unreadable', path, error);
  }

  #report(code: TroubleCode, path: RawPath, reason: unknown = ''): void {
    const { troubles, component } = this.#parts.options;
    troubles(trouble(code, shownPath(component, path), reason));
  }
}
