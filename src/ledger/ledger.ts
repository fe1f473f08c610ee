/** The face of the room: the record of runs and facts of this host. */
import type { Clock } from '../base/clock.ts';
import { ownProcess } from '../base/process-identity.ts';
import { openDatabase } from './database.ts';
import type { OnTrouble, OpenedLedger } from './records.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

export interface OpenOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** called at most once for what can't be written and once for what can't be read; the ledger goes on */
  readonly onTrouble: OnTrouble;
}

/**
 * Opens the ledger in the policy's `state` folder, and makes it where there is none. Fails only with LEDGER_NEWER. A
 * damaged file is set aside and a new one begun. Where nothing can be written the ledger answers from what can be
 * read, or as an empty one.
 */
export async function openLedger(
  folder: string,
  { clock, signal, onTrouble }: OpenOptions,
): Promise<OpenedLedger> {
  const owner = await ownProcess({ signal });
  const { database, file, setAside, unwritable } = await openDatabase(folder, { clock, signal });
  const ledger = new SqliteLedger({ database, file, owner, clock, onTrouble });
  if (unwritable !== undefined) ledger.tell('LEDGER_UNWRITABLE', unwritable);
  try {
    const interrupted = await ledger.markInterrupted({ signal });
    return { ledger, interrupted, ...(setAside === undefined ? {} : { setAside }) };
  } catch (error) {
    ledger.close();
    throw error;
  }
}

export type {
  Ledger,
  LockRecord,
  OnTrouble,
  OpenedLedger,
  RunRecord,
  RunRecorder,
  RunStart,
  SnapshotFact,
  TargetResult,
  VaultFact,
  VaultSeen,
  Verification,
  VerifyFact,
} from './records.ts';
