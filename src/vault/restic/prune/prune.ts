/** Removing data that no snapshot needs. Nothing is removed where it is not certain what snapshots need. */
import { dayOf } from '../../../base/calendar.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Amount, HeldAmount, PruneOptions, PruneReport } from '../../upkeep.ts';
import { repositoryErrors } from '../errors.ts';
import { packKey } from '../layout.ts';
import { type Keeping, keepingOf } from '../locking/held-packs.ts';
import { type LockParts, lockForUpkeep } from '../locks.ts';
import type { Signalled } from '../objects.ts';
import type { Repository } from '../repository.ts';
import { executePlan } from './execute.ts';
import { type Fate, keptIn, type Plan, type PlanInput, planPacks } from './plan.ts';
import { type Survey, surveyRepository, unsafe } from './survey.ts';

export interface PruneParts extends LockParts {
  readonly clock: Clock;
  /** in which days are told */
  readonly zone: string;
}

/** Packs that are locked, and until when; undefined where the medium doesn't tell. */
type Held = ReadonlyMap<string, number | undefined>;

export async function pruneRepository(parts: PruneParts, options: PruneOptions): Promise<PruneReport> {
  const { repository, clock, zone } = parts;
  const { dryRun, grace, emit } = options;
  const { location: path } = repository.storage;
  if (repository.config.version === 1) throw repositoryErrors.VAULT_FORMAT_OLD({ path });
  // A clock that is wrong is told before anything is written.
  const keeping = await keepingOf(repository, clock, options);
  const lock = await lockForUpkeep(parts, options);
  const signal = AbortSignal.any([options.signal, ...lock.ends]);
  try {
    emit({ type: 'phase', phase: 'planning' });
    const survey = await surveyRepository(repository, { emit, signal });
    const now = keeping?.now() ?? clock.now();
    // Where data is locked, copies of it would have to be paid for as long as itself.
    const copies = repository.locks === undefined;
    const { plan, held } = await planAround({ ...survey, now, grace, copies }, keeping, { signal });
    const report = reportOf(plan, survey, { held, hides: keeping?.hides ?? false, zone });
    await requireCertain(plan, survey, repository, signal);
    const lost = survey.unnamed.length;
    if (lost > 0) emit({ type: 'warning', code: 'data-lost', facts: { vault: path, count: lost } });
    if (dryRun) return report;
    const removesCopied = grace === 0;
    const damaged = await executePlan(plan, { ...survey, repository, now, removesCopied, emit, signal });
    for (const pack of damaged)
      emit({ type: 'warning', code: 'pack-damaged', facts: { vault: path, object: packKey(pack) } });
    return report;
  } finally {
    await lock.release();
  }
}

/** Plans until everything that would go or be replaced was asked about: of the most the server need not be asked. */
async function planAround(
  input: Omit<PlanInput, 'mayGo'>,
  keeping: Keeping | undefined,
  { signal }: Signalled,
): Promise<{ readonly plan: Plan; readonly held: Held }> {
  const asked = new Set<string>();
  const held = new Map<string, number | undefined>();
  for (;;) {
    const plan = planPacks({ ...input, mayGo: (pack) => !held.has(pack) });
    const goes = plan.packs.filter(({ fate }) => ['copy', 'mark', 'wait', 'remove'].includes(fate));
    const open = goes.filter(({ pack }) => !asked.has(pack)).map(({ pack }) => pack);
    if (keeping === undefined || open.length === 0) return { plan, held };
    for (const pack of open) asked.add(pack);
    for (const [pack, until] of await keeping.held(open, { signal })) held.set(pack, until);
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

function reportOf(
  { packs }: Plan,
  { unnamed }: Survey,
  { held, hides, zone }: { readonly held: Held; readonly hides: boolean; readonly zone: string },
): PruneReport {
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
    held: byDay(of('hold'), held, zone),
    removed: amountOf(of('remove')),
    hides,
    lost: unnamed.length,
  };
}

function byDay(packs: Plan['packs'], held: Held, zone: string): readonly HeldAmount[] {
  const days = new Map<string | undefined, HeldAmount>();
  for (const { pack, bytes } of packs) {
    const until = held.get(pack);
    const day = until === undefined ? undefined : dayOf(until, zone);
    const { packs: count, bytes: sum, until: last = 0 } = days.get(day) ?? { packs: 0, bytes: 0 };
    const latest = until === undefined ? {} : { until: Math.max(last, until) };
    days.set(day, { packs: count + 1, bytes: sum + bytes, ...latest });
  }
  const when = ({ until = Number.POSITIVE_INFINITY }: HeldAmount) => until;
  return [...days.values()].sort((one, other) => (when(one) < when(other) ? -1 : 1));
}

function amountOf(packs: Plan['packs']): Amount {
  return { packs: packs.length, bytes: packs.reduce((sum, { bytes }) => sum + bytes, 0) };
}
