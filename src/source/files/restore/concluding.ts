/** What follows when a file is written, or isn't: it gets its name, is accounted for, or its problem is told. */
import { renameAt } from '../../../base/libc.ts';
import type { RawName, RawPath } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import { attributesOf } from './attributes.ts';
import type { Decision } from './decisions.ts';
import type { EntryPlace } from './destination.ts';
import type { Folder, Folders } from './folders.ts';
import type { Owners } from './host.ts';
import type { Progress } from './progress.ts';
import { identityOf } from './surplus.ts';
import { DAMAGED, type FileResult, type FileTarget, removeTemporary } from './write.ts';

/** A file to write, with what is needed to finish it. Thousands wait for their packs: what follows from a node isn't in it. */
export interface FileOrder {
  readonly node: Node;
  readonly path: RawPath;
  readonly folder: Folder;
  readonly decision: Decision;
  readonly place: EntryPlace;
  readonly temporary: RawName;
  /** makes its place free, where something lies there that a rename can't replace */
  readonly clear: (() => void) | undefined;
  /** told of the inode that it became, where other names of it may follow */
  readonly written: ((identity: string) => void) | undefined;
}

export interface ConcludingParts {
  readonly owners: Owners;
  readonly folders: Folders;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export class Concluding {
  readonly #parts: ConcludingParts;

  constructor(parts: ConcludingParts) {
    this.#parts = parts;
  }

  conclude(order: FileOrder, result: FileResult): void {
    if (result.kind === 'cancelled') return;
    const { progress } = this.#parts;
    const { path, clear } = order;
    if (result.kind === 'written') {
      // From here on the file is where it belongs, or taken away again.
      const placed = clear === undefined || progress.attempt(path, () => this.publish(order)) !== undefined;
      if (placed) this.account(order, result);
    } else if (result.where === 'vault') {
      progress.problemOfVault(path, { damaged: result.code === DAMAGED, reason: result.reason });
    } else {
      progress.attempt(path, () => {
        throw Object.assign(new Error(result.reason), { code: result.code });
      });
    }
  }

  account(order: FileOrder, { unset, ...status }: Extract<FileResult, { kind: 'written' }>): void {
    const { progress, folders } = this.#parts;
    const { node, path, folder, decision, place } = order;
    folder.dirty = true;
    folders.wrote(place.directory);
    order.written?.(identityOf(status));
    progress.unset(path, unset);
    progress.restored(decision, node.size);
  }

  /** Moves a whole file to its name in the main thread. */
  publish({ place, temporary, clear }: FileOrder): true {
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
}

/** For who writes the file in a thread: it is published there, unless its place has to be made free. */
export function targetOf({ node, folder, place, temporary, clear }: FileOrder, owners: Owners): FileTarget {
  const { size } = node;
  const attributes = attributesOf(node, owners);
  return { to: place, temporary, size, attributes, publish: clear === undefined, bare: folder.bare };
}
