/**
 * Mail folders, whose messages are renamed while they are read: a message goes from `new` to `cur` when somebody looks,
 * and its flags are part of its name (`…:2,` becomes `…:2,S`). What stays is the part before `:2,`.
 *
 * Reading `cur` before `new` would lose what moves in between, without any error. So `new` is listed first, both again
 * while they change, and a name that has gone is looked for under its other names.
 */
import type { Clock } from '../../../base/clock.ts';
import { systemCode } from '../../../base/errors.ts';
import { type Status, statusAt } from '../../../base/libc.ts';
import type { OpenDirectory } from '../../../base/open-directory.ts';
import type { RawName } from '../../../base/raw-path.ts';
import type { FilePlace } from '../../../model/capture.ts';
import type { Renaming } from './captured-entry.ts';
import type { OpenDirectories } from './open-directories.ts';

/** How often changing folders are listed again, and how many listings in turn lack a message that has gone. */
const ROUNDS = 8;
/** How often a message that is listed is renamed again before it is met, on a machine with no processor to spare. */
const MOST_ROUNDS = 128;
/** Within this many nanoseconds of a folder's time, another change may have been given the same time. */
const SAME_TICK = 20_000_000n;

/** Whether a folder with these names in it may be a mail folder. */
export function looksLikeMaildir(names: readonly RawName[]): boolean {
  return ['cur', 'new', 'tmp'].every((name) => names.includes(name as RawName));
}

/** What the mail server makes anew by itself, and what is wrong when it is older than the mail. */
export function isMailServerCache(name: RawName): boolean {
  return name.startsWith('dovecot.index') || name.endsWith('.lock');
}

/** A message where it is now. */
interface Met {
  readonly directory: OpenDirectory;
  readonly place: FilePlace;
  readonly status: Status;
}

export class Maildir implements Renaming {
  readonly #cur: MailFolder;
  readonly #new: MailFolder;
  /** messages that were listed under more than one name, and where they were met first */
  readonly #twins = new Map<string, Met | undefined>();
  #isListed = false;

  /** Opens `cur` and `new`; undefined when `cur`, `new` and `tmp` are not three folders that can be opened. */
  static open(parent: OpenDirectory, directories: OpenDirectories, clock: Clock): Maildir | undefined {
    let current: OpenDirectory | undefined;
    try {
      if (statusAt(parent.descriptor, 'tmp' as RawName).type !== 'dir') return undefined;
      current = directories.openAt(parent, 'cur' as RawName);
      return new Maildir(current, directories.openAt(parent, 'new' as RawName), clock);
    } catch (error) {
      // The walk meets the same failure when it opens the folder, and reports it.
      if (systemCode(error) === undefined) throw error;
      current?.release();
      return undefined;
    }
  }

  private constructor(current: OpenDirectory, fresh: OpenDirectory, clock: Clock) {
    this.#cur = new MailFolder(this, current, clock);
    this.#new = new MailFolder(this, fresh, clock);
  }

  folder(name: RawName): MailFolder | undefined {
    if (name === 'cur') return this.#cur;
    return name === 'new' ? this.#new : undefined;
  }

  hold(): void {
    this.#cur.hold();
    this.#new.hold();
  }

  release(): void {
    this.#cur.directory.release();
    this.#new.directory.release();
  }

