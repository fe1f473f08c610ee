/** verify --compare: is a snapshot in one vault what it is in another, node by node? */
import type { Finding, VerifyLevel } from '../model/finding.ts';
import type { SnapshotEntry } from '../model/snapshot.ts';
import type { VerifyResult } from '../vault/vault.ts';
import { compareSnapshots } from './compare-snapshots.ts';
import { inPair } from './copy-target.ts';
import { operationErrors } from './errors.ts';
import { newId, type OpenedVault, type Parts } from './parts.ts';
import { vaultsToLookIn } from './reach.ts';
import { runRecorded, runTarget } from './run.ts';
import { selectSnapshot } from './select.ts';
import { nothingChecked, recordVerification, type VerifyEnd, type VerifyReport } from './verify.ts';

export interface CompareRequest {
  /** the policy's vaults, but for the one that is compared with, when absent */
  readonly vault?: string | undefined;
  /** the vault that is compared with */
  readonly compare: string;
  /** all that the vaults hold when absent */
  readonly target?: string | undefined;
  /** one snapshot of each target; those that both vaults have when absent */
  readonly date?: string | undefined;
  /** `full` reads the contents of both back; `structure` trusts what each has recorded of them */
  readonly level: Exclude<VerifyLevel, 'sample'>;
}

/** A difference makes a run `partial`, as damage does. */
export async function compareVaults(request: CompareRequest, parts: Parts): Promise<VerifyReport> {
  const { compare, level } = request;
  const names = vaultsToLookIn(request.vault, parts).filter((name) => name !== compare);
  const pairs: Pair[] = [];
  for (const vault of names) pairs.push(...(await pairsIn(vault, request, parts)));
  if (pairs.length === 0) {
    const { target, date = 'latest' } = request;
    const wanted = target === undefined ? date : `${target}/${date}`;
    throw operationErrors.SNAPSHOT_NOT_FOUND({ wanted, vault: names.length === 0 ? [compare] : names });
  }
  const targets = [...new Set(pairs.map(({ target }) => target))];
  const run = { id: newId(parts.random), verb: 'verify' as const, targets };
  const { outcome, ends } = await runRecorded(run, parts, async (emit) => {
    const done: VerifyEnd[] = [];
    for (const pair of pairs) {
      const { target, vault } = pair;
      const end = await runTarget(
        { verb: 'verify', target, vault: `${vault}, ${compare}` },
        parts,
        emit,
        () => comparePair(pair, request, { ...parts, emit }),
      );
      done.push({ vault, comparedWith: compare, checked: nothingChecked, findings: [], ...end });
    }
    return done;
  });
  return { outcome, level, ends };
}

/** One target in one vault: the snapshots to compare, each with its counterpart, and those that have none and should. */
interface Pair {
  readonly target: string;
  readonly vault: string;
  readonly both: readonly { readonly here: SnapshotEntry; readonly there: SnapshotEntry }[];
  readonly absent: readonly SnapshotEntry[];
}

async function pairsIn(vault: string, request: CompareRequest, parts: Parts): Promise<readonly Pair[]> {
  return inPair({ from: vault, vault: request.compare }, parts, false, async (one, other) => {
    const filter = request.target === undefined ? {} : { target: request.target };
    const { signal } = parts;
    const here = (await one.vault.list({ ...filter, signal })).snapshots;
    const there = (await other.vault.list({ ...filter, signal })).snapshots;
    const targets = [...new Set(here.map(({ header }) => header.target))].sort();
    return targets.map((target) => {
      const own = here.filter(({ header }) => header.target === target);
      return { target, vault, ...match(own, there, request.date, one, parts) };
    });
  });
}

/** Without a date the newest complete one has to be there; what else only one of them has, its retention has let go. */
function match(
  here: readonly SnapshotEntry[],
  there: readonly SnapshotEntry[],
  date: string | undefined,
  { name }: OpenedVault,
  { clock }: Parts,
): Pick<Pair, 'both' | 'absent'> {
  const isRegular = ({ header }: SnapshotEntry) => header.schedule !== 'safety';
  const newest = here.findLast((entry) => entry.complete && isRegular(entry));
  const chosen =
    date === undefined ? undefined : selectSnapshot(here, date, { vault: name, now: clock.now() });
  // A daily and the weekly that was made of it are one snapshot.
  const byId = new Map(here.map((entry) => [entry.header.id, entry]));
  const asked = chosen === undefined ? [...byId.values()] : [chosen];
  const both: Pair['both'][number][] = [];
  const absent: SnapshotEntry[] = [];
  for (const entry of asked) {
    const same = there.filter(({ header }) => header.id === entry.header.id);
    const twin = same.find(({ header }) => header.schedule === entry.header.schedule) ?? same[0];
    if (twin !== undefined) both.push({ here: entry, there: twin });
    else if (entry === chosen || entry.header.id === newest?.header.id) absent.push(entry);
  }
  return { both, absent };
}

async function comparePair(pair: Pair, { compare, level }: CompareRequest, parts: Parts): Promise<VerifyEnd> {
  const { target, vault } = pair;
  const { emit } = parts;
  return inPair({ from: vault, vault: compare }, parts, false, async (one, other) => {
    const findings: Finding[] = pair.absent.map(({ place }) => ({
      kind: 'missing',
      places: [place],
      path: '',
      reason: `${compare} does not have it`,
    }));
    for (const finding of findings) emit({ type: 'finding', vault, finding });
    let checked = nothingChecked;
    if (level === 'full') {
      const sides = [
        { opened: one, entries: pair.both.map(({ here }) => here) },
        { opened: other, entries: pair.both.map(({ there }) => there) },
      ];
      for (const { opened, entries } of sides) {
        const met = await readBack(opened, entries, parts);
        findings.push(...met.findings);
        checked = sum(checked, met.checked);
      }
    }
    for (const { here, there } of pair.both) {
      const differences = await compareSnapshots(
        { opened: one, entry: here },
        { opened: other, entry: there },
        parts,
      );
      for (const finding of differences.findings) emit({ type: 'finding', vault: compare, finding });
      findings.push(...differences.findings);
      if (level !== 'full') checked = sum(checked, differences.checked);
    }
    const outcome = findings.length === 0 ? 'succeeded' : 'partial';
    return { target, vault, comparedWith: compare, checked, findings, outcome };
  });
}

/** That the contents are what each vault has recorded of them; with that, equal records are equal contents. */
async function readBack(
  opened: OpenedVault,
  entries: readonly SnapshotEntry[],
  parts: Parts,
): Promise<VerifyResult> {
  const { emit, signal } = parts;
  const result = await opened.vault.verify(entries, { level: 'full', emit, signal });
  await recordVerification(entries, result.findings, opened, 'full', parts);
  return result;
}

function sum(one: VerifyResult['checked'], other: VerifyResult['checked']): VerifyResult['checked'] {
  return {
    snapshots: one.snapshots + other.snapshots,
    nodes: one.nodes + other.nodes,
    files: one.files + other.files,
    bytes: one.bytes + other.bytes,
  };
}
