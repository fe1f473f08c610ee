/** restore: choose the snapshot, plan, keep what is there now, and bring it back. */
import { isHikaeError } from '../base/errors.ts';
import type { Outcome } from '../model/run.ts';
import type { ComponentSummary, SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { type Trouble, trouble } from '../model/trouble.ts';
import type { RestoreCounts, RestorePlan, RestoreRequest as SourceRequest } from '../source/source.ts';
import { operationErrors } from './errors.ts';
import { withHooks } from './hooks.ts';
import { newId, type OpenedVault, type Parts } from './parts.ts';
import { chooseForRestore } from './restore-choice.ts';
import { requireEmpty } from './restore-folder.ts';
import { runRecorded, runTarget, type TargetEnd } from './run.ts';
import { keepSafetySnapshot } from './safety.ts';

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
  readonly components: readonly RestoredComponent[];
  readonly leftOut: readonly LeftOut[];
}

/** Plans without changing anything, and hands the plan to `look` while everything it needs is open. */
export async function planRestore<Result>(
  request: RestoreRequest,
  parts: Parts,
  look: (planned: PlannedRestore) => Promise<Result>,
): Promise<Result> {
  return withReader(request, parts, async (opened, snapshot, reader) => {
    const { components, leftOut } = await planComponents(request, snapshot, reader, parts);
    return look({ opened, snapshot, components, leftOut });
  });
}

export async function restore(request: RestoreRequest, parts: Parts): Promise<RestoreEnd> {
  const run = { id: newId(parts.random), verb: 'restore' as const, targets: [request.target] };
  const { ends } = await runRecorded(run, parts, async (emit) => {
    const withEmit = { ...parts, emit };
    const vault = request.vault ?? parts.vaults.join(', ');
    const end = await runTarget({ verb: 'restore', target: request.target, vault }, parts, emit, () =>
      withReader(request, withEmit, (opened, snapshot, reader) =>
        restoreFrom(request, opened, snapshot, reader, withEmit),
      ),
    );
    return [{ components: [], leftOut: [], ...end }];
  });
  return ends[0] as RestoreEnd;
}

async function withReader<Result>(
  request: RestoreRequest,
  parts: Parts,
  work: (opened: OpenedVault, snapshot: SnapshotEntry, reader: SnapshotReader) => Promise<Result>,
): Promise<Result> {
  if (request.to.kind === 'folder') requireEmpty(request.to.path, request.to.overwrite);
  const { opened, entry, reader } = await chooseForRestore(request, parts);
  try {
    return await work(opened, entry, reader);
  } finally {
    await reader.close();
    await opened.vault.close();
  }
}

async function restoreFrom(
  request: RestoreRequest,
  opened: OpenedVault,
  snapshot: SnapshotEntry,
  reader: SnapshotReader,
  parts: Parts,
): Promise<RestoreEnd> {
  const { target, to } = request;
  const hooks = to.kind === 'in-place' ? parts.policy?.targets[target]?.restore : undefined;
  const timeout = parts.policy?.targets[target]?.timeout ?? 0;
  const { before = [], after = [] } = hooks ?? {};
  return withHooks({ before, after, timeout }, parts, async () => {
    parts.emit({ type: 'phase', phase: 'planning' });
    const { components: planned, leftOut } = await planComponents(request, snapshot, reader, parts);
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
    const outcome = outcomeOf(components, leftOut);
    const error = [...components, ...leftOut].find((component) => component.error !== undefined)?.error;
    return {
      target,
      vault: opened.name,
      snapshot,
      components,
      leftOut,
      outcome,
      ...(safety === undefined ? {} : { safety }),
      ...(error === undefined ? {} : { error }),
    };
  });
}

/** Every plan is made before anything is changed: a snapshot that can't be read to its end must not be found out midway. */
async function planComponents(
  request: RestoreRequest,
  snapshot: SnapshotEntry,
  reader: SnapshotReader,
  parts: Parts,
): Promise<{ readonly components: ComponentPlan[]; readonly leftOut: LeftOut[] }> {
  const components: ComponentPlan[] = [];
  const leftOut: LeftOut[] = [];
  for (const { name, origin } of chosenComponents(request, snapshot)) {
    const to: SourceRequest['to'] = request.to;
    const asked = { reader, component: name, origin, to, delete: request.delete };
    try {
      const plan = await parts.source(origin.kind).planRestore(asked, parts);
      components.push({ component: name, counts: plan.counts, plan });
    } catch (error) {
      // Whoever named the component wants to know; otherwise the rest of the target comes back without it.
      if (!isHikaeError(error, 'SOURCE_NOT_IN_PLACE') || request.components.includes(name)) throw error;
      leftOut.push({ component: name, error });
    }
  }
  return { components, leftOut };
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
