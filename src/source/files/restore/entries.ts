/** The entries of folders: each goes the way that its type and its decision ask for, and hard links stay groups. */
import { systemCode } from '../../../base/errors.ts';
import type { RawName, RawPath } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import { actionOf, BLOCKED, writesAnew } from './decisions.ts';
import type { FileJobs } from './file-jobs.ts';
import type { Folder, Folders } from './folders.ts';
import type { Survey } from './found.ts';
import { type Entry, KEPT, type Placing } from './placing.ts';
import type { Progress } from './progress.ts';

/** The name of a file that others are links to. */
interface Group {
  path: RawPath;
  /** the inode that it is; `kept`: the one that was there; undefined while it is written, or when it could not be */
  identity: string | undefined;
}

export interface EntriesParts {
  readonly survey: Survey;
  readonly folders: Folders;
  readonly placing: Placing;
  readonly files: FileJobs;
  readonly progress: Progress;
  temporaryName(): RawName;
  /** opens a folder, or reports why it can't be */
  enter(folder: Folder): number | undefined;
  /** tells, once, that owners can't be set */
  noteOwner(node: Node): void;
}

export class Entries {
  readonly #parts: EntriesParts;
  readonly #groups = new Map<RawPath, Group>();

  constructor(parts: EntriesParts) {
    this.#parts = parts;
  }

  /** Resolves when the next entry may follow; undefined where that is at once. */
  restore(entry: Entry): Promise<void> | undefined {
    const { node, folder, decision, path } = entry;
    if ((decision & BLOCKED) !== 0) {
      this.#parts.progress.blocked(path);
      return undefined;
    }
    const firstOfGroup = node.type === 'file' && node.links > 1 && !this.#hasGroup(node);
    if (firstOfGroup)
      this.#groups.set(node.path, { path, identity: writesAnew(decision) ? undefined : KEPT });
    if (actionOf(decision) === 'leave') {
      this.#parts.progress.left();
      return undefined;
    }
    this.#parts.noteOwner(node);
    if (this.#parts.enter(folder) === undefined) return undefined;
    if (node.type !== 'file') this.#parts.placing.special(entry);
    else if (this.#hasGroup(node)) return this.#restoreLink(entry);
    else if (writesAnew(decision) || !this.#parts.placing.change(entry)) return this.#restoreFile(entry);
    return undefined;
  }

  #hasGroup({ hardlink }: Node): boolean {
    return hardlink !== undefined && this.#groups.has(hardlink);
  }

  /** Another name for a file that was restored; where that can't be, the file is written once more. */
  async #restoreLink(entry: Entry): Promise<void> {
    const { node, path, decision } = entry;
    const group = this.#groups.get(node.hardlink ?? node.path);
    if (group !== undefined && group.identity === undefined) await this.#parts.files.settled();
    if (group?.identity !== undefined) {
      try {
        this.#parts.placing.link(entry, group.path, group.identity);
        this.#parts.progress.restored(decision, 0);
        return;
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        this.#parts.progress.unset(path, [(error as Error).message]);
      }
    }
    if (group !== undefined) Object.assign(group, { path, identity: undefined });
    await this.#restoreFile(entry);
  }

  #restoreFile(entry: Entry): Promise<void> | undefined {
    const { node, folder, name, path, region, decision, index } = entry;
    const place = this.#parts.progress.attempt(path, () => this.#parts.folders.placeIn(folder, name, region));
    if (place === undefined) return undefined;
    const group = this.#groups.get(node.hardlink ?? node.path);
    if (group !== undefined) group.identity = undefined;
    return this.#parts.files.add({
      node,
      path,
      folder,
      decision,
      place,
      temporary: this.#parts.temporaryName(),
      clear: this.#parts.survey.inTheWay.has(index)
        ? () => this.#parts.placing.clear(entry, place)
        : undefined,
      written:
        group &&
        ((identity) => {
          if (group.path === path) group.identity = identity;
        }),
    });
  }
}
