/** What a restore tells while it works, and which refusals cost one entry and which end it. */
import { systemCode } from '../../../base/errors.ts';
import type { RawPath } from '../../../base/raw-path.ts';
import type { Emit } from '../../../model/events.ts';
import { type TroubleSink, trouble } from '../../../model/trouble.ts';
import { actionOf, type Decision } from './decisions.ts';
import { fatalError } from './errors.ts';

export interface ExecutionOptions {
  readonly emit: Emit;
  readonly troubles: TroubleSink;
  readonly signal: AbortSignal;
}

/** Why the vault can't give a content. */
export interface StoredFault {
  /** it can be read, and isn't what was stored */
  readonly damaged: boolean;
  readonly reason: string;
}

/** When hikae itself has run out of something, no entry is to blame. */
const exhausted = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

export class Progress {
  readonly #options: ExecutionOptions;
  readonly #shown: (path: RawPath) => string;
  #since = { files: 0, bytes: 0, unchanged: 0, changed: 0 };
  #restored = 0;
  #bytes = 0;
  #fatal: unknown;

  constructor(options: ExecutionOptions, shown: (path: RawPath) => string) {
    this.#options = options;
    this.#shown = shown;
  }

  get total(): { readonly restored: number; readonly bytes: number } {
    return { restored: this.#restored, bytes: this.#bytes };
  }

  met(): void {
    this.#since.files += 1;
  }

  left(): void {
    this.#since.unchanged += 1;
  }

  restored(decision: Decision, bytes: number): void {
    this.#restored += 1;
    this.#bytes += bytes;
    this.#since.bytes += bytes;
    if (actionOf(decision) === 'change') this.#since.changed += 1;
  }

  /** Tells what was done since the last time. */
  tell(): void {
    const since = this.#since;
    if (since.files === 0 && since.bytes === 0) return;
    this.#since = { files: 0, bytes: 0, unchanged: 0, changed: 0 };
    this.#options.emit({ type: 'work.done', ...since });
  }

  /** Does something with one entry. The system's refusal is a problem of that entry; returns undefined then. */
  attempt<Result>(path: RawPath, change: () => Result): Result | undefined {
    try {
      return change();
    } catch (error) {
      this.refuse(path, error);
      return undefined;
    }
  }

  /** Reports what the system refused for one entry. Throws what every other entry would meet too. */
  refuse(path: RawPath, error: unknown): void {
    const code = systemCode(error);
    if (code === undefined || !(error instanceof Error) || exhausted.has(code)) throw error;
    const fatal = fatalError(code, this.#shown(path), error);
    if (fatal !== undefined) throw fatal;
    this.problem(path, error.message);
  }

  problem(path: RawPath, reason: string): void {
    this.#options.troubles(trouble('unwritable', this.#shown(path), reason));
  }

  /** Nothing is put where a folder lies that has to stay. */
  blocked(path: RawPath): void {
    this.problem(path, 'a folder that holds what a restore never removes lies in its place');
  }

  problemOfVault(path: RawPath, { damaged, reason }: StoredFault): void {
    const code = damaged ? 'stored-damaged' : 'stored-unreadable';
    this.#options.troubles(trouble(code, this.#shown(path), reason));
  }

  unset(path: RawPath, reasons: readonly string[]): void {
    for (const reason of reasons)
      this.#options.troubles(trouble('attribute-unset', this.#shown(path), reason));
  }

  ownerUnset(): void {
    this.#options.troubles(trouble('owner-unset', this.#shown('' as RawPath)));
  }

  /** Ends the restore at the next step of the main thread; the first reason counts. */
  end(error: unknown): void {
    this.#fatal ??= error;
  }

  throwIfOver(): void {
    this.#options.signal.throwIfAborted();
    if (this.#fatal !== undefined) throw this.#fatal;
  }
}