  /** Lists both folders until nothing was renamed meanwhile, as late as possible: when the walk reaches the first. */
  list(): void {
    if (this.#isListed) return;
    for (let round = 0; round < ROUNDS && this.#listChanged(); round++) {
      for (const folder of [this.#new, this.#cur]) folder.unite();
    }
    for (const folder of [this.#new, this.#cur]) {
      for (const [unique, names] of folder.united) {
        const isInBoth = folder === this.#cur && this.#new.united.has(unique);
        if (names.length > 1 || isInBoth) this.#twins.set(unique, undefined);
      }
    }
    this.#isListed = true;
  }

  #listChanged(): boolean {
    let changed = false;
    for (const folder of [this.#new, this.#cur]) {
      if (!folder.mayHaveChanged()) continue;
      folder.list();
      changed = true;
    }
    return changed;
  }

  /**
   * Where a listed message is now. `gone`: nowhere. `told`: it was captured under another of its names. Two files
   * that exist at once under such names are two messages.
   */
  meet(folder: MailFolder, name: RawName): Met | 'gone' | 'told' {
    const unique = uniquePart(name);
    const met = metAt(folder.directory, name) ?? this.#search(unique);
    if (!this.#twins.has(unique)) return met ?? 'gone';
    const first = this.#twins.get(unique);
    if (first === undefined) {
      this.#twins.set(unique, met);
      return met ?? 'gone';
    }
    return met === undefined || isSameMessage(first, met) ? 'told' : met;
  }

  find(name: RawName, inode: bigint): FilePlace | undefined {
    return this.#search(uniquePart(name), inode)?.place;
  }

  #search(unique: string, inode?: bigint): Met | undefined {
    let absent = 0;
    for (let round = 0; round < MOST_ROUNDS && absent < ROUNDS; round++) {
      absent += 1;
      for (const folder of [this.#cur, this.#new]) {
        for (const name of folder.newest.get(unique) ?? []) {
          const met = metAt(folder.directory, name);
          if (met === undefined) absent = 0;
          else if (inode === undefined || met.status.inode === inode) return met;
        }
      }
      if (!this.#listChanged()) return undefined;
    }
    return undefined;
  }
}

/** The `cur` or the `new` of a mail folder. */
export class MailFolder {
  readonly maildir: Maildir;
  readonly directory: OpenDirectory;
  /** the newest listing: names by their unique part */
  newest = new Map<string, RawName[]>();
  /** what the walk goes through: all that some listing had, under the names of the last one that had it */
  united = new Map<string, RawName[]>();
  readonly #clock: Clock;
  /** the folder's time before the newest listing; undefined when that can't tell whether it has changed since */
  #unchangedSince: bigint | undefined;

  constructor(maildir: Maildir, directory: OpenDirectory, clock: Clock) {
    this.maildir = maildir;
    this.directory = directory;
    this.#clock = clock;
  }

  hold(): OpenDirectory {
    this.directory.hold();
    return this.directory;
  }

  list(): void {
    const { mtime } = this.directory.status();
    const now = BigInt(Math.floor(this.#clock.now())) * 1_000_000n;
    this.#unchangedSince = now - mtime < SAME_TICK ? undefined : mtime;
    this.newest = new Map();
    for (const name of this.directory.names()) {
      const unique = uniquePart(name);
      const names = this.newest.get(unique);
      if (names === undefined) this.newest.set(unique, [name]);
      else names.push(name);
    }
  }

  mayHaveChanged(): boolean {
    return this.#unchangedSince === undefined || this.directory.status().mtime !== this.#unchangedSince;
  }

  unite(): void {
    if (this.united.size === 0) this.united = new Map(this.newest);
    else for (const [unique, names] of this.newest) this.united.set(unique, names);
  }

  /** The names that the walk goes through; what arrives from now on is for the next capture. */
  takeNames(): RawName[] {
    this.maildir.list();
    const names = [...this.united.values()].flat();
    this.united = new Map();
    return names;
  }

  meet(name: RawName): Met | 'gone' | 'told' {
    return this.maildir.meet(this, name);
  }
}

function uniquePart(name: RawName): string {
  const flags = name.indexOf(':2,');
  return flags < 0 ? name : name.slice(0, flags);
}

/** One message that was met under two names in turn; hard links and other files of such a name are not the same. */
function isSameMessage(first: Met, second: Met): boolean {
  const { inode } = first.status;
  if (inode !== second.status.inode) return false;
  if (first.directory === second.directory && first.place.name === second.place.name) return true;
  // Two links are both there at one time; a name that comes back is there while the other isn't.
  return [first, second].some((met) => metAt(met.directory, met.place.name)?.status.inode !== inode);
}

function metAt(directory: OpenDirectory, name: RawName): Met | undefined {
  try {
    const place = { directory: directory.descriptor, name };
    return { directory, place, status: statusAt(place.directory, name) };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
