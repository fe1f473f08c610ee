/** Removing data that no snapshot needs. Nothing is removed where it is not certain what snapshots need. */
import type { Clock } from '../../../base/clock.ts';
import type { Amount, PruneOptions, PruneReport } from '../../upkeep.ts';
import { repositoryErrors } from '../errors.ts';
import { packKey } from '../layout.ts';
import { type LockParts, lockForUpkeep } from '../locks.ts';
import type { Repository } from '../repository.ts';
import { executePlan } from './execute.ts';
import { type Fate, keptIn, type Plan, type PlanInput, planPacks } from './plan.ts';
import { type Survey, surveyRepository, unsafe } from './survey.ts';

export interface PruneParts extends LockParts {
  readonly clock: Clock;
  /** whether the storage lets a pack be removed yet; all of them when not said */
  readonly mayGo?: PlanInput['mayGo'];
}

export async function pruneRepository(parts: PruneParts, options: PruneOptions): Promise<PruneReport> {
  const { repository, clock, mayGo = () => true } = parts;
  const { dryRun, grace, emit } = options;
  const { location: path } = repository.storage;
  if (repository.config.version === 1) throw repositoryErrors.VAULT_FORMAT_OLD({ path });
  const lock = await lockForUpkeep(parts, options);
  const signal = AbortSignal.any([options.signal, ...lock.ends]);
  try {
    emit({ type: 'phase', phase: 'planning' });
    const survey = await surveyRepository(repository, { emit, signal });
    const now = clock.now();
    const plan = planPacks({ ...survey, now, grace, mayGo });
    await requireCertain(plan, survey, repository, signal);
    const lost = survey.unnamed.length;
    if (lost > 0) emit({ type: 'warning', code: 'data-lost', facts: { vault: path, count: lost } });
    if (dryRun) return reportOf(plan, survey);
    const mayRemoveCopied = (pack: string) => grace === 0 && mayGo(pack);
    const damaged = await executePlan(plan, { ...survey, repository, now, mayRemoveCopied, emit, signal });
    for (const pack of damaged)
      emit({ type: 'warning', code: 'pack-damaged', facts: { vault: path, object: packKey(pack) } });
    return reportOf(plan, survey);
  } finally {
    await lock.release();
  }
}

/** Where data is missing, nothing may go that could have it; and of two copies the one that stays must be sound. */
async function requireCertain(
  { keepers, lost, unknown }: Plan,
  { catalog, needed, unnamed, blobs }: Survey,
  repository: Repository,
  signal: AbortSignal,
): Promise<void> {
  const [first] = lost;
  if (first !== undefined) throw unsafe(repository, packKey(first.pack), 'it is missing or cut off');
  const [nowhere] = unnamed;
  if (nowhere !== undefined && unknown > 0)
    throw unsafe(repository, `data ${nowhere}`, `no index names it, nor ${unknown} packs that may have it`);
  const doubtful = new Set(keepers.values());
  for (const { pack, blobs: all } of catalog.blobs.everyPack(needed, (id) => doubtful.has(id))) {
    for (const blob of all) {
      if (!keepers.has(`${blob.type} ${blob.id}`) || !keptIn(keepers, blob, pack)) continue;
      const flaw = await blobs.flawAt({ pack, ...blob }, { signal });
      if (flaw !== undefined) throw unsafe(repository, packKey(pack), flaw);
    }
  }
}

function reportOf({ packs }: Plan, { unnamed }: Survey): PruneReport {
  const of = (...fates: readonly Fate[]) => packs.filter(({ fate }) => fates.includes(fate));
  const copied = of('copy');
  const kept = of('keep', 'recover');
  return {
    kept: amountOf(kept),
    unneededBytes: kept.reduce((sum, { blobBytes, neededBytes }) => sum + blobBytes - neededBytes, 0),
    recovered: amountOf(of('recover')),
    copied: {
      ...amountOf(copied),
      neededBytes: copied.reduce((sum, { neededBytes }) => sum + neededBytes, 0),
    },
    marked: amountOf(of('mark')),
    waiting: amountOf(of('wait')),
    removed: amountOf(of('remove')),
    lost: unnamed.length,
  };
}

function amountOf(packs: Plan['packs']): Amount {
  return { packs: packs.length, bytes: packs.reduce((sum, { bytes }) => sum + bytes, 0) };
}
