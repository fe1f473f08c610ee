/**
 * Objects whose durability was put off: complete, and under a name that nobody else looks at. One `syncfs` brings all
 * of their bytes to the disk and only then do they get their names, so that even a loss of power leaves no object torn.
 */
import { isHikaeError } from '../../base/errors.ts';
import { syncFileSystem } from '../../base/libc.ts';
import type { OpenDirectory } from '../../base/open-directory.ts';
import { compareKeys, type Key } from '../key.ts';
import type { ObjectStatus } from '../storage.ts';
import type { Place } from './places.ts';

interface Waiting {
  /** where it is now */
  readonly place: Place;
  readonly status: ObjectStatus;
}

export class WaitingObjects {
  readonly #root: OpenDirectory;
  readonly #objects = new Map<Key, Waiting>();
  /** something else was changed that only a sync makes durable */
  #changed = false;
  #last: Promise<void> = Promise.resolve();

  constructor(root: OpenDirectory) {
    this.#root = root;
  }

  get(key: Key): Waiting | undefined {
    return this.#objects.get(key);
  }

  add(place: Place, status: ObjectStatus): void {
    this.#objects.set(status.key, { place, status });
  }

  /** Forgets an object; its file is the caller's again. */
  take(key: Key): Place | undefined {
    const place = this.#objects.get(key)?.place;
    this.#objects.delete(key);
    return place;
  }

  noteChange(): void {
    this.#changed = true;
  }

  /** Those below a folder, in the order of their keys. */
  below(folder: Key | ''): readonly ObjectStatus[] {
    const start = folder === '' ? '' : `${folder}/`;
    return [...this.#objects.values()]
      .map(({ status }) => status)
      .filter(({ key }) => key.startsWith(start))
      .sort((a, b) => compareKeys(a.key, b.key));
  }

  /**
   * Makes all durable and gives each its name by `publish`. Syncs go one after the other: one that is asked for while
   * another is at work has to cover what was put since that one began.
   */
  sync(publish: (place: Place, key: Key) => void, signal: AbortSignal): Promise<void> {
    const mine = this.#last.then(() => this.#syncNow(publish, signal));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #syncNow(publish: (place: Place, key: Key) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const ready = [...this.#objects];
    if (ready.length === 0 && !this.#changed) return;
    this.#changed = false;
    try {
      await syncFileSystem(this.#root.descriptor);
    } catch (error) {
      // The kernel tells of a failed write once. Whatever was waiting may lack it, and a second try would not say so.
      for (const [key] of ready) this.#objects.delete(key);
      throw error;
    }
    signal.throwIfAborted();
    const failures: unknown[] = [];
    for (const [key, { place }] of ready) {
      if (!this.#objects.has(key)) continue;
      try {
        publish(place, key);
        this.#objects.delete(key);
      } catch (error) {
        if (isHikaeError(error, 'STORAGE_EXISTS')) this.#objects.delete(key);
        failures.push(error);
      }
    }
    if (ready.length > 0) await syncFileSystem(this.#root.descriptor);
    if (failures.length > 0) throw failures[0];
  }
}
