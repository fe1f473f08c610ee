/** What a restore of databases has decided to do. */
import type { AccountsPlan } from './restoring-server.ts';
import type { StoredDump } from './stored-dumps.ts';

/** What is to be done with one database. */
export interface DatabaseStep {
  readonly dump: StoredDump;
  readonly exists: boolean;
  /** tables of the one that is there which the snapshot doesn't have */
  readonly extra: readonly string[];
}

export interface RestoreSteps {
  /** an error where what the vault has of them is damaged */
  readonly accounts: AccountsPlan | Error;
  readonly databases: readonly DatabaseStep[];
  /** databases that an interrupted restore has left behind and nobody needs */
  readonly leftOvers: readonly string[];
}
