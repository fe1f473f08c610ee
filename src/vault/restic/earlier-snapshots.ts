/** Which earlier snapshots a new one takes its unchanged data from, and where a component lies in them. */
import type { SnapshotEntry } from '../../model/snapshot.ts';
import { BlobDamaged, type BlobReader } from './blob-reader.ts';
import { HashList } from './content-hashes.ts';
import { readContent } from './file-content.ts';
import { nodesInTree } from './format/tree.ts';
import { parseTreeNode } from './format/tree-node.ts';
import { HASHES, OWN, type StoredSnapshot } from './listing.ts';
import type { Signalled } from './objects.ts';
import type { Repository } from './repository.ts';
import { linesOf } from './text-lines.ts';
import { readTree } from './tree-walk.ts';
import type { EarlierComponent } from './writer-parts.ts';

/**
 * The newest snapshot of the target, and the newest complete one: what an incomplete one lacks lies there. A safety
 * snapshot is of what one restore was about to overwrite, so it stands beside these and never in place of one.
 */
export function earlierSnapshots(all: readonly StoredSnapshot[], target: string): StoredSnapshot[] {
  const candidates = all.filter(({ own, entry }) => own && entry.header.target === target);
  const regular = candidates.filter((one) => !isSafety(one));
  const newest = regular.at(-1);
  const complete =
    newest?.entry.complete === false ? regular.findLast(({ entry }) => entry.complete) : undefined;
  const since = newest?.entry.header.time ?? Number.NEGATIVE_INFINITY;
  const safety = candidates.findLast((one) => isSafety(one) && one.entry.header.time >= since);
  return [newest, complete, safety].filter((one) => one !== undefined);
}

/** The one whose size the next snapshot will have. */
export function predecessorOf(all: readonly StoredSnapshot[], target: string): SnapshotEntry | undefined {
  return earlierSnapshots(all, target).find((one) => !isSafety(one))?.entry;
}

function isSafety({ entry }: StoredSnapshot): boolean {
  return entry.header.schedule === 'safety';
}

/** The component in each of them that has it. One that is damaged there is read anew from its source. */
export async function earlierComponents(
  snapshots: readonly StoredSnapshot[],
  component: string,
  parts: { repository: Repository; blobs: BlobReader } & Signalled,
): Promise<EarlierComponent[]> {
  const found: EarlierComponent[] = [];
  for (const snapshot of snapshots) {
    try {
      const one = await earlierComponent(snapshot, component, parts);
      if (one !== undefined) found.push(one);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof BlobDamaged)) throw error;
    }
  }
  return found;
}

async function earlierComponent(
  { file, entry }: StoredSnapshot,
  component: string,
  { repository, blobs, signal }: { repository: Repository; blobs: BlobReader } & Signalled,
): Promise<EarlierComponent | undefined> {
  const root = await readTree(blobs, file.tree, { signal });
  const subtree = (name: string) => root.find((node) => node.name === name)?.subtree;
  const [target, own] = [subtree(entry.header.target), subtree(OWN)];
  if (target === undefined || own === undefined) return undefined;
  const texts = [...nodesInTree(await blobs.read('tree', target, { signal }))];
  const text = texts.find((one) => parseTreeNode(one).name === component);
  if (text === undefined) return undefined;
  const list = (await readTree(blobs, own, { signal })).find(({ name }) => name === HASHES);
  const content = readContent(repository, blobs, list?.content ?? [], { signal, isOwn: true });
  return { text, hashes: new HashList(untilDamage(linesOf(content))) };
}

/** A list that is damaged ends there: the files behind it are read anew. */
async function* untilDamage(lines: AsyncIterable<string>): AsyncGenerator<string> {
  try {
    yield* lines;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof BlobDamaged)) throw error;
  }
}
