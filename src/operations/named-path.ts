/** A path in a snapshot as a person writes it on a command line. */
import { goUnquote } from '../base/go-quoting.ts';
import { type RawPath, rawFromText } from '../base/raw-path.ts';
import type { Node } from '../model/node.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';

/**
 * The node that a text names: by its path as it is, or quoted as `ls` and `find` show it (a name may hold a newline,
 * or bytes that are no text). Slashes at either end don't matter.
 */
export async function findNamedNode(
  reader: SnapshotReader,
  text: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<Node | undefined> {
  const bare = text.replace(/^\/+|\/+$/g, '');
  const plain = rawFromText(bare);
  const quoted = unquoted(bare);
  let found: Node | undefined;
  for await (const batch of reader.nodes({ signal })) {
    for (const node of batch) {
      if (node.path === plain) return node;
      if (node.path === quoted) found = node;
    }
  }
  return found;
}

function unquoted(text: string): RawPath | undefined {
  try {
    return goUnquote(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
