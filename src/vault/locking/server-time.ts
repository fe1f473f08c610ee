/** What time it is by the clock that counts for locks: the server's. */
import type { Clock } from '../../base/clock.ts';
import type { CallOptions, Locking } from '../../storage/storage.ts';
import { lockErrors } from './errors.ts';

/** What clocks may differ by, in milliseconds. */
const MOST_DRIFT = 5 * 60_000;

export class ServerTime {
  readonly #path: string;
  readonly #locking: Locking;
  readonly #clock: Clock;
  /** what the server's clock said, and ours that only goes forward in seconds */
  #began: Promise<{ readonly time: number; readonly elapsed: number }> | undefined;

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
    this.#began ??= this.#begin(signal);
    const { time, elapsed } = await this.#began;
    return time + (this.#clock.elapsed() - elapsed) * 1_000;
  }

  async #begin(signal: AbortSignal) {
    const path = this.#path;
    const { versioned, lockable, time } = await this.#locking.state({ signal });
    // Where we may not ask, the answer to the first object that is put tells.
    if (versioned === false) throw lockErrors.VAULT_NOT_LOCKABLE({ path, lacks: 'versions' });
    if (lockable === false) throw lockErrors.VAULT_NOT_LOCKABLE({ path, lacks: 'Object Lock' });
    const drift = Math.abs(this.#clock.now() - time);
    if (drift > MOST_DRIFT) throw lockErrors.VAULT_CLOCK_OFF({ path, minutes: Math.round(drift / 60_000) });
    return { time, elapsed: this.#clock.elapsed() };
  }
}
