/** What a restore in place needs of a kind of server; the rest of it is the same for all of them. */
import type { NamedStatement, TableCount } from '../../model/snapshot.ts';
import type { TroubleSink } from '../../model/trouble.ts';
import type { RestoreEffect } from '../source.ts';
import type { LongestName } from './stand-ins.ts';

export interface RestoringServer {
  /** how it is called when a person is told of it */
  readonly name: string;
  /** the name of the dump that holds what the server has beyond its databases, without `.sql` */
  readonly accounts: string;
  /** what the lines near the end of a whole dump begin with */
  readonly ends: { readonly accounts: string; readonly database: string };
  readonly longestName: LongestName;

  /** Every database that is there but those of the server itself, with the tables of those that are asked for. */
  look(databases: ReadonlySet<string>, signal: AbortSignal): Promise<readonly LiveDatabase[]>;
  /** Compares accounts with what is there. Without `replace` only missing ones are added. */
  planAccounts(
    script: string,
    options: { readonly replace: boolean; readonly signal: AbortSignal },
  ): Promise<AccountsPlan>;

  create(name: string, definition: readonly NamedStatement[], signal: AbortSignal): Promise<void>;
  /** Loads a dump into an empty database. Nothing that it says may reach beyond that database. */
  load(
    into: Pick<Swap, 'database' | 'fresh'>,
    dump: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
  count(name: string, signal: AbortSignal): Promise<readonly TableCount[]>;
  /** Ends those who use the database, and puts the fresh one in its place. Where this fails, nothing has changed. */
  swap(swap: Swap, signal: AbortSignal): Promise<void>;
  /** Removes a database, whoever uses it; one that isn't there is none. */
  drop(name: string, signal: AbortSignal): Promise<void>;
  /** Does what had to wait until all databases are there; what can't be done is a problem. */
  finish?(options: { readonly troubles: TroubleSink; readonly signal: AbortSignal }): Promise<void>;
}

export interface LiveDatabase {
  readonly name: string;
  /** false for a stand-in that a restore is loading at present */
  readonly idle: boolean;
  /** of those that were asked for */
  readonly tables: readonly string[];
}

export interface Swap {
  readonly database: string;
  readonly fresh: string;
  /** the name that the one which is there now gets; undefined when there is none */
  readonly old: string | undefined;
  /** tables that only the one which is there has, and that go over into the fresh one */
  readonly carried: readonly string[];
  /** tables that only the one which is there has, and that are not wanted any more */
  readonly removed: readonly string[];
}

export interface AccountsPlan {
  readonly effects: readonly RestoreEffect[];
  /** Does it; what can't be done is a problem and costs that account only. How many were made or changed. */
  execute(options: { readonly troubles: TroubleSink; readonly signal: AbortSignal }): Promise<number>;
}
