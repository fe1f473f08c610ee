/** Taking snapshots into a vault and reading them back, with the engine alone: no policy, no ledger, no command. */
import { createHash, randomBytes } from 'node:crypto';
import type { RawPath } from '../../src/base/raw-path.ts';
import type { Capture } from '../../src/model/capture.ts';
import type { Emit } from '../../src/model/events.ts';
import type { Node } from '../../src/model/node.ts';
import type { Schedule, SnapshotDraft, SnapshotEntry } from '../../src/model/snapshot.ts';
import type { TroubleSink } from '../../src/model/trouble.ts';
import { captureFiles } from '../../src/source/files/capture/capture.ts';
import type { FilesOrigin } from '../../src/source/files/selection.ts';
import { openPlainVault } from '../../src/vault/plain/plain-vault.ts';
import type {
  StoredComponent,
  Vault,
  VerifyResult,
  WritableVault,
  WriteOptions,
} from '../../src/vault/vault.ts';
import { filesOrigin, host } from '../doubles/read-capture.ts';

export const silent: Emit = () => undefined;
export const never = new AbortController().signal;

/** Noon in Japan; a day later per step. */
export function dayTime(day: number): number {
  return Date.parse('2026-11-22T03:00:00Z') + day * 86_400_000;
}

export interface VaultOptions {
  readonly seen?: boolean;
  readonly create?: boolean;
  readonly mounted?: string;
  readonly threads?: number;
}

export async function openVault(root: string, options: VaultOptions = {}): Promise<Vault> {
  const { seen = false, create = true, mounted, threads = 2 } = options;
  return openPlainVault(root, {
    seen,
    uid: process.geteuid?.() ?? -1,
    threads,
    ...(create ? { create: { id: randomBytes(16).toString('hex'), now: dayTime(0) } } : {}),
    ...(mounted === undefined ? {} : { mounted }),
  });
}

export interface TakeOptions {
  /** the folder that is captured */
  readonly root: string;
  readonly target?: string;
  readonly component?: string;
  readonly origin?: Partial<FilesOrigin>;
  readonly time?: number;
  readonly zone?: string;
  readonly schedule?: Schedule;
  readonly emit?: Emit;
  readonly signal?: AbortSignal;
  readonly wait?: number;
  readonly expects?: WriteOptions['expects'];
}

export interface Taken {
  readonly entry: SnapshotEntry;
  readonly stored: StoredComponent;
}

export function draftOf(options: Partial<TakeOptions> = {}): SnapshotDraft {
  const { target = 'files', time = dayTime(0), zone = 'Asia/Tokyo', schedule = 'daily' } = options;
  const id = randomBytes(16).toString('hex');
  return { id, target, host: 'test', time, zone, schedule, trigger: 'manual', hikae: '0.0.0' };
}

export function originOf({ root, origin }: Pick<TakeOptions, 'root' | 'origin'>): FilesOrigin {
  return filesOrigin({ roots: [root], ...origin });
}

export function captureOf(options: TakeOptions, troubles: TroubleSink): Promise<Capture> {
  const { component = 'c', signal = never } = options;
  return captureFiles(originOf(options), { component, signal, avoid: [], troubles }, host);
}

/** Does work with the vault's lock. */
export async function writing<Result>(
  vault: Vault,
  work: (writable: WritableVault) => Promise<Result>,
  { wait = 0, emit = silent, signal = never }: Partial<TakeOptions> = {},
): Promise<Result> {
  const writable = await vault.acquire({ wait, emit, signal });
  try {
    return await work(writable);
  } finally {
    await writable.release();
  }
}

/** One snapshot of one folder, as a backup takes it: abandoned when it fails. */
export async function take(vault: Vault, options: TakeOptions): Promise<Taken> {
  return writing(vault, (writable) => takeInto(writable, options), options);
}

export async function takeInto(writable: WritableVault, options: TakeOptions): Promise<Taken> {
  const { component = 'c', emit = silent, signal = never, expects } = options;
  const room = expects === undefined ? {} : { expects };
  const writer = await writable.begin(draftOf(options), { emit, signal, ...room });
  try {
    const draft = { name: component, origin: originOf(options) };
    const stored = await writer.component(draft, (troubles) => captureOf(options, troubles));
    return { stored, entry: await writer.publish() };
  } catch (error) {
    await writer.abandon({ discard: !signal.aborted });
    throw error;
  }
}

export async function listed(vault: Vault): Promise<string[]> {
  return (await vault.list({ signal: never })).snapshots.map(({ place }) => place);
}

export async function verifyAll(vault: Vault): Promise<VerifyResult> {
  const { snapshots } = await vault.list({ signal: never });
  return vault.verify(snapshots, { level: 'full', emit: silent, signal: never });
}

export async function nodesOf(vault: Vault, entry: SnapshotEntry): Promise<Map<RawPath, Node>> {
  const reader = await vault.open(entry, { signal: never });
  const nodes = new Map<RawPath, Node>();
  try {
    for await (const batch of reader.nodes({ signal: never }))
      for (const node of batch) nodes.set(node.path, node);
    return nodes;
  } finally {
    await reader.close();
  }
}

/** Everything of a snapshot by path, its content read back, as one line of text each: what a restore would find. */
export async function describeSnapshot(vault: Vault, entry: SnapshotEntry): Promise<Map<string, string>> {
  const reader = await vault.open(entry, { signal: never });
  const described = new Map<string, string>();
  try {
    for await (const batch of reader.nodes({ signal: never })) {
      for (const node of batch) {
        const content = createHash('sha256');
        if (node.type === 'file') for await (const part of reader.content(node)) content.update(part);
        const read = node.type === 'file' ? content.digest('hex') : '';
        const { type, mode, uid, gid, mtime, size, target = '', hardlink = '' } = node;
        described.set(node.path, [type, mode, uid, gid, mtime, size, target, hardlink, read].join(' '));
      }
    }
    return described;
  } finally {
    await reader.close();
  }
}

/** Small trees by name: a string is a file's content. */
export function nodeAt(nodes: ReadonlyMap<RawPath, Node>, path: string): Node {
  const node = nodes.get(path as RawPath);
  if (node === undefined) throw new Error(`${path} is not in the snapshot`);
  return node;
}
