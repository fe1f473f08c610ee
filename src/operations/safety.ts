/** The snapshot of what a restore in place is about to overwrite, so that the restore can be undone. */
import { isHikaeError } from '../base/errors.ts';
import type { ComponentSummary, SnapshotEntry } from '../model/snapshot.ts';
import type { SnapshotWriter } from '../vault/vault.ts';
import { avoided } from './avoided-places.ts';
import { captureInto } from './capture-component.ts';
import { operationErrors } from './errors.ts';
import { newId, type OpenedVault, type Parts } from './parts.ts';
import { withPassword } from './restore-origin.ts';

/** Fails with RESTORE_NO_SAFETY when anything of it can't be kept; nothing has been changed then. */
export async function keepSafetySnapshot(
  target: string,
  restored: SnapshotEntry,
  components: readonly string[],
  opened: OpenedVault,
  parts: Parts,
): Promise<SnapshotEntry> {
  parts.emit({ type: 'phase', phase: 'safety' });
  const chosen = restored.header.components.filter(({ name }) => components.includes(name));
  try {
    return await capture(target, chosen, opened, parts);
  } catch (error) {
    parts.signal.throwIfAborted();
    if (!isHikaeError(error)) throw error;
    throw operationErrors.RESTORE_NO_SAFETY({ reason: error.message, vault: opened.name }, { cause: error });
  }
}

/**
 * What the restore brought where nothing had been: paths, or the names of components that aren't files. An undo leaves
 * it, because of a whole tree no snapshot can say that it has to go.
 */
export function broughtAnew(restored: SnapshotEntry, safety: SnapshotEntry): readonly string[] {
  return safety.header.components.flatMap(({ name, origin, complete }) => {
    const wanted = restored.header.components.find((component) => component.name === name)?.origin;
    if (wanted?.kind !== 'files') return complete ? [] : [name];
    const there = complete && origin.kind === 'files' ? origin.roots : [];
    return wanted.roots.filter((root) => !there.includes(root));
  });
}

async function capture(
  target: string,
  components: readonly ComponentSummary[],
  { vault, name }: OpenedVault,
  parts: Parts,
): Promise<SnapshotEntry> {
  const { clock, zone, host, version, emit, signal, lockWait, ledger } = parts;
  const writable = await vault.acquire({ wait: lockWait, emit, signal });
  try {
    const schedule = 'safety';
    const time = clock.now();
    const draft = {
      id: newId(parts.random),
      target,
      host,
      time,
      zone,
      schedule,
      trigger: schedule,
      hikae: version,
    } as const;
    const writer = await writable.begin(draft, { emit, signal });
    try {
      for (const { name: component, origin } of components)
        await captureOne(writer, target, component, origin, vault.location, parts);
      const snapshot = await writer.publish();
      const { place, header, complete } = snapshot;
      const bytes = header.components.reduce((sum, one) => sum + one.bytes, 0);
      await ledger?.recordSnapshot({
        vault: vault.identity.id,
        place,
        id: header.id,
        target,
        schedule,
        time,
        complete,
        bytes,
      });
      emit({ type: 'snapshot.published', vault: name, place, id: header.id, complete });
      return snapshot;
    } catch (error) {
      await writer.abandon({ discard: true });
      throw error;
    }
  } finally {
    await writable.release();
  }
}

async function captureOne(
  writer: SnapshotWriter,
  target: string,
  name: string,
  origin: ComponentSummary['origin'],
  location: string,
  parts: Parts,
): Promise<void> {
  const { policy } = parts;
  const avoid = policy === undefined ? [location] : [location, ...avoided({ policy })];
  const { present: whatIsThere } = await parts.source(origin.kind);
  const present = await whatIsThere(withPassword(origin, target, name, parts), parts);
  if (present === undefined) {
    writer.absent({ name, origin });
    return;
  }
  const request = { target, name, origin: present, retry: { times: 0, wait: 0 }, avoid };
  const result = await captureInto(writer, request, parts, parts.emit);
  if ('error' in result) throw result.error;
  const { problems, first } = result.stored.troubles;
  if (problems === 0) return;
  const example = first.find(({ weight }) => weight === 'problem');
  const reason = example === undefined ? '…' : `${example.path}: ${example.reason}`;
  throw operationErrors.CAPTURE_WITH_GAPS({ component: name, problems, reason });
}
