/**
 * Putting hikae's own files of a snapshot right. A manifest is written anew from another copy of the same snapshot, and only if
 * `checksums.sha256` knows it by its hash; that list in turn follows from a manifest that is whole.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isHikaeError, systemCode } from '../../../base/errors.ts';
import { syncFileSystem } from '../../../base/libc.ts';
import { nameOf, parentOf } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import type { SnapshotEntry } from '../../../model/snapshot.ts';
import type { SnapshotReader } from '../../../model/snapshot-reader.ts';
import type { Vault } from '../../vault.ts';
import { checksumLine, parseChecksumLine } from '../checksums.ts';
import { below, CHECKSUMS, MANIFEST, OWN, POLICY, parsePlace, snapshotNames } from '../layout.ts';
import { listSnapshots } from '../listing.ts';
import { Manifest } from '../manifest.ts';
import { hashIfThere, isWholeManifest, writeManifest } from '../manifest-file.ts';
import { encodeNode } from '../node-line.ts';
import { statusIfThere } from '../sharing.ts';
import { PlainSnapshotReader } from '../snapshot-reader.ts';
import { packedNameOf, storedAs } from '../stored-form.ts';
import { StoredTree } from '../stored-tree.ts';
import type { Beside } from './beside.ts';

export interface OwnFilesParts {
  readonly root: string;
  readonly beside: Beside;
  readonly dryRun: boolean;
  readonly from: Vault | undefined;
  readonly signal: AbortSignal;
}

/** Names that a snapshot of one moment may have: its day, its second, and one that was taken already. */
const NAMES = 3;
const WRITTEN_AT_ONCE = 1024 * 1024;

/** Writes damaged manifests anew where that is possible, and gives the places where it is. */
export async function mendManifests(parts: OwnFilesParts): Promise<readonly string[]> {
  const { root, signal } = parts;
  const mended: string[] = [];
  const { snapshots, unreadable } = listSnapshots(root, {});
  const ids = new Map(snapshots.map(({ place, header }) => [place, header.id]));
  for (const { place } of [...snapshots, ...unreadable]) {
    signal.throwIfAborted();
    if (isWhole(root, place)) continue;
    if (await fromCopies(place, ids.get(place), parts, (reader) => writeAnew(place, reader, parts)))
      mended.push(place);
  }
  return mended;
}

/** The same of the list of hashes, and of the policy file that only this list knows. False where the manifest is not whole. */
export async function mendChecksums(
  { place, header }: SnapshotEntry,
  parts: OwnFilesParts,
): Promise<boolean> {
  const { root, beside, dryRun, signal } = parts;
  const folder = join(root, place);
  if (!isWhole(root, place)) return false;
  const policyPath = join(folder, OWN, POLICY);
  let policy = hashIfThere(policyPath);
  if (policy !== hashListed(folder, POLICY)) {
    const isBack = await fromCopies(place, header.id, parts, async (reader) => {
      const bytes = await reader.policy({ signal });
      if (bytes === undefined) return false;
      const path = join(beside.path, beside.newName());
      writeFileSync(path, bytes, { mode: 0o600 });
      policy = hashIfThere(path);
      if (!dryRun) await putFile(path, policyPath, beside);
      return true;
    });
    if (!isBack) return false;
  }
  if (dryRun) return true;
  const lines = join(beside.path, beside.newName());
  await writeLines(lines, 'latin1', checksumsOf(folder, place, policy, signal));
  await putFile(lines, join(folder, CHECKSUMS), beside);
  return true;
}

