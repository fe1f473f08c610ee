/**
 * Files as they cross to a thread and back: in columns, because handing over many small objects takes longer than the
 * system calls that they ask for.
 */
import type { RawName } from '../../../base/raw-path.ts';
import type { Hole } from '../../../model/node.ts';
import type { WantedXattr } from './attributes.ts';
import type {
  BytesTask,
  FileResult,
  FileTarget,
  FileTask,
  FileWriter,
  PartResult,
  PartTask,
} from './write.ts';

/** Names as one text, each with what no name has in it behind it: many texts take longer to hand over than to join. */
type Names = string;

interface Targets {
  readonly toDirectories: Int32Array;
  readonly toNames: Names;
  readonly temporaries: Names;
  readonly sizes: Float64Array;
  readonly modes: Uint16Array;
  readonly mtimes: BigInt64Array;
  /** two for each file, or none when no owner is set */
  readonly owners: Uint32Array;
  readonly flags: Uint8Array;
  /** of the few files that have any */
  readonly xattrs: ReadonlyMap<number, readonly WantedXattr[]>;
}

export interface FileJob {
  readonly targets: Targets;
  readonly fromDirectories: Int32Array;
  readonly fromNames: Names;
  readonly hashes: readonly string[];
  readonly holes: ReadonlyMap<number, readonly Hole[]>;
}

/** Files and parts of files, out of one buffer that is handed over. */
export interface BytesJob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly targets: Targets;
  readonly starts: Uint32Array;
  /** for each part: the open file, then where in the bytes it begins and ends */
  readonly parts: Int32Array;
  readonly positions: Float64Array;
}

export type Job = FileJob | BytesJob;

const PUBLISH = 1;
const BARE = 2;
const none: readonly never[] = [];

export function packTasks(tasks: readonly FileTask[]): FileJob {
  const job = {
    targets: packTargets(tasks),
    fromDirectories: Int32Array.from(tasks, ({ from }) => from.directory),
    fromNames: packNames(tasks, ({ from }) => from.name),
    hashes: tasks.map(({ sha256 }) => sha256),
    holes: new Map<number, readonly Hole[]>(),
  };
  for (const [at, { holes }] of tasks.entries()) if (holes.length > 0) job.holes.set(at, holes);
  return job;
}

/** The bytes of all tasks are views of `bytes`. */
export function packBytes(
  bytes: Uint8Array<ArrayBuffer>,
  tasks: readonly BytesTask[],
  parts: readonly PartTask[],
): BytesJob {
  const places = parts.flatMap(({ file, bytes: { byteOffset, length } }) => {
    const start = byteOffset - bytes.byteOffset;
    return [file, start, start + length];
  });
  return {
    bytes,
    targets: packTargets(tasks),
    starts: Uint32Array.from(tasks, (task) => task.bytes.byteOffset - bytes.byteOffset),
    parts: Int32Array.from(places),
    positions: Float64Array.from(parts, ({ position }) => position),
  };
}

function packTargets(targets: readonly FileTarget[]): Targets {
  const owned = targets.every(({ attributes }) => attributes.owner !== undefined);
  const columns = {
    toDirectories: Int32Array.from(targets, ({ to }) => to.directory),
    toNames: packNames(targets, ({ to }) => to.name),
    temporaries: packNames(targets, ({ temporary }) => temporary),
    sizes: Float64Array.from(targets, ({ size }) => size),
    modes: Uint16Array.from(targets, ({ attributes }) => attributes.mode),
    mtimes: BigInt64Array.from(targets, ({ attributes }) => attributes.mtime),
    owners: new Uint32Array(owned ? targets.length * 2 : 0),
    flags: Uint8Array.from(targets, ({ publish, bare }) => (publish ? PUBLISH : 0) | (bare ? BARE : 0)),
    xattrs: new Map<number, readonly WantedXattr[]>(),
  };
  for (const [at, { attributes }] of targets.entries()) {
    if (owned && attributes.owner !== undefined)
      columns.owners.set([attributes.owner.uid, attributes.owner.gid], at * 2);
    if (attributes.xattrs.length > 0) columns.xattrs.set(at, attributes.xattrs);
  }
  return columns;
}

function packNames<Task>(tasks: readonly Task[], nameOf: (task: Task) => RawName): Names {
  return tasks.map((task) => `${nameOf(task)}/`).join('');
}

function unpackNames(names: Names): readonly RawName[] {
  return names.split('/') as RawName[];
}

export function* unpackTasks(job: FileJob): Generator<FileTask> {
  const fromNames = unpackNames(job.fromNames);
  for (const [at, target] of unpackTargets(job.targets)) {
    const from = { directory: column(job.fromDirectories, at), name: column(fromNames, at) };
    yield { ...target, from, sha256: column(job.hashes, at), holes: job.holes.get(at) ?? none };
  }
}

export function* unpackFiles({ bytes, targets, starts }: BytesJob): Generator<BytesTask> {
  for (const [at, target] of unpackTargets(targets)) {
    const start = column(starts, at);
    yield { ...target, bytes: bytes.subarray(start, start + target.size) };
  }
}

export function* unpackParts({ bytes, parts, positions }: BytesJob): Generator<PartTask> {
  for (const [at, position] of positions.entries()) {
    const [file, start, end] = [column(parts, at * 3), column(parts, at * 3 + 1), column(parts, at * 3 + 2)];
    yield { file, position, bytes: bytes.subarray(start, end) };
  }
}

function* unpackTargets(columns: Targets): Generator<[number, FileTarget]> {
  const { owners, flags } = columns;
  const [names, temporaries] = [unpackNames(columns.toNames), unpackNames(columns.temporaries)];
  for (const [at, size] of columns.sizes.entries()) {
    const target = {
      to: { directory: column(columns.toDirectories, at), name: column(names, at) },
      temporary: column(temporaries, at),
      size,
      attributes: {
        owner:
          owners.length === 0 ? undefined : { uid: column(owners, at * 2), gid: column(owners, at * 2 + 1) },
        mode: column(columns.modes, at),
        mtime: column(columns.mtimes, at),
        xattrs: columns.xattrs.get(at) ?? none,
      },
      publish: (column(flags, at) & PUBLISH) !== 0,
      bare: (column(flags, at) & BARE) !== 0,
    };
    yield [at, target];
  }
}

/** In the thread. */
export function workOff(job: Job, writer: FileWriter): JobResult {
  if (!('bytes' in job)) return packResults(Array.from(unpackTasks(job), (task) => writer.write(task)));
  const results = Array.from(unpackFiles(job), (task) => writer.writeBytes(task));
  return packResults(
    results,
    Array.from(unpackParts(job), (part) => writer.writePart(part)),
  );
}

export interface JobResult {
  readonly inodes: BigUint64Array;
  readonly devices: BigUint64Array;
  /** what there is more to say of than that it was written */
  readonly others: ReadonlyMap<number, FileResult>;
  /** of the parts that could not be written */
  readonly parts: ReadonlyMap<number, NonNullable<PartResult>>;
}

export function packResults(results: readonly FileResult[], parts: readonly PartResult[] = []): JobResult {
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
  const unwritten = new Map<number, NonNullable<PartResult>>();
  for (const [at, result] of parts.entries()) if (result !== undefined) unwritten.set(at, result);
  return { inodes, devices, others, parts: unwritten };
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
