/** Planning the restore of databases into a running server. */
import type { RestoreCounts, RestoreEffect, RestorePlan, RestoreRequest } from '../source.ts';
import { executeRestore } from './execution.ts';
import type { DatabaseHost } from './host.ts';
import type { LiveDatabase, RestoringServer } from './restoring-server.ts';
import { type StandIn, standInOf, standsFor } from './stand-ins.ts';
import type { DatabaseStep, RestoreSteps } from './steps.ts';
import { readStoredDumps, type StoredDump } from './stored-dumps.ts';

/**
 * Reads every dump to its end and looks at the server; changes nothing. A damaged dump costs its database only, and is
 * told again when the plan is executed.
 */
export async function planDatabaseRestore(
  request: RestoreRequest,
  server: RestoringServer,
  host: DatabaseHost,
  { signal }: { signal: AbortSignal },
): Promise<RestorePlan> {
  const dumps = await readStoredDumps(request, server, signal);
  const wanted = new Set(dumps.databases.map(({ database }) => database.name));
  const live = await server.look(wanted, signal);
  const replace = request.replaceAccounts ?? false;
  const accounts =
    typeof dumps.accounts === 'string'
      ? await server.planAccounts(dumps.accounts, { replace, signal })
      : dumps.accounts;
  const steps: RestoreSteps = {
    accounts,
    databases: dumps.databases.map((dump) => stepFor(dump, live)),
    leftOvers: live
      .filter(({ name, idle }) => idle && isWorthless(standInOf(name), wanted))
      .map(({ name }) => name),
  };
  const effects = effectsOf(steps, request, live);
  let executed = false;
  return {
    counts: countsOf(effects),
    async *effects() {
      yield effects;
    },
    async execute(options) {
      // The plan saw a server that is no longer like that after the first time.
      if (executed) throw new Error('a restore plan is executed once');
      executed = true;
      return executeRestore(steps, request, server, host, options);
    },
  };
}

function stepFor(dump: StoredDump, live: readonly LiveDatabase[]): DatabaseStep {
  const there = live.find(({ name }) => name === dump.database.name);
  const known = new Set(dump.database.tables.map(({ name }) => name));
  return {
    dump,
    exists: there !== undefined,
    extra: (there?.tables ?? []).filter((table) => !known.has(table)),
  };
}

/** One that was kept on purpose is none of our business. */
function isWorthless(standIn: StandIn | undefined, wanted: ReadonlySet<string>): boolean {
  if (standIn === undefined || standIn.kind === 'old') return false;
  return [...wanted].some((database) => standsFor(standIn, database));
}

function effectsOf(
  { accounts, databases, leftOvers }: RestoreSteps,
  request: RestoreRequest,
  live: readonly LiveDatabase[],
): RestoreEffect[] {
  const wanted = new Set(databases.map(({ dump }) => dump.database.name));
  const others = live.filter(({ name }) => !wanted.has(name) && !leftOvers.includes(name));
  return [
    ...(accounts instanceof Error ? [] : accounts.effects),
    ...databases.flatMap((step) => effectsOn(step, request)),
    ...others.map(({ name }) => left(name, standInOf(name) === undefined ? 'not-in-snapshot' : 'left-over')),
    ...leftOvers.map((name): RestoreEffect => ({ ...left(name, 'left-over'), action: 'remove' })),
  ];
}

function effectsOn({ dump, exists, extra }: DatabaseStep, request: RestoreRequest): RestoreEffect[] {
  const { database, node, error } = dump;
  if (error !== undefined) return [left(database.name, 'stored-damaged')];
  const bytes = node?.size ?? 0;
  const surplus = request.delete ? 'remove' : 'leave';
  return [
    exists
      ? { action: 'change', path: database.name, reasons: ['content'], bytes }
      : { action: 'create', path: database.name, reasons: [], bytes },
    ...extra.map(
      (table): RestoreEffect => ({
        ...left(`${database.name}.${table}`, 'not-in-snapshot'),
        action: surplus,
      }),
    ),
  ];
}

function left(path: string, reason: string): RestoreEffect {
  return { action: 'leave', path, reasons: [reason], bytes: 0 };
}

function countsOf(effects: readonly RestoreEffect[]): RestoreCounts {
  const counts = { create: 0, change: 0, leave: 0, remove: 0, bytes: 0 };
  for (const { action, bytes } of effects) {
    counts[action] += 1;
    counts.bytes += bytes;
  }
  return counts;
}
