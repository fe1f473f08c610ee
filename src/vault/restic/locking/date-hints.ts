/**
 * What is remembered of the locks of objects, so that the server isn't asked for each in every run. Hints and no more: a
 * date that was asked for is better, and without any of this everything is asked for anew.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere, replaceFile } from '../../../base/durable-files.ts';
import type { Key } from '../../../storage/storage.ts';

export interface DateHint {
  /** undefined of an object that we have put and not looked at since */
  readonly version?: string;
  /** milliseconds since 1970 UTC */
  readonly until: number;
}

export class DateHints {
  readonly #file: string | undefined;
  readonly #hints: Map<Key, DateHint>;

  /** Without a file nothing is remembered from one run to the next. */
  constructor(file: string | undefined) {
    this.#file = file;
    this.#hints = new Map(file === undefined ? [] : read(file));
  }

  get(key: Key): DateHint | undefined {
    return this.#hints.get(key);
  }

  set(key: Key, hint: DateHint): void {
    this.#hints.set(key, hint);
  }

  clear(): void {
    this.#hints.clear();
  }

  /** Of the objects that are there alone. */
  save(isThere: (key: Key) => boolean): void {
    for (const key of this.#hints.keys()) if (!isThere(key)) this.#hints.delete(key);
    if (this.#file === undefined) return;
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    replaceFile(this.#file, JSON.stringify([...this.#hints]));
  }
}

/** What can't be understood is as good as nothing. */
function read(file: string): readonly (readonly [Key, DateHint])[] {
  try {
    const found: unknown = JSON.parse(readIfThere(file)?.toString('utf8') ?? '[]');
    return Array.isArray(found) ? found.filter(isHint) : [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [];
  }
}

function isHint(found: unknown): found is readonly [Key, DateHint] {
  if (!Array.isArray(found)) return false;
  const [key, hint] = found as [unknown, Partial<DateHint> | null | undefined];
  return typeof key === 'string' && typeof hint?.until === 'number';
}
