/** A component of a finished snapshot as a capture, so that storing it elsewhere is storing it like anything else. */
import type { RawPath } from '../base/raw-path.ts';
import type { Capture, CapturedNode, Content } from '../model/capture.ts';
import type { Node } from '../model/node.ts';
import type { LocatedFile, SnapshotReader } from '../model/snapshot-reader.ts';

export function captureComponent(reader: SnapshotReader, component: string, signal: AbortSignal): Capture {
  return {
    async *nodes() {
      for await (const batch of reader.nodes({ component, signal })) {
        yield batch.map((node) => captured(reader, node, component));
      }
    },
    async close() {
      await reader.close();
    },
  };
}

function captured(reader: SnapshotReader, node: Node, component: string): CapturedNode {
  const path = node.path.slice(component.length + 1) as RawPath;
  return {
    metadata: { ...node, path },
    xattrs: () => node.xattrs,
    ...(node.target === undefined ? {} : { target: node.target }),
    ...(node.sha256 === undefined ? {} : { sha256: node.sha256, content: contentOf(reader, node) }),
  };
}

/** Located only when it is asked for: of an unchanged file nobody needs the place. */
function contentOf(reader: SnapshotReader, node: Node): Content {
  let located: LocatedFile | undefined;
  return {
    kind: 'file',
    get place() {
      located ??= reader.locate(node);
      // A name that can't exist: who opens it finds that the file has vanished.
      return located ?? { directory: -1, name: '' as RawPath };
    },
    moved: () => undefined,
    release: () => located?.release(),
  };
}
