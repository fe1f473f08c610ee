/** What a restore does with each node, by what lies in its place now. */
import { systemCode } from '../../../base/errors.ts';
import type { Status } from '../../../base/libc.ts';
import type { RawPath } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import { Comparison, type Differences } from './compare.ts';
import type { OpenContent } from './contents.ts';
import { BLOCKED, bitOf, CREATE, type Decision, decisionFor, LEAVE, REWRITE } from './decisions.ts';
import type { EntryPlace } from './destination.ts';
import type { Owners } from './host.ts';
import { collectBelow, identityOf, type Removal, type SurplusPlace, type SurplusRules } from './surplus.ts';

/** A decision that waits for a content to be read. */
export interface Undecided {
  readonly unread: OpenContent;
  /** later nodes depend on it: they come after */
  readonly first: boolean;
  decide(same: boolean): Decision;
}

export interface Subject {
  readonly node: Node;
  readonly index: number;
  /** undefined where its folder isn't there */
  readonly place: EntryPlace | undefined;
  /** undefined where nothing is */
  readonly live: Status | undefined;
  /** as what is surplus is looked at */
  readonly where: SurplusPlace;
}

export class Deciding {
  /** by the node's number: what goes out of the folder that lies where the node belongs */
  readonly inTheWay = new Map<number, readonly Removal[]>();
  readonly #comparison: Comparison;
  readonly #rules: SurplusRules;
  /** first paths of hard-link groups, with the inode that stays; undefined when it gets a new one */
  readonly #groups = new Map<RawPath, string | undefined>();
  /** inodes with several names that a node has kept: no other node may share them */
  readonly #claimed = new Set<string>();

  constructor(owners: Owners, rules: SurplusRules) {
    this.#comparison = new Comparison(owners);
    this.#rules = rules;
  }

  decide({ node, index, place, live, where }: Subject): Decision | Undecided {
    const isFile = node.type === 'file';
    const first = node.hardlink;
    const linked = isFile && first !== undefined && this.#groups.has(first);
    if (isFile && node.links > 1 && !linked) this.#groups.set(node.path, undefined);
    if (place === undefined || live === undefined) return CREATE;
    if (live.type !== node.type) return this.#decideOtherType(index, place, live, where);
    if (linked) {
      return this.#groups.get(first) === identityOf(live) ? LEAVE : decisionFor(bitOf('hardlink')) | REWRITE;
    }
    const found = this.#differences(node, live, place);
    if (found === undefined) return CREATE;
    const { bits, unread } = found;
    if (!isFile) return decideOther(node, bits);
    if (unread === undefined) return this.#decideFile(node, live, bits);
    return {
      unread,
      first: node.links > 1 || live.links > 1,
      decide: (same) => this.#decideFile(node, live, same ? bits : bits | bitOf('content')),
    };
  }

  /** undefined where it vanished or changed its type just now, or its attributes can't be read */
  #differences(node: Node, live: Status, place: EntryPlace): Differences | undefined {
    try {
      return this.#comparison.differences(node, live, place);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  #decideFile(node: Node, live: Status, differences: number): Decision {
    const identity = identityOf(live);
    const shared = live.links > 1;
    const foreign = shared && (live.links > node.links || this.#claimed.has(identity));
    const bits = differences | (foreign ? bitOf('hardlink') : 0);
    // Attributes of an inode with other names are never changed: those names may lie anywhere.
    const anew = (bits & (bitOf('content') | bitOf('hardlink'))) !== 0 || (shared && bits !== 0);
    if (anew) return decisionFor(bits) | REWRITE;
    if (shared) this.#claimed.add(identity);
    if (this.#groups.has(node.path)) this.#groups.set(node.path, identity);
    return decisionFor(bits);
  }

  #decideOtherType(index: number, place: EntryPlace, live: Status, where: SurplusPlace): Decision {
    const replaced = decisionFor(bitOf('type')) | REWRITE;
    if (live.type !== 'dir') return replaced;
    if (live.device !== where.device || this.#rules.avoid.has(live)) return BLOCKED;
    const removals: Removal[] = [];
    if (!collectBelow(place.directory, place.name, where, this.#rules, removals)) return BLOCKED;
    this.inTheWay.set(index, removals);
    return replaced;
  }
}

/** Folders keep their inode; what is neither file nor folder is small enough to be made anew for any reason. */
function decideOther(node: Node, bits: number): Decision {
  return node.type === 'dir' || bits === 0 ? decisionFor(bits) : decisionFor(bits) | REWRITE;
}
