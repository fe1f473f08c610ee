/** Reads a capture of files to its end, as a vault does, and keeps what it saw. */
import { closeSync, constants, readFileSync } from 'node:fs';
import { systemCode } from '../../src/base/errors.ts';
import { openAt } from '../../src/base/libc.ts';
import type { RawPath } from '../../src/base/raw-path.ts';
import type { Capture, CapturedNode, Content, FilePlace } from '../../src/model/capture.ts';
import type { NodeMetadata, Xattr } from '../../src/model/node.ts';
import type { Trouble } from '../../src/model/trouble.ts';
import { type CaptureHost, captureFiles } from '../../src/source/files/capture/capture.ts';
import type { FilesOrigin } from '../../src/source/files/selection.ts';
import type { CaptureOptions } from '../../src/source/source.ts';

export interface SeenNode {
  readonly metadata: NodeMetadata;
  readonly target: RawPath | undefined;
  readonly xattrs: readonly Xattr[];
  /** undefined for what has none, and for a file that has vanished */
  readonly content: Buffer | undefined;
}

export interface Seen {
  readonly nodes: readonly SeenNode[];
  readonly paths: readonly string[];
  readonly troubles: readonly Trouble[];
  at(path: string): SeenNode;
}

export const host: CaptureHost = {
  clock: { now: () => Date.now(), elapsed: () => performance.now() / 1000 },
  names: () => ({ user: (id) => (id === 0 ? 'root' : ''), group: (id) => (id === 0 ? 'root' : '') }),
};

export function filesOrigin(origin: Partial<FilesOrigin> & Pick<FilesOrigin, 'roots'>): FilesOrigin {
  return { kind: 'files', layout: 'folder', include: [], exclude: [], oneFileSystem: false, ...origin };
}

export async function capture(
  origin: Partial<FilesOrigin> & Pick<FilesOrigin, 'roots'>,
  options: Partial<CaptureOptions> = {},
  reading: { contents?: boolean; host?: CaptureHost } = {},
): Promise<Seen> {
  const troubles: Trouble[] = [];
  const captured = await captureFiles(
    filesOrigin(origin),
    {
      component: 'c',
      signal: new AbortController().signal,
      avoid: [],
      troubles: (found) => troubles.push(found),
      ...options,
    },
    reading.host ?? host,
  );
  try {
    const nodes = await readNodes(captured, reading.contents ?? true);
    const at = (path: string): SeenNode => {
      const found = nodes.find(({ metadata }) => metadata.path === path);
      if (found === undefined) throw new Error(`${path} is not in the capture`);
      return found;
    };
    return { nodes, paths: nodes.map(({ metadata }) => metadata.path), troubles, at };
  } finally {
    await captured.close();
  }
}

async function readNodes(captured: Capture, contents: boolean): Promise<SeenNode[]> {
  const nodes: SeenNode[] = [];
  const unread: { at: number; content: Content }[] = [];
  for await (const batch of captured.nodes()) {
    for (const node of batch) {
      if (node.content !== undefined) unread.push({ at: nodes.length, content: node.content });
      nodes.push(seen(node));
    }
  }
  // As late as can be: by now a live folder has changed much.
  for (const { at, content } of unread) {
    const node = nodes[at];
    if (node !== undefined)
      nodes[at] = { ...node, content: contents ? readContent(content) : released(content) };
  }
  return nodes;
}

function seen(node: CapturedNode): SeenNode {
  return { metadata: node.metadata, target: node.target, xattrs: node.xattrs(), content: undefined };
}

function released(content: Content): undefined {
  if (content.kind === 'file') content.release();
}

/** The content by its place, wherever the file is by now; undefined when it has gone. */
export function readContent(content: Content): Buffer | undefined {
  if (content.kind !== 'file') throw new TypeError('only a file has a place');
  try {
    let place: FilePlace | undefined = content.place;
    for (let tries = 0; tries < 8 && place !== undefined; tries++) {
      const read = readAt(place);
      if (read !== undefined) return read;
      place = content.moved();
    }
    return undefined;
  } finally {
    content.release();
  }
}

function readAt(place: FilePlace): Buffer | undefined {
  let file: number;
  try {
    file = openAt(place.directory, place.name, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
