/** Capturing a target's components into one snapshot. */
import { isHikaeError } from '../base/errors.ts';
import { recordedOrigin, type Schedule, type SnapshotEntry, type Trigger } from '../model/snapshot.ts';
import { originOf, type Target } from '../policy/policy.ts';
import type { SnapshotWriter, TroubleCount, WritableVault } from '../vault/vault.ts';
import { avoided } from './avoided-places.ts';
import { captureInto, isVaultError } from './capture-component.ts';
import { operationErrors } from './errors.ts';
import { estimate } from './estimate.ts';
import { withHooks } from './hooks.ts';
import { newId, type PolicyParts } from './parts.ts';

export interface CaptureRequest {
  readonly target: string;
  readonly schedule: Schedule;
  readonly trigger: Trigger;
  readonly writable: WritableVault;
  /** reads every file, whatever its attributes are */
  readonly force: boolean;
  /** hears before anything is stored how many bytes are new; undefined where only an earlier snapshot tells */
  readonly foretell: (newBytes: number | undefined) => Promise<void>;
}

export interface CapturedComponent {
  readonly name: string;
  readonly nodes: number;
  readonly files: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly unchanged: number;
  /** why it isn't in the snapshot */
  readonly error?: Error;
}

export interface CapturedSnapshot {
  readonly snapshot: SnapshotEntry;
  readonly components: readonly CapturedComponent[];
  readonly troubles: Omit<TroubleCount, 'first'>;
  /** what a hook afterwards failed with */
  readonly hookFailure?: Error;
}

/** Publishes what could be captured; a component that couldn't is absent, and the snapshot incomplete. */
export async function captureSnapshot(
  request: CaptureRequest,
  parts: PolicyParts,
): Promise<CapturedSnapshot> {
  const target = parts.policy.targets[request.target] as Target;
  const { before, after, timeout } = target;
  const { result, failure } = await withHooks({ before, after, timeout }, parts, async () => {
    const writer = await beginSnapshot(request, target, parts);
    try {
      const { components, troubles } = await captureComponents(writer, request.target, target, parts);
      return { snapshot: await writer.publish(), components, troubles };
    } catch (error) {
      // A full disk has no room for what was begun; anything else may go on from it next time.
      await writer.abandon({ discard: isVaultError(error) && !isHikaeError(error, 'VAULT_LOCKS_UNUSUAL') });
      throw error;
    }
  });
  return failure === undefined ? result : { ...result, hookFailure: failure };
}

async function beginSnapshot(
  { target: name, schedule, trigger, writable, force, foretell }: CaptureRequest,
  target: Target,
  parts: PolicyParts,
): Promise<SnapshotWriter> {
  const { clock, zone, host, version, emit, signal, policy } = parts;
  const expects = await estimate(name, target, writable, parts);
  await foretell(expects.isFirst ? expects.bytes : undefined);
  const draft = {
    id: newId(parts.random),
    target: name,
    host,
    time: clock.now(),
    zone,
    schedule,
    trigger,
    hikae: version,
  };
  return writable.begin(draft, { emit, signal, expects, force, policy: Buffer.from(policy.text) });
}

async function captureComponents(
  writer: SnapshotWriter,
  target: string,
  { components, retry }: Target,
  parts: PolicyParts,
): Promise<Pick<CapturedSnapshot, 'components' | 'troubles'>> {
  const captured: CapturedComponent[] = [];
  const troubles = { notes: 0, problems: 0 };
  const avoid = avoided(parts);
  for (const name of Object.keys(components).sort(byBytes)) {
    const settings = components[name] as Target['components'][string];
    const origin = originOf(settings);
    const result = await captureInto(writer, { target, name, origin, retry, avoid }, parts, parts.emit);
    if ('error' in result) {
      writer.absent({ name, origin: recordedOrigin(origin) });
      captured.push({ ...nothing, name, error: result.error });
      continue;
    }
    const { summary, newBytes, unchanged, troubles: found } = result.stored;
    const { nodes, files, bytes } = summary;
    troubles.notes += found.notes;
    troubles.problems += found.problems;
    captured.push({ name, nodes, files, bytes, newBytes, unchanged });
  }
  const failed = captured.findLast(({ error }) => error !== undefined)?.error;
  if (failed !== undefined && captured.every(({ error }) => error !== undefined)) {
    throw operationErrors.NOTHING_CAPTURED({ target, reason: failed.message }, { cause: failed });
  }
  return { components: captured, troubles };
}

const nothing = { nodes: 0, files: 0, bytes: 0, newBytes: 0, unchanged: 0 };

function byBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
