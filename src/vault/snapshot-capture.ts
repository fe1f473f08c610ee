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
  // How it is stored there is no matter of the one that it is stored in next.
  const { sha256, target, hardlink: _, xattrs, holes: __, stored: ___, ...metadata } = node;
  return {
    metadata: { ...metadata, path: node.path.slice(component.length + 1) as RawPath },
    xattrs: () => xattrs,
    ...(target === undefined ? {} : { target }),
    ...(sha256 === undefined ? {} : { sha256, content: contentOf(reader, node) }),
  };
}

function contentOf(reader: SnapshotReader, node: Node): Content {
  if (node.stored === undefined) return locatedContent(reader, node);
  return { kind: 'stream', compressible: true, open: (signal) => reader.content(node, { signal }) };
}

/** Located only when it is asked for: of an unchanged file nobody needs the place. */
function locatedContent(reader: SnapshotReader, node: Node): Content {
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
