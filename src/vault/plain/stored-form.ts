/** Where a file's content lies in a snapshot's folder: under its own name as it is, or packed under another. */
import { joinRaw, nameOf, parentOf, type RawName, type RawPath } from '../../base/raw-path.ts';
import type { Node } from '../../model/node.ts';

export interface StoredAs {
  readonly path: RawPath;
  readonly name: RawName;
  readonly size: number;
  /** of what is stored, in hexadecimal; files only */
  readonly sha256: string | undefined;
}

export function storedAs(
  node: Pick<Node, 'path' | 'size'> & Pick<Partial<Node>, 'sha256' | 'stored'>,
): StoredAs {
  const { path, size, sha256, stored } = node;
  if (stored === undefined) return { path, name: nameOf(path), size, sha256 };
  return { ...stored, path: joinRaw(parentOf(path), stored.name) };
}

/** No file system takes a longer name, in bytes. */
const LONGEST_NAME = 255;

/** False where the packed name would be too long, or would lie among the components. */
export function isPackable(path: RawPath): boolean {
  return path.includes('/') && packedNameOf(path).length <= LONGEST_NAME;
}

/** The name that a packed content lies under: `gunzip` takes off again what is added. */
export function packedNameOf(path: RawPath): RawName {
  return `${nameOf(path)}.gz` as RawName;
}
