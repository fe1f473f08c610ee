/**
 * Storing one component: every captured node is merged with the same path of earlier snapshots and goes to who stores
 * its kind. Folders, streams and what the manifest alone keeps are stored here.
 */
import { goQuote } from '../../base/go-quoting.ts';
import { joinRaw, type RawPath } from '../../base/raw-path.ts';
import type { Capture, CapturedNode } from '../../model/capture.ts';
import { trouble } from '../../model/trouble.ts';
import { vaultErrors } from '../errors.ts';
import { EntryWriter } from './entry-writer.ts';
import type { Slot } from './node-journal.ts';
import { encodeNode } from './node-line.ts';
import { storedAs } from './stored-form.ts';
import { earlierFile, isPacked, storeStream } from './stream-file.ts';
import { findUnchanged, xattrsIn } from './unchanged.ts';
import { type ComponentParts, listNode, xattrsOf } from './writer-parts.ts';

interface Writing extends ComponentParts {
  readonly entries: EntryWriter;
  /** where streams lie packed: nothing else may have such a path, and whatever has comes later in the order */
  readonly packed: Set<RawPath>;
}

/** Resolves when every node of the capture is stored and listed. */
export async function writeComponent(capture: Capture, parts: ComponentParts): Promise<void> {
  const { signal, tree } = parts;
  const entries = new EntryWriter(parts);
  const writing: Writing = { ...parts, entries, packed: new Set() };
  try {
    for await (const batch of capture.nodes()) {
      for (const captured of batch) await storeNode(captured, writing);
      signal.throwIfAborted();
      await entries.room();
    }
    await entries.finish();
  } catch (error) {
    tree.giveUp();
    await entries.giveUp();
    signal.throwIfAborted();
    throw error;
  }
}

async function storeNode(captured: CapturedNode, writing: Writing): Promise<void> {
  const relative = captured.metadata.path;
  const component = writing.component as RawPath;
  const path = relative === '' ? component : joinRaw(component, relative);
  if (writing.packed.has(path)) throw vaultErrors.STORED_NAME_TAKEN({ path: goQuote(path) });
  const slot = writing.journal.announce();
  const { type } = captured.metadata;
  if (type === 'dir') storeFolder(slot, path, captured, writing);
  else if (type !== 'file' && type !== 'symlink') listOnly(slot, path, captured, writing);
  else if (captured.content?.kind === 'stream' && !isKeptAsItIs(captured, path))
    await storeFromStream(slot, path, captured, writing);
  else writing.entries.take(slot, path, captured);
}

/** A file of a snapshot that is no dump comes as a stream only because its vault has it nowhere as plain bytes. */
function isKeptAsItIs({ kept, content, metadata }: CapturedNode, path: RawPath): boolean {
  return kept !== undefined && content?.kind === 'stream' && !isPacked(content, metadata, path);
}

function storeFolder(slot: Slot, path: RawPath, captured: CapturedNode, parts: ComponentParts): void {
  const metadata = { ...captured.metadata, path, size: 0 };
  const known = findUnchanged(parts.predecessors, metadata, path);
  if (known !== undefined) parts.counts.unchanged += 1;
  const xattrs = known === undefined ? xattrsOf(parts, captured, path) : xattrsIn(known.line);
  parts.tree.addFolder({ metadata, xattrs });
  listNode(parts, slot, encodeNode({ ...metadata, xattrs, holes: [] }), metadata);
}

/** A FIFO in the tree would hang whoever reads it, a device would be one: the manifest alone has them. */
function listOnly(slot: Slot, path: RawPath, captured: CapturedNode, parts: ComponentParts): void {
  if (findUnchanged(parts.predecessors, captured.metadata, path) !== undefined) parts.counts.unchanged += 1;
  const node = { ...captured.metadata, path, xattrs: xattrsOf(parts, captured, path), holes: [] };
  listNode(parts, slot, encodeNode(node), node);
}

async function storeFromStream(
  slot: Slot,
  path: RawPath,
  captured: CapturedNode,
  writing: Writing,
): Promise<void> {
  const { counts, place, keeps, predecessors, signal, tree, troubles, packed } = writing;
  const folder = tree.folderFor(path).directory;
  const earlier = predecessors.flatMap((predecessor) => earlierFile(predecessor, path));
  const advance = (bytes: number) => {
    counts.streamedBytes += bytes;
  };
  const options = { path, place, keeps, earlier, signal, advance };
  const { node, shared, refused } = await storeStream(captured, folder, options).finally(() => {
    for (const one of earlier) one.folder.release();
  });
  if (refused.length > 0) troubles(trouble('manifest-only', goQuote(path), refused.join(', ')));
  const stored = storedAs(node);
  if (shared) counts.unchanged += 1;
  else counts.newBytes += stored.size;
  if (node.stored !== undefined) packed.add(stored.path);
  const checksum = { sha256: stored.sha256 as string, path: stored.path };
  listNode(writing, slot, encodeNode(node), node, checksum);
}
