/**
 * The face of the room: where data comes from and goes back to. Each kind of source has one folder with both halves,
 * the capture from a live system and the restore into one.
 */
import type { RawPath } from '../base/raw-path.ts';
import type { Capture } from '../model/capture.ts';
import type { Emit } from '../model/events.ts';
import type { ComponentKind, Origin } from '../model/snapshot.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import type { TroubleSink } from '../model/trouble.ts';

export interface Source {
  readonly kind: ComponentKind;
  /** Opens one pass over the live data. Fails when there is nothing to capture: a root that doesn't exist. */
  capture(origin: Origin, options: CaptureOptions): Promise<Capture>;
  /** What of an origin is there at present, for a capture of just that; undefined when nothing is. */
  present(origin: Origin, options: { signal: AbortSignal }): Promise<Origin | undefined>;
  /** Looks at what is there and decides what a restore would do; changes nothing. */
  planRestore(request: RestoreRequest, options: { signal: AbortSignal }): Promise<RestorePlan>;
}

export interface CaptureOptions {
  readonly component: string;
  readonly troubles: TroubleSink;
  readonly signal: AbortSignal;
  /** what must not be captured: the vaults and the state folder, should they lie inside, as absolute paths */
  readonly avoid: readonly string[];
}

export interface RestoreRequest {
  readonly reader: SnapshotReader;
  readonly component: string;
  readonly origin: Origin;
  /** a folder that gets `<folder>/<component>/…`, or the place it was captured from */
  readonly to: { readonly kind: 'folder'; readonly path: string } | { readonly kind: 'in-place' };
  /** remove what is there and not in the snapshot */
  readonly delete: boolean;
  /** keep a database or volume that a restore in place replaces, under another name */
  readonly keepOld?: boolean;
  /** set accounts and global settings that are on the server already to what they were, not only add missing ones */
  readonly replaceAccounts?: boolean;
  /** what `delete` must never remove though no snapshot has it: the vaults and the state folder, as absolute paths */
  readonly avoid?: readonly string[];
}

export type RestoreAction = 'create' | 'change' | 'leave' | 'remove';

export interface RestoreEffect {
  readonly action: RestoreAction;
  /** absolute, as it is shown to a person; of a database its name, of a table `database.table` */
  readonly path: string;
  /** what differs, for `change`: content, mode, owner, times, xattrs, type, target */
  readonly reasons: readonly string[];
  readonly bytes: number;
}

export type RestoreCounts = { readonly [Action in RestoreAction]: number } & { readonly bytes: number };

/** What a restore will do. It is printed or executed, and executed once. */
export interface RestorePlan {
  readonly counts: RestoreCounts;
  /** in the order of the snapshot's nodes; what is removed comes last, deepest first */
  effects(options: { signal: AbortSignal }): AsyncIterable<readonly RestoreEffect[]>;
  /** Does what `effects` says. An entry that can't be restored is a problem and costs that entry only. */
  execute(options: { emit: Emit; troubles: TroubleSink; signal: AbortSignal }): Promise<RestoreResult>;
}

export interface RestoreResult {
  readonly restored: number;
  readonly bytes: number;
}

/** Whether an entry of a component is one that a glob means, in the grammar and with the anchoring of `exclude`. */
export type PathTest = (path: RawPath, isFolder: boolean) => boolean;

/** `path` is relative to the component, whose own root is `''`. */
export async function openPathTest(glob: string): Promise<PathTest> {
  const { openSelection } = await import('./files/selection.ts');
  const selection = await openSelection({ include: [glob], exclude: [] });
  return (path, isFolder) => selection.choose(path, isFolder, false) === 'kept';
}
