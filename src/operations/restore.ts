/** restore: choose the snapshot, plan, keep what is there now, and bring it back. */
import { isHikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { ComponentSummary, SnapshotEntry } from '../model/snapshot.ts';
import { type Trouble, trouble } from '../model/trouble.ts';
import type { RestoreCounts, RestorePlan, RestoreRequest as SourceRequest } from '../source/source.ts';
import { avoided } from './avoided-places.ts';
import { operationErrors } from './errors.ts';
import { withHooks } from './hooks.ts';
import { newId, type OpenedVault, type Parts } from './parts.ts';
import { type Chosen, chooseForRestore, readThrough } from './restore-choice.ts';
import { requireRestorable } from './restore-folder.ts';
import { withPassword } from './restore-origin.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';
import { broughtAnew, keepSafetySnapshot } from './safety.ts';

export interface RestoreRequest {
  readonly target: string;
  /** `latest`, a day, an id …: see select.ts */
  readonly date: string;
  /** hide what is later, in milliseconds since 1970 UTC */
  readonly asOf?: number;
  /** all complete ones when empty */
  readonly components: readonly string[];
  /** a name of the policy or an absolute path; the policy's vaults, nearest first, when absent */
  readonly vault?: string;
  readonly to:
    | { readonly kind: 'folder'; readonly path: string; readonly overwrite: boolean }
    | { readonly kind: 'in-place' };
  readonly delete: boolean;
  /** keep databases and volumes that are replaced in place, under another name */
  readonly keepOld: boolean;
  /** set accounts that the server has already to what they were */
  readonly replaceAccounts: boolean;
  /** keep what is there now before a restore in place changes it */
  readonly safety: boolean;
}

export interface ComponentPlan {
  readonly component: string;
  readonly counts: RestoreCounts;
  readonly plan: RestorePlan;
}

/** A component that can't go where the others go, such as a command's output back into the command. */
export interface LeftOut {
  readonly component: string;
  readonly error: Error;
}

export interface PlannedRestore {
  readonly opened: OpenedVault;
  readonly snapshot: SnapshotEntry;
  readonly components: readonly ComponentPlan[];
  readonly leftOut: readonly LeftOut[];
}

export interface RestoredComponent {
  readonly component: string;
  readonly counts: RestoreCounts;
  readonly restored: number;
  readonly bytes: number;
  readonly problems: number;
  readonly error?: Error;
}

export interface RestoreEnd extends TargetEnd {
  readonly vault?: string;
  readonly snapshot?: SnapshotEntry;
  readonly safety?: SnapshotEntry;
  /** what was not there before, so that the safety snapshot says nothing of it and an undo leaves it */
  readonly anew?: readonly string[];
  readonly components: readonly RestoredComponent[];
  readonly leftOut: readonly LeftOut[];
}

/** Plans without changing anything, and hands the plan to `look` while everything it needs is open. */
export async function planRestore<Result>(
  request: RestoreRequest,
  parts: Parts,
  look: (planned: PlannedRestore) => Promise<Result>,
): Promise<Result> {
  const plan = (chosen: Chosen) => planComponents(request, chosen, parts);
  return withChosen(request, parts, plan, ({ opened, entry }, planned) =>
    look({ opened, snapshot: entry, ...planned }),
  );
}

export async function restore(request: RestoreRequest, parts: Parts): Promise<RestoreEnd> {
  const run = { id: newId(parts.random), verb: 'restore' as const, targets: [request.target] };
  const { ends } = await runRecorded(run, parts, async (emit) => {
    const withEmit = { ...parts, emit };
    const vault = request.vault ?? parts.vaults.join(', ');
    const end = await runTarget({ verb: 'restore', target: request.target, vault }, parts, emit, () =>
      withChosen(
        request,
        withEmit,
        (chosen) => prepare(request, chosen, withEmit),
        (chosen, planned) => restoreFrom(request, chosen, planned, withEmit),
      ),
    );
    return [{ components: [], leftOut: [], ...end }];
  });
  return ends[0] as RestoreEnd;
}

interface Planned {
  readonly components: readonly ComponentPlan[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Plans at once what goes to a folder. A plan of a restore in place has to wait for the commands that stop what runs
 * there, and these for a snapshot that is known to be readable.
 */
async function prepare(request: RestoreRequest, chosen: Chosen, parts: Parts): Promise<Planned | undefined> {
  if (request.to.kind === 'folder') return await planComponents(request, chosen, parts);
  await readThrough(chosen, parts);
  return undefined;
}

async function withChosen<Ready, Result>(
  request: RestoreRequest,
  parts: Parts,
  ready: (chosen: Chosen) => Promise<Ready>,
  work: (chosen: Chosen, made: Ready) => Promise<Result>,
): Promise<Result> {
  if (request.to.kind === 'folder') requireRestorable(request.to.path, request.to.overwrite);
  // To delete by what is left of a snapshot would delete what it had.
  const wanted = { ...request, aroundDamage: !request.delete };
  const { ready: made, ...chosen } = await chooseForRestore(wanted, parts, async (found) => {
    if (request.delete) requireDeletable(found.entry);
    return await ready(found);
  });
  const { opened, reader } = chosen;
  try {
    return await work(chosen, made);
  } finally {
    await reader.close();
    await opened.vault.close();
  }
}

async function restoreFrom(
  request: RestoreRequest,
  chosen: Chosen,
  ready: Planned | undefined,
  parts: Parts,
): Promise<RestoreEnd> {
  const { opened, entry: snapshot } = chosen;
  const { target, to } = request;
  const hooks = to.kind === 'in-place' ? parts.policy?.targets[target]?.restore : undefined;
  const timeout = parts.policy?.targets[target]?.timeout ?? 0;
  const { before = [], after = [] } = hooks ?? {};
  const { result, failure } = await withHooks({ before, after, timeout }, parts, async () => {
    const { components: planned, leftOut } = ready ?? (await planComponents(request, chosen, parts));
    const overwrites = planned.some(({ counts }) => counts.change + counts.remove > 0);
    const safety =
      to.kind === 'in-place' && request.safety && overwrites
        ? await keepSafetySnapshot(
            target,
            snapshot,
            planned.map(({ component }) => component),
            opened,
            parts,
          )
        : undefined;
    const components: RestoredComponent[] = [];
    for (const plan of planned) components.push(await restoreComponent(target, plan, parts));
    const outcome: Outcome = outcomeOf(components, leftOut);
    const error = [...components, ...leftOut].find((component) => component.error !== undefined)?.error;
    return {
      target,
      vault: opened.name,
      snapshot,
      components,
      leftOut,
      outcome,
      ...(safety === undefined ? {} : { safety, anew: broughtAnew(snapshot, safety) }),
      ...(error === undefined ? {} : { error }),
    };
  });
  // The data is back; but the service isn't, and somebody has to see to that.
  return failure === undefined ? result : { ...result, outcome: 'failed', error: result.error ?? failure };
}

/** Every plan is made before anything is changed: a snapshot that can't be read to its end must not be found out midway. */
async function planComponents(
  request: RestoreRequest,
  { opened, entry, reader }: Chosen,
  parts: Parts,
): Promise<Planned> {
  parts.emit({ type: 'phase', phase: 'planning' });
  const components: ComponentPlan[] = [];
  const leftOut: LeftOut[] = [];
  const avoid = avoidedOf(opened.vault.location, parts);
  for (const { name, origin } of chosenComponents(request, entry)) {
    const to: SourceRequest['to'] = request.to;
    const { delete: surplus, keepOld, replaceAccounts } = request;
    const asked: SourceRequest = {
      reader,
      component: name,
      origin: withPassword(origin, request.target, name, parts),
      to,
      delete: surplus,
      keepOld,
      replaceAccounts,
      avoid,
    };
    try {
      const source = await parts.source(origin.kind);
      const plan = await source.planRestore(asked, parts);
      components.push({ component: name, counts: plan.counts, plan });
    } catch (error) {
      // Whoever named the component wants to know; otherwise the rest of the target comes back without it.
      if (!isHikaeError(error, 'SOURCE_NOT_IN_PLACE') || request.components.includes(name)) throw error;
      leftOut.push({ component: name, error });
    }
  }
  return { components, leftOut };
}

/** Whatever else is removed as surplus, never a vault or our own state. */
function avoidedOf(location: string, { policy }: Parts): string[] {
  return policy === undefined ? [location] : [location, ...avoided({ policy })];
}

/** A folder that could not be read at capture stands in the snapshot as empty: to delete by it would empty it. */
function requireDeletable({ place, header }: SnapshotEntry): void {
  const { problems } = header;
  if (problems > 0) throw operationErrors.RESTORE_DELETE_UNSAFE({ place, problems });
}

function chosenComponents(
  { components }: RestoreRequest,
  { place, header }: SnapshotEntry,
): readonly ComponentSummary[] {
  const complete = header.components.filter((component) => component.complete);
  const known = complete.map(({ name }) => name);
  const unknown = components.find((name) => !known.includes(name));
  if (unknown !== undefined) throw operationErrors.COMPONENT_UNKNOWN({ place, component: unknown, known });
  return components.length === 0 ? complete : complete.filter(({ name }) => components.includes(name));
}

/** What one component fails with is its own; the others are restored all the same. */
async function restoreComponent(
  target: string,
  { component, counts, plan }: ComponentPlan,
  parts: Parts,
): Promise<RestoredComponent> {
  const { emit, signal } = parts;
  let problems = 0;
  const troubles = (found: Trouble) => {
    if (found.weight === 'problem') problems += 1;
    emit({ type: 'trouble', target, trouble: found });
  };
  emit({ type: 'component.started', target, component });
  try {
    const { restored, bytes } = await plan.execute({ emit, troubles, signal });
    emit({ type: 'component.finished', target, component, files: restored, bytes, newBytes: bytes });
    return { component, counts, restored, bytes, problems };
  } catch (error) {
    signal.throwIfAborted();
    if (!isHikaeError(error)) throw error;
    troubles(trouble('unwritable', component, error));
    return { component, counts, restored: 0, bytes: 0, problems, error };
  }
}

function outcomeOf(components: readonly RestoredComponent[], leftOut: readonly LeftOut[]): Outcome {
  if (components.some(({ error }) => error !== undefined)) return 'failed';
  return leftOut.length > 0 || components.some(({ problems }) => problems > 0) ? 'partial' : 'succeeded';
}