function isWhole(root: string, place: string): boolean {
  try {
    return isWholeManifest(join(root, place, OWN, MANIFEST));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** Tries copies of a snapshot, here and in the other vault, until one of them serves. */
async function fromCopies(
  place: string,
  id: string | undefined,
  { root, from, signal }: OwnFilesParts,
  use: (reader: SnapshotReader) => Promise<boolean>,
): Promise<boolean> {
  const isCopy = (entry: SnapshotEntry) => (id === undefined ? mayBe(entry, place) : entry.header.id === id);
  const here = listSnapshots(root, {}).snapshots.filter((entry) => entry.place !== place && isCopy(entry));
  const there = (await from?.list({ signal }))?.snapshots.filter(isCopy) ?? [];
  const all = [
    ...here.map((entry) => async () => PlainSnapshotReader.open(root, entry)),
    ...there.map((entry) => async () => (from as Vault).open(entry, { signal })),
  ];
  for (const open of all) {
    const reader = await open();
    try {
      if (await use(reader)) return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!isHikaeError(error, 'SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSAFE', 'SNAPSHOT_CONTENT_DAMAGED'))
        throw error;
    } finally {
      await reader.close();
    }
  }
  return false;
}

/** Of a snapshot whose header is lost too, its place says the target and the time. */
function mayBe({ header }: SnapshotEntry, text: string): boolean {
  const place = parsePlace(text);
  if (place === undefined || place.target !== header.target) return false;
  let tried = 0;
  for (const name of snapshotNames(place.schedule, header.time, header.zone)) {
    if (name === place.name) return true;
    tried += 1;
    if (tried === NAMES) return false;
  }
  return false;
}

async function writeAnew(
  place: string,
  reader: SnapshotReader,
  { root, beside, dryRun, signal }: OwnFilesParts,
): Promise<boolean> {
  const folder = join(root, place);
  const expected = hashListed(folder, MANIFEST);
  const schedule = parsePlace(place)?.schedule;
  if (expected === undefined || schedule === undefined) return false;
  const [nodes, manifest] = [join(beside.path, beside.newName()), join(beside.path, beside.newName())];
  let count = 0;
  const lines = async function* () {
    for await (const batch of reader.nodes({ signal })) {
      count += batch.length;
      yield batch.map((node) => `${encodeNode(asStored(folder, node))}\n`).join('');
    }
  };
  await writeLines(nodes, 'utf8', lines());
  const header = { ...reader.header, schedule };
  if (writeManifest(manifest, { header, nodes, count }) !== expected) return false;
  if (!dryRun) await putFile(manifest, join(folder, OWN, MANIFEST), beside);
  return true;
}

/** Whether it is packed here only what lies here can tell. */
function asStored(folder: string, { stored: _, ...node }: Node): Node {
  if (node.type !== 'file') return node;
  const tree = StoredTree.open(folder);
  try {
    const directory = tree.folder(parentOf(node.path));
    if (directory === undefined || statusIfThere(directory.descriptor, nameOf(node.path)) !== undefined)
      return node;
    const name = packedNameOf(node.path);
    const status = statusIfThere(directory.descriptor, name);
    const sha256 = status && hashIfThere(`/proc/self/fd/${directory.descriptor}/${name}`);
    if (status === undefined || sha256 === undefined) return node;
    return { ...node, stored: { name, encoding: 'gzip', size: status.size, sha256 } };
  } finally {
    tree.close();
  }
}

/** What `checksums.sha256` says of one of hikae's own files, which stand at its end. */
function hashListed(folder: string, name: string): string | undefined {
  const path = join(folder, CHECKSUMS);
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, 'latin1').split('\n').slice(-4);
  return lines.map(parseChecksumLine).findLast((line) => line?.path === `${OWN}/${name}`)?.sha256;
}

async function* checksumsOf(
  folder: string,
  place: string,
  policy: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const path = join(folder, OWN, MANIFEST);
  const manifest = Manifest.open(path, place);
  try {
    for await (const batch of manifest.nodes(signal)) {
      const files = batch.filter(({ type }) => type === 'file').map(storedAs);
      yield files.map(({ sha256 = '', path: stored }) => checksumLine(sha256, stored)).join('');
    }
  } finally {
    manifest.close();
  }
  if (policy !== undefined) yield checksumLine(policy, below(OWN, POLICY));
  yield checksumLine(hashIfThere(path) ?? '', below(OWN, MANIFEST));
}

async function writeLines(
  path: string,
  encoding: 'utf8' | 'latin1',
  texts: AsyncIterable<string>,
): Promise<void> {
  const file = openSync(path, 'wx', 0o600);
  let held = '';
  const write = () => {
    const bytes = Buffer.from(held, encoding);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    held = '';
  };
  try {
    for await (const text of texts) {
      held += text;
      if (held.length >= WRITTEN_AT_ONCE) write();
    }
    write();
  } finally {
    closeSync(file);
  }
}

async function putFile(made: string, path: string, beside: Beside): Promise<void> {
  await syncFileSystem(beside.descriptor);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  renameSync(made, path);
}
