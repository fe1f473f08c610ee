/** The nodes of a capture of files, as a vault gets them. */
import { systemCode } from '../../../base/errors.ts';
import { getXattr, listXattrs, type Status, type XattrPlace } from '../../../base/libc.ts';
import type { OpenDirectory } from '../../../base/open-directory.ts';
import type { RawName, RawPath } from '../../../base/raw-path.ts';
import type { CapturedNode, Content, FilePlace } from '../../../model/capture.ts';
import type { NodeMetadata, Xattr } from '../../../model/node.ts';
import { trouble } from '../../../model/trouble.ts';
import { shownPath } from '../../shown-path.ts';
import type { CaptureOptions } from '../../source.ts';
import type { OwnerNames } from '../accounts.ts';

export function metadataOf(path: RawPath, status: Status, names: OwnerNames): NodeMetadata {
  const { type, mode, uid, gid, mtime, ctime, inode, device, links } = status;
  return {
    path,
    type,
    mode,
    uid,
    gid,
    user: names.user(uid),
    group: names.group(gid),
    mtime,
    ctime,
    inode,
    device,
    links,
    size: type === 'file' ? status.size : 0,
    rdev: type === 'dev' || type === 'chardev' ? status.rdev : 0n,
  };
}

/** Folders, FIFOs, devices, sockets. They are never opened through their name: only looked at. */
export class CapturedEntry implements CapturedNode {
  readonly metadata: NodeMetadata;
  readonly #place: XattrPlace;
  readonly #options: CaptureOptions;

  constructor(metadata: NodeMetadata, place: XattrPlace, options: CaptureOptions) {
    this.metadata = metadata;
    this.#place = place;
    this.#options = options;
  }

  xattrs(): readonly Xattr[] {
    return this.readXattrs(this.#place);
  }

  /** What can't be read is reported, and missing; where the entry has gone, what reads its content tells. */
  protected readXattrs(place: XattrPlace): readonly Xattr[] {
    try {
      return xattrsAt(place);
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      this.#options.troubles(
        trouble(
          code === 'ENOENT' ? 'vanished' : 'attribute',
          shownPath(this.#options.component, this.metadata.path),
          error,
        ),
      );
      return [];
    }
  }
}

export class CapturedSymlink extends CapturedEntry {
  readonly target: RawPath;

  constructor(metadata: NodeMetadata, target: RawPath, place: XattrPlace, options: CaptureOptions) {
    super(metadata, place, options);
    this.target = target;
  }
}

/** How often a file that moves away under the reader is followed. */
const MOST_MOVES = 8;

export class CapturedFile extends CapturedEntry {
  readonly content: FileContent;

  constructor(metadata: NodeMetadata, content: FileContent, options: CaptureOptions) {
    super(metadata, content.place, options);
    this.content = content;
  }

  /** Follows a message that is renamed meanwhile, and again while it is followed. */
  override xattrs(): readonly Xattr[] {
    let place: FilePlace | undefined = this.content.place;
    for (let moves = 0; moves < MOST_MOVES; moves++) {
      try {
        return xattrsAt(place);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') break;
      }
      place = this.content.moved();
      // A file that has gone altogether is told of by who opens its content.
      if (place === undefined) return [];
    }
    return this.readXattrs(place);
  }
}

function xattrsAt(place: XattrPlace): readonly Xattr[] {
  const found: Xattr[] = [];
  for (const name of listXattrs(place)) {
    const value = getXattr(place, name);
    if (value !== undefined) found.push({ name, value });
  }
  return found;
}

/** Something that a file's directory belongs to and that knows where the file went when it was renamed. */
interface Holder {
  hold(): void;
  release(): void;
}

export interface Renaming extends Holder {
  find(name: RawName, inode: bigint): FilePlace | undefined;
}

/** The content of a file, by its place. It keeps the directory open until it is released. */
export class FileContent implements Extract<Content, { kind: 'file' }> {
  readonly kind = 'file';
  readonly place: FilePlace;
  readonly #inode: bigint;
  readonly #holder: OpenDirectory | Renaming;
  #released = false;

  constructor(place: FilePlace, inode: bigint, holder: OpenDirectory | Renaming) {
    this.place = place;
    this.#inode = inode;
    this.#holder = holder;
    holder.hold();
  }

  moved(): FilePlace | undefined {
    return 'find' in this.#holder ? this.#holder.find(this.place.name, this.#inode) : undefined;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#holder.release();
  }
}
