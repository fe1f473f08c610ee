/** What the database sources need of the machine that they run on. */
import type { Clock } from '../../base/clock.ts';
import type { Secret, SecretReference } from '../../base/secret.ts';
import type { Source } from '../source.ts';

export interface DatabaseHost {
  readonly clock: Clock;
  /** the whole environment of the clients, but for what a client must be told in it: PATH, LANG */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** who owns the files that the dumps become */
  readonly owner: {
    readonly uid: number;
    readonly gid: number;
    readonly user: string;
    readonly group: string;
  };
  secret(reference: SecretReference, options: { signal: AbortSignal }): Promise<Secret>;
  /** so many random bytes, for names of databases that stand in */
  random(size: number): Uint8Array;
  /** how a tree of files is restored into a folder */
  readonly planFiles: Source['planRestore'];
}
