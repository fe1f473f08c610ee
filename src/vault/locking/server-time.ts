/** What time it is by the clock that counts for locks: the server's. */
import type { Clock } from '../../base/clock.ts';
import type { CallOptions, Locking } from '../../storage/storage.ts';
import { lockErrors } from './errors.ts';
import { serverClock } from './server-clock.ts';

export class ServerTime {
  readonly #path: string;
  readonly #locking: Locking;
  readonly #clock: Clock;
  #now: Promise<() => number> | undefined;

  /** `path` names the vault in errors. */
  constructor(path: string, locking: Locking, clock: Clock) {
    this.#path = path;
    this.#locking = locking;
    this.#clock = clock;
  }

  /**
   * In milliseconds since 1970 UTC; asked for once, and counted on from there. What would make locks worthless is told
   * first: VAULT_NOT_LOCKABLE, VAULT_CLOCK_OFF.
   */
  async now({ signal }: CallOptions): Promise<number> {
    this.#now ??= this.#begin(signal);
    return (await this.#now)();
  }

  async #begin(signal: AbortSignal) {
    const path = this.#path;
    const { versioned, lockable, time } = await this.#locking.state({ signal });
    // Where we may not ask, the answer to the first object that is put tells.
    if (versioned === false) throw lockErrors.VAULT_NOT_LOCKABLE({ path, lacks: 'versions' });
    if (lockable === false) throw lockErrors.VAULT_NOT_LOCKABLE({ path, lacks: 'Object Lock' });
    return serverClock(path, time, this.#clock);
  }
}
