/**
 * Carrying out the restore of databases. Each is loaded beside the one that is there, counted, and only then put in its
 * place; so a failure, or a kill at any moment, leaves either the old one or the new one in service and never neither.
 */
import { isHikaeError } from '../../base/errors.ts';
import { trouble } from '../../model/trouble.ts';
import type { RestorePlan, RestoreRequest, RestoreResult } from '../source.ts';
import { differences } from './counts.ts';
import { databaseErrors } from './errors.ts';
import type { DatabaseHost } from './host.ts';
import type { RestoringServer } from './restoring-server.ts';
import { standInName, standInOf } from './stand-ins.ts';
import type { DatabaseStep, RestoreSteps } from './steps.ts';

type ExecuteOptions = Parameters<RestorePlan['execute']>[0];

interface Work {
  readonly request: RestoreRequest;
  readonly server: RestoringServer;
  readonly host: DatabaseHost;
  readonly options: ExecuteOptions;
}

/** How long tidying up after a failure may take, in milliseconds; it goes on when the run is cancelled. */
const TIDYING = 30_000;
/** More differences than anybody reads. */
const TOLD = 5;

export async function executeRestore(
  { accounts, databases, leftOvers }: RestoreSteps,
  request: RestoreRequest,
  server: RestoringServer,
  host: DatabaseHost,
  options: ExecuteOptions,
): Promise<RestoreResult> {
  const { emit, troubles, signal } = options;
  const work: Work = { request, server, host, options };
  const bytes = databases.reduce((sum, { dump }) => sum + (dump.node?.size ?? 0), 0);
  emit({ type: 'work.expected', files: databases.length, bytes, exact: true });
  const failed: { readonly name: string; readonly error: Error }[] = [];
  const attempt = async (name: string, step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error)) throw error;
      troubles(trouble('unwritable', `${request.component}/${name}`, error));
      failed.push({ name, error });
    }
  };
  let restored = 0;
  let done = 0;
  const [replaced, loaded] = [true, false].map((wanted) =>
    leftOvers.filter((name) => (standInOf(name)?.kind === 'replaced') === wanted),
  ) as [string[], string[]];
  for (const name of loaded) await attempt(name, () => server.drop(name, signal));
  await attempt(server.accounts, async () => {
    if (accounts instanceof Error) throw accounts;
    restored += await accounts.execute({ troubles, signal });
  });
  for (const step of databases) {
    await attempt(step.dump.database.name, async () => {
      await restoreDatabase(step, work);
      restored += 1;
      done += step.dump.node?.size ?? 0;
    });
  }
  await server.finish?.({ troubles, signal });
  // It may hold what an interrupted swap has taken away: it goes when all that was wanted is there.
  if (failed.length === 0) for (const name of replaced) await attempt(name, () => server.drop(name, signal));
  const [first] = failed;
  if (first === undefined) return { restored, bytes: done };
  if (failed.length === 1) throw first.error;
  throw databaseErrors.DATABASE_RESTORE_INCOMPLETE(
    { server: server.name, databases: failed.map(({ name }) => name), reason: first.error.message },
    { cause: first.error },
  );
}

async function restoreDatabase(step: DatabaseStep, work: Work): Promise<void> {
  const { request, server, host, options } = work;
  const { dump, exists, extra } = step;
  const { database, node, error } = dump;
  const { emit, signal } = options;
  if (error !== undefined || node === undefined) throw error ?? new TypeError('no dump');
  const { name } = database;
  const nameFor = (kind: 'new' | 'old' | 'replaced') =>
    standInName(name, kind, host.random(4), server.longestName);
  const fresh = nameFor('new');
  const old = exists ? nameFor(request.keepOld === true ? 'old' : 'replaced') : undefined;
  try {
    await server.create(fresh, database.definition, signal);
    await server.load(
      { database: name, fresh },
      told(request.reader.content(node, { signal }), emit),
      signal,
    );
    const differing = differences(database.tables, await server.count(fresh, signal));
    if (differing.length > 0) {
      const differ = differing.slice(0, TOLD);
      throw databaseErrors.DATABASE_COUNTS_DIFFER({ database: name, differences: differ });
    }
    const [carried, removed] = request.delete ? [[], extra] : [extra, []];
    await server.swap({ database: name, fresh, old, carried, removed }, signal);
  } catch (failure) {
    await tidy(server, fresh, failure);
    throw failure;
  }
  if (old !== undefined && request.keepOld !== true) await dropOld(old, step, work);
  emit({ type: 'work.done', files: 1, bytes: 0, unchanged: 0, changed: exists ? 1 : 0 });
}

/** The service has its data back already; that the old database takes room is told, and no failure. */
async function dropOld(
  old: string,
  { dump }: DatabaseStep,
  { request, server, options }: Work,
): Promise<void> {
  const { signal, troubles } = options;
  try {
    await server.drop(old, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error)) throw error;
    troubles(trouble('left-over', `${request.component}/${old}`, dump.database.name));
  }
}

/** What can't be removed now is found by the next restore; why it all failed matters more. */
async function tidy(server: RestoringServer, fresh: string, failure: unknown): Promise<void> {
  try {
    await server.drop(fresh, AbortSignal.timeout(TIDYING));
  } catch (error) {
    if (!isHikaeError(error) && !(error instanceof DOMException)) throw new AggregateError([failure, error]);
  }
}

async function* told(
  content: AsyncIterable<Uint8Array>,
  emit: ExecuteOptions['emit'],
): AsyncGenerator<Uint8Array> {
  for await (const part of content) {
    yield part;
    emit({ type: 'work.done', files: 0, bytes: part.length, unchanged: 0, changed: 0 });
  }
}
