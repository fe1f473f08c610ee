/** log: what the ledger knows of the last runs. */
import type { RunRecord } from '../ledger/ledger.ts';
import type { Trouble } from '../model/trouble.ts';
import { operationErrors } from './errors.ts';
import type { PolicyParts } from './parts.ts';

/** How far back a run is looked for by its id, or by its time. */
const REACH = 10_000;

/** Newest first. */
export async function recentRuns(
  { limit, asOf }: { readonly limit: number; readonly asOf?: number | undefined },
  { ledger, signal }: PolicyParts,
): Promise<readonly RunRecord[]> {
  if (asOf === undefined) return ledger.recentRuns(limit, { signal });
  const runs = await ledger.recentRuns(REACH, { signal });
  return runs.filter(({ started }) => started <= asOf).slice(0, limit);
}

/** A run, by its id or enough first digits of it that it is the newest such, with the troubles that were kept. */
export async function oneRun(
  id: string,
  { ledger, signal }: PolicyParts,
): Promise<{ readonly run: RunRecord; readonly troubles: readonly Trouble[] }> {
  const runs = await ledger.recentRuns(REACH, { signal });
  const run = runs.find((one) => one.id.startsWith(id));
  if (run === undefined) throw operationErrors.RUN_UNKNOWN({ run: id });
  return { run, troubles: await ledger.troublesOf(run.id, { signal }) };
}
