/**
 * Files as they cross to a thread and back: in columns, because handing over many small objects takes longer than the
 * system calls that they ask for.
 */
import type { RawName } from '../../../base/raw-path.ts';
import type { Hole } from '../../../model/node.ts';
import type { WantedXattr } from './attributes.ts';
import type { FileResult, FileTask } from './write.ts';

export interface FileJob {
  readonly fromDirectories: Int32Array;
  readonly fromNames: readonly RawName[];
  readonly toDirectories: Int32Array;
  readonly toNames: readonly RawName[];
  readonly temporaries: readonly RawName[];
  readonly sizes: Float64Array;
  readonly hashes: readonly string[];
  readonly modes: Uint16Array;
  readonly mtimes: BigInt64Array;
  /** two for each file, or none when no owner is set */
  readonly owners: Uint32Array;
  readonly flags: Uint8Array;
  /** of the few files that have any */
  readonly xattrs: ReadonlyMap<number, readonly WantedXattr[]>;
  readonly holes: ReadonlyMap<number, readonly Hole[]>;
}

const PUBLISH = 1;
const BARE = 2;
const none: readonly never[] = [];

export function packTasks(tasks: readonly FileTask[]): FileJob {
  const owned = tasks.every(({ attributes }) => attributes.owner !== undefined);
  const job = {
    fromDirectories: Int32Array.from(tasks, ({ from }) => from.directory),
    fromNames: tasks.map(({ from }) => from.name),
    toDirectories: Int32Array.from(tasks, ({ to }) => to.directory),
    toNames: tasks.map(({ to }) => to.name),
    temporaries: tasks.map(({ temporary }) => temporary),
    sizes: Float64Array.from(tasks, ({ size }) => size),
    hashes: tasks.map(({ sha256 }) => sha256),
    modes: Uint16Array.from(tasks, ({ attributes }) => attributes.mode),
    mtimes: BigInt64Array.from(tasks, ({ attributes }) => attributes.mtime),
    owners: new Uint32Array(owned ? tasks.length * 2 : 0),
    flags: Uint8Array.from(tasks, ({ publish, bare }) => (publish ? PUBLISH : 0) | (bare ? BARE : 0)),
    xattrs: new Map<number, readonly WantedXattr[]>(),
    holes: new Map<number, readonly Hole[]>(),
  };
  for (const [at, { attributes, holes }] of tasks.entries()) {
    if (owned && attributes.owner !== undefined)
      job.owners.set([attributes.owner.uid, attributes.owner.gid], at * 2);
    if (attributes.xattrs.length > 0) job.xattrs.set(at, attributes.xattrs);
    if (holes.length > 0) job.holes.set(at, holes);
  }
  return job;
}

export function unpackTasks(job: FileJob): FileTask[] {
  return job.toNames.map((name, at) => ({
    from: { directory: column(job.fromDirectories, at), name: column(job.fromNames, at) },
    to: { directory: column(job.toDirectories, at), name },
    temporary: column(job.temporaries, at),
    size: column(job.sizes, at),
    sha256: column(job.hashes, at),
    holes: job.holes.get(at) ?? none,
    attributes: {
      owner:
        job.owners.length === 0
          ? undefined
          : { uid: column(job.owners, at * 2), gid: column(job.owners, at * 2 + 1) },
      mode: column(job.modes, at),
      mtime: column(job.mtimes, at),
      xattrs: job.xattrs.get(at) ?? none,
    },
    publish: (column(job.flags, at) & PUBLISH) !== 0,
    bare: (column(job.flags, at) & BARE) !== 0,
  }));
}

export interface JobResult {
  readonly inodes: BigUint64Array;
  readonly devices: BigUint64Array;
  /** what there is more to say of than that it was written */
  readonly others: ReadonlyMap<number, FileResult>;
}

export function packResults(results: readonly FileResult[]): JobResult {
  const inodes = new BigUint64Array(results.length);
  const devices = new BigUint64Array(results.length);
  const others = new Map<number, FileResult>();
  for (const [at, result] of results.entries()) {
    if (result.kind !== 'written' || result.unset.length > 0) {
      others.set(at, result);
      continue;
    }
    inodes[at] = result.inode;
    devices[at] = result.device;
  }
  return { inodes, devices, others };
}

export function unpackResults({ inodes, devices, others }: JobResult): FileResult[] {
  return Array.from(inodes, (inode, at): FileResult => {
    return others.get(at) ?? { kind: 'written', inode, device: column(devices, at), unset: none };
  });
}

function column<Value>(values: { readonly [at: number]: Value }, at: number): Value {
  const value = values[at];
  if (value === undefined) throw new RangeError('the columns of a job have different lengths');
  return value;
}
