/** What a restore has to know of the machine and of who runs it. */
import type { RawName } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import type { OwnerIds } from '../accounts.ts';

export interface RestoreHost {
  readonly ids: OwnerIds;
  /** the effective user who runs; 0 may give files away */
  readonly uid: number;
  /** so many random bytes, for temporary names */
  random(size: number): Buffer;
}

export interface Ownership {
  readonly uid: number;
  readonly gid: number;
}

/** Whose a node is on this host: by name where the host knows it, else by number. */
export class Owners {
  readonly #host: RestoreHost;

  constructor(host: RestoreHost) {
    this.#host = host;
  }

  /** only root can give files away */
  get settable(): boolean {
    return this.#host.uid === 0;
  }

  of(node: Node): Ownership {
    const { ids } = this.#host;
    return {
      uid: (node.user === '' ? undefined : ids.userId(node.user)) ?? node.uid,
      gid: (node.group === '' ? undefined : ids.groupId(node.group)) ?? node.gid,
    };
  }

  /** The mode to give: a file that stays ours though it was another's must not lend our rights to who runs it. */
  modeOf(node: Node): number {
    return this.settable || this.of(node).uid === this.#host.uid ? node.mode : node.mode & 0o1777;
  }

  /** True when the node belongs to somebody else and can't be given to him. */
  lost(node: Node): boolean {
    return !this.settable && this.of(node).uid !== this.#host.uid;
  }

  /** Without root, these can't be set and some not even be seen. */
  comparesXattr(name: string): boolean {
    return this.settable || !(name.startsWith('security.') || name.startsWith('trusted.'));
  }
}

const TEMPORARY = /^\.hikae-restore-[0-9a-f]{12}$/;

/** Temporary names for one restore: from a random one onwards, so that two restores don't meet. */
export function temporaryNames(host: RestoreHost): () => RawName {
  let next = host.random(6).readUIntBE(0, 6);
  return () => {
    next = (next + 1) % 2 ** 48;
    return `.hikae-restore-${next.toString(16).padStart(12, '0')}` as RawName;
  };
}

/** True for what an interrupted restore left behind. */
export function isTemporaryName(name: RawName): boolean {
  return TEMPORARY.test(name);
}
