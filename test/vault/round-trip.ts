/** A tree through a plain vault and back: what comes out otherwise than it went in. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Node } from '../../src/model/node.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import type { SnapshotReader } from '../../src/model/snapshot-reader.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { describeTree } from '../doubles/live-tree.ts';
import { dayTime, never, openVault, take, verifyAll } from './taking.ts';

export interface RoundTrip {
  /** notes and problems of the first snapshot */
  readonly troubles: readonly string[];
  /** entries of the manifest that differ from the source, both ways */
  readonly manifest: readonly string[];
  /** entries of the stored tree that differ from the source, of those that a tree keeps */
  readonly stored: readonly string[];
  readonly findings: readonly string[];
  /** of the second snapshot: nodes that were not shared, and what they cost */
  readonly changed: number;
  readonly newBytes: number;
  /** what `sha256sum --check` complains about */
  readonly checksums: string;
}

/** Takes two snapshots of `root` into a new vault at `place` and looks at everything. */
export async function roundTrip(root: string, place: string): Promise<RoundTrip> {
  const source = describeTree(root);
  const vault = await openVault(place);
  const { entry, stored: first } = await take(vault, { root });
  const again = await take(vault, { root, time: dayTime(1) });
  const fromManifest = await readAsTree(vault, entry);
  const kept = new Map([...source].filter(([, line]) => /^(?:dir|file|symlink) /.test(line)));
  const { findings } = await verifyAll(vault);
  return {
    troubles: first.troubles.first.map(({ code, path, reason }) => `${code} ${path} ${reason}`),
    manifest: differences(source, fromManifest),
    stored: differences(kept, describeTree(join(place, again.entry.place, 'c'))),
    findings: findings.map(({ kind, path, reason }) => `${kind} ${path} ${reason}`),
    changed: again.stored.summary.nodes - again.stored.unchanged,
    newBytes: again.stored.newBytes,
    checksums: checkSums(join(place, again.entry.place)),
  };
}

export const faultless: RoundTrip = {
  troubles: [],
  manifest: [],
  stored: [],
  findings: [],
  changed: 0,
  newBytes: 0,
  checksums: '',
};

/** A snapshot in the words of describeTree, by paths below `folder` of it; every content is read back. */
export async function readAsTree(
  vault: Vault,
  entry: SnapshotEntry,
  folder = 'c',
): Promise<Map<string, string>> {
  const reader = await vault.open(entry, { signal: never });
  const described = new Map<string, string>();
  try {
    for await (const batch of reader.nodes({ signal: never })) {
      for (const node of batch) {
        if (node.path !== folder && !node.path.startsWith(`${folder}/`)) continue;
        const path = node.path.slice(folder.length + 1);
        described.set(path, describeNode(node, await hashOf(reader, node), folder));
      }
    }
    return described;
  } finally {
    await reader.close();
  }
}

async function hashOf(reader: SnapshotReader, node: Node): Promise<string> {
  if (node.type !== 'file') return '';
  const hash = createHash('sha256');
  for await (const part of reader.content(node)) hash.update(part);
  return hash.digest('hex');
}

function describeNode(node: Node, sha256: string, folder: string): string {
  const { type, mode, uid, gid, mtime, size, target, rdev, hardlink, xattrs } = node;
  const facts: unknown[] = [type, type === 'symlink' ? '' : mode.toString(8), uid, gid, mtime];
  if (type === 'file') facts.push(size, sha256);
  if (type === 'symlink') facts.push(target);
  if (type === 'dev' || type === 'chardev') facts.push(rdev);
  if (hardlink !== undefined) facts.push(`the same as ${hardlink.slice(folder.length + 1)}`);
  for (const { name, value } of [...xattrs].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    facts.push(`${name}=${value.toString('hex')}`);
  }
  return facts.join(' ');
}

export function differences(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...expected.keys(), ...found.keys()]);
  return [...paths]
    .filter((path) => expected.get(path) !== found.get(path))
    .map((path) => `${path}: ${expected.get(path)} → ${found.get(path)}`);
}

function checkSums(folder: string): string {
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  return execFileSync('sh', ['-c', 'sha256sum --check --strict --quiet checksums.sha256 2>&1 || true'], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
}
