/** Snapshots of content that comes as streams, as the sources of databases bring it. */
import { createHash } from 'node:crypto';
import type { RawPath } from '../../src/base/raw-path.ts';
import type { Capture, CapturedNode } from '../../src/model/capture.ts';
import type { NodeMetadata } from '../../src/model/node.ts';
import type { Origin } from '../../src/model/snapshot.ts';
import type { Vault, WritableVault } from '../../src/vault/vault.ts';
import { dayTime, draftOf, never, silent, type Taken, writing } from './taking.ts';

export interface Dump {
  readonly content: string | Buffer | (() => AsyncIterable<Uint8Array>);
  readonly compressible?: boolean;
  readonly metadata?: Partial<NodeMetadata>;
  /** what the content must hash to, where it is known beforehand */
  readonly sha256?: string;
}

export interface DumpsOptions {
  readonly time?: number;
  readonly component?: string;
  readonly signal?: AbortSignal;
}

export const dumpOrigin: Origin = { kind: 'command', argv: ['dump'], file: 'dump' };

/** Text that packs well, and differs from the first byte on by its seed. */
export function sqlText(bytes: number, seed = 0): Buffer {
  const lines: string[] = [];
  for (let row = 0, size = 0; size < bytes; row++) {
    const hash = createHash('md5').update(`${seed} ${row}`).digest('hex');
    const line = `INSERT INTO messages VALUES (${row}, 'user${row % 97}@example.org', '${hash}', NULL);\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

export function captureDumps(dumps: Readonly<Record<string, Dump>>, time: number): Capture {
  const names = Object.keys(dumps).sort();
  const nodes: CapturedNode[] = [
    { metadata: metadataOf('', 'dir', time), xattrs: () => [] },
    ...names.map((name) => captured(name, dumps[name] as Dump, time)),
  ];
  return {
    async *nodes() {
      yield nodes;
    },
    close: async () => {},
  };
}

/** One snapshot with a component of these dumps. */
export function takeDumps(
  vault: Vault,
  dumps: Readonly<Record<string, Dump>>,
  options: DumpsOptions = {},
): Promise<Taken> {
  return writing(vault, (writable) => takeDumpsInto(writable, dumps, options));
}

export async function takeDumpsInto(
  writable: WritableVault,
  dumps: Readonly<Record<string, Dump>>,
  { time = dayTime(0), component = 'c', signal = never }: DumpsOptions,
): Promise<Taken> {
  const writer = await writable.begin(draftOf({ time }), { emit: silent, signal });
  try {
    const draft = { name: component, origin: dumpOrigin };
    const stored = await writer.component(draft, async () => captureDumps(dumps, time));
    return { stored, entry: await writer.publish() };
  } catch (error) {
    await writer.abandon({ discard: !signal.aborted });
    throw error;
  }
}

function captured(name: string, dump: Dump, time: number): CapturedNode {
  const { content, compressible = true, metadata = {}, sha256 } = dump;
  return {
    metadata: { ...metadataOf(name, 'file', time), ...metadata },
    xattrs: () => [],
    ...(sha256 === undefined ? {} : { sha256 }),
    content: {
      kind: 'stream',
      compressible,
      open: () => (typeof content === 'function' ? content() : parts(Buffer.from(content))),
    },
  };
}

async function* parts(content: Buffer): AsyncGenerator<Uint8Array> {
  const PART = 60_000;
  for (let at = 0; at < content.length; at += PART) yield content.subarray(at, at + PART);
}

function metadataOf(path: string, type: 'dir' | 'file', time: number): NodeMetadata {
  const now = BigInt(time) * 1_000_000n;
  return {
    path: path as RawPath,
    type,
    mode: type === 'dir' ? 0o755 : 0o600,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    user: '',
    group: '',
    mtime: now,
    ctime: now,
    inode: 0n,
    device: 0n,
    links: 1,
    size: 0,
    rdev: 0n,
  };
}
