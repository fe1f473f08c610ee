/** The last of a folder: when all in it is done, what is surplus goes, and then it gets its own attributes. */
import { breathe } from '../../../base/abort.ts';
import { setTimes } from '../../../base/libc.ts';
import { attributesOf, setAttributes } from './attributes.ts';
import { actionOf } from './decisions.ts';
import type { Folder, Folders } from './folders.ts';
import type { Survey } from './found.ts';
import type { Owners } from './host.ts';
import type { Progress } from './progress.ts';
import { Remover } from './removal.ts';

/** Removals after which others get their turn. */
const STRETCH = 1_024;

export interface FinishingParts {
  readonly survey: Survey;
  readonly owners: Owners;
  readonly folders: Folders;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** opens a folder, or reports why it can't be */
  enter(folder: Folder): number | undefined;
}

export class Finishing {
  readonly #parts: FinishingParts;
  readonly #finished: Folder[] = [];

  constructor(parts: FinishingParts) {
    this.#parts = parts;
  }

  get waits(): boolean {
    return this.#finished.length > 0;
  }

  /** To be called when an entry of the folder, or all that the snapshot has in it, is done. */
  settle(folder: Folder): void {
    if (folder.left && folder.pending === 0) this.#finished.push(folder);
  }

  async finish(): Promise<void> {
    for (let folder = this.#finished.pop(); folder !== undefined; folder = this.#finished.pop()) {
      this.#parts.progress.throwIfOver();
      await this.#removeSurplus(folder);
      this.#finishFolder(folder);
      this.#parts.folders.leave(folder);
      const { parent } = folder;
      if (parent === undefined) continue;
      parent.pending -= 1;
      this.settle(parent);
    }
  }

  async #removeSurplus(folder: Folder): Promise<void> {
    const removals = folder.fresh ? undefined : this.#parts.survey.surplus.get(folder.index);
    const descriptor = removals === undefined ? undefined : this.#parts.enter(folder);
    if (removals === undefined || descriptor === undefined || folder.fresh) return;
    const remover = new Remover(descriptor, folder.path);
    try {
      for (const [count, removal] of removals.entries()) {
        if (count % STRETCH === STRETCH - 1) await breathe(this.#parts.signal);
        this.#parts.progress.attempt(removal.path, () => {
          remover.remove(removal);
          folder.dirty = true;
        });
      }
    } finally {
      remover.close();
    }
  }

  /** Everything in it is done, so that nothing changes its time any more. */
  #finishFolder({ node, region, decision, path, descriptor, fresh, dirty }: Folder): void {
    if (descriptor === undefined) return;
    const whole = fresh || (actionOf(decision) !== 'leave' && region !== 'between');
    if (!whole && (!dirty || region === 'between')) return;
    this.#parts.progress.attempt(path, () => {
      if (whole)
        this.#parts.progress.unset(path, setAttributes(descriptor, attributesOf(node, this.#parts.owners)));
      else setTimes(descriptor, node.mtime);
      this.#parts.folders.wrote(descriptor);
    });
  }
}
