/**
 * Mending a repository: its indexes are made to say what is really there and sound; what damaged packs still have is saved;
 * what is missing is brought back from another vault. No snapshot is ever changed: one that stays damaged is named.
 */
import type { PackRepairReport } from '../../upkeep.ts';
import type { RepairOptions } from '../../vault.ts';
import { readCatalog } from '../catalog.ts';
import { nameDamaged } from '../damaged-files.ts';
import { repositoryErrors } from '../errors.ts';
import { type LockParts, lockForUpkeep } from '../locks.ts';
import { PackCopier } from '../pack-copier.ts';
import { type InspectedRoot, type Inspection, inspect } from './inspection.ts';
import { amountToSave, mend, statesOf } from './mend.ts';
import { findNeeds, type Needs } from './needs.ts';
import { findIn, type StoringParts, storeOnceMore } from './store-again.ts';

export type RepairParts = StoringParts & LockParts;

export async function repairRepository(
  parts: RepairParts,
  options: RepairOptions,
): Promise<PackRepairReport> {
  const { repository } = parts;
  const { dryRun, emit } = options;
  const { location: path } = repository.storage;
  if (repository.config.version === 1) throw repositoryErrors.VAULT_FORMAT_OLD({ path });
  const lock = await lockForUpkeep(parts, options);
  const signal = AbortSignal.any([options.signal, ...lock.ends]);
  try {
    emit({ type: 'phase', phase: 'verifying' });
    const inspection = await inspect(parts, { emit, signal });
    emit({ type: 'phase', phase: 'repairing' });
    return dryRun
      ? await plan(inspection, parts, options, signal)
      : await execute(inspection, parts, options, signal);
  } finally {
    await lock.release();
  }
}

async function plan(
  inspection: Inspection,
  { repository }: RepairParts,
  { from, emit }: RepairOptions,
  signal: AbortSignal,
): Promise<PackRepairReport> {
  const needs = await findNeeds(inspection, repository, { from, copier: undefined, emit, signal });
  const damaged = await damagedRoots(inspection, needs, signal);
  const again = from === undefined ? [] : await findIn(from, damaged.roots, signal);
  return {
    ...reportOf(inspection, needs),
    storedAgain: again.map(({ root }) => root.place),
    findings: damaged.findings,
  };
}

async function execute(
  inspection: Inspection,
  parts: RepairParts,
  { from, emit }: RepairOptions,
  signal: AbortSignal,
): Promise<PackRepairReport> {
  const { repository, clock } = parts;
  const copier = new PackCopier(repository, { signal });
  let needs: Needs;
  try {
    needs = await findNeeds(inspection, repository, { from, copier, emit, signal });
    await mend(inspection, needs.needed, { repository, copier, now: clock.now(), emit, signal });
  } finally {
    await copier.end();
  }
  const report = reportOf(inspection, needs);
  let left = await damagedRoots(inspection, needs, signal);
  const storedAgain: string[] = [];
  if (from !== undefined && left.roots.length > 0) {
    for (const held of await findIn(from, left.roots, signal))
      if (await storeOnceMore(held, from, parts, { emit, signal })) storedAgain.push(held.root.place);
    if (storedAgain.length > 0) left = await lookAgain(inspection, parts, { emit, signal });
  }
  for (const finding of left.findings) emit({ type: 'finding', vault: repository.storage.location, finding });
  return { ...report, storedAgain, findings: left.findings };
}

interface Left {
  readonly roots: readonly InspectedRoot[];
  readonly findings: PackRepairReport['findings'];
}

/** What the indexes name now is sound: it was read before, or stored since. So to look for it is enough. */
async function lookAgain(
  before: Inspection,
  { repository }: RepairParts,
  { emit, signal }: Pick<RepairOptions, 'emit' | 'signal'>,
): Promise<Left> {
  const catalog = await readCatalog(repository, { signal });
  const present = new Map([...catalog.live].map((pack) => [pack, 0]));
  const inspection = { ...before, catalog, present, flawed: new Map() };
  const needs = await findNeeds(inspection, repository, { from: undefined, copier: undefined, emit, signal });
  return damagedRoots(inspection, needs, signal);
}

/** The snapshots that lack something, and what of them. */
async function damagedRoots(
  { roots, unreadable }: Inspection,
  { lost, blobs }: Needs,
  signal: AbortSignal,
): Promise<Left> {
  const named = lost.none ? [] : await nameDamaged(roots, lost, { blobs }, signal);
  const places = new Set(named.flatMap((finding) => finding.places));
  return { roots: roots.filter(({ place }) => places.has(place)), findings: [...unreadable, ...named] };
}

function reportOf(
  inspection: Inspection,
  { needed, fetched }: Needs,
): Omit<PackRepairReport, 'storedAgain' | 'findings'> {
  const { catalog, present, flawed, read } = inspection;
  const states = [...statesOf(inspection, needed)];
  const damaged = states.filter(([, state]) => state === 'distrusted').map(([pack]) => pack);
  return {
    read,
    indexes: catalog.damaged.length,
    found: states.filter(([pack, state]) => state === 'live' && !catalog.live.has(pack)).length,
    gone: states.filter(([, state]) => state === 'gone').length,
    damaged: {
      packs: damaged.length,
      bytes: damaged.reduce((sum, pack) => sum + (present.get(pack) ?? 0), 0),
    },
    saved: flawed.size === 0 ? { blobs: 0, bytes: 0 } : amountToSave(inspection, needed),
    fetched,
  };
}
