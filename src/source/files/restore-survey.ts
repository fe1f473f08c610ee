/**
 * The pass that looks at what is there and decides for every node what a restore does with it. It changes nothing. The
 * snapshot's order and the folders' own are the same, so that both are merged in memory for one path only.
 */
import { closeSync } from 'node:fs';
import { breathe } from '../../base/abort.ts';
import { systemCode } from '../../base/errors.ts';
import { openDirectoryAt, type Status, statusOf } from '../../base/libc.ts';
import { joinRaw, nameOf, type RawName, type RawPath, rawFromText } from '../../base/raw-path.ts';
import type { Node } from '../../model/node.ts';
import type { RestoreRequest } from '../source.ts';
import { looksLikeMaildir } from './maildir.ts';
import { Comparison } from './restore-compare.ts';
import {
  actionOf,
  BLOCKED,
  bitOf,
  CREATE,
  type Decision,
  Decisions,
  decisionFor,
  LEAVE,
  REWRITE,
  writesAnew,
} from './restore-decisions.ts';
import {
  type Destination,
  type EntryPlace,
  openAnchor,
  type Region,
  statusIfThere,
  throughLinks,
} from './restore-destination.ts';
import { type Admitted, Door } from './restore-door.ts';
import { restoreErrors } from './restore-errors.ts';
import { isTemporaryName, type Owners } from './restore-host.ts';
import { Room } from './restore-room.ts';
import {
  collectBelow,
  collectSurplus,
  identityOf,
  listFolder,
  type Removal,
  Siblings,
  type SurplusRules,
} from './restore-surplus.ts';
import type { FilesOrigin } from './selection.ts';

/** Nodes after which others get their turn. */
const STRETCH = 1_024;

export interface Survey {
  readonly decisions: Decisions;
  readonly counts: { create: number; change: number; leave: number; remove: number; bytes: number };
  /** by the folder's number: what goes when all else in the folder is done */
  readonly surplus: ReadonlyMap<number, readonly Removal[]>;
  /** by the node's number: what goes out of the folder that lies where the node belongs */
  readonly inTheWay: ReadonlyMap<number, readonly Removal[]>;
  readonly room: Room;
}

export interface SurveyParts {
  readonly request: RestoreRequest;
  readonly origin: FilesOrigin;
  readonly destination: Destination;
  readonly owners: Owners;
  readonly rules: SurplusRules;
  readonly uid: number;
}

/** A folder of the snapshot that the survey is in. */
interface Level {
  readonly index: number;
  readonly path: RawPath;
  readonly region: Region;
  /** undefined where there is no such folder yet */
  readonly descriptor: number | undefined;
  readonly device: bigint;
  readonly within: boolean;
  readonly maildir: boolean;
  /** undefined where nothing is looked for that the snapshot hasn't */
  readonly siblings: Siblings | undefined;
}

export async function surveyDestination(
  parts: SurveyParts,
  options: { signal: AbortSignal },
): Promise<Survey> {
  const surveyor = new Surveyor(parts, options.signal);
  try {
    return await surveyor.run();
  } finally {
    surveyor.close();
  }
}

class Surveyor {
  readonly #parts: SurveyParts;
  readonly #signal: AbortSignal;
  readonly #comparison: Comparison;
  readonly #door: Door;
  readonly #levels: Level[] = [];
  readonly #opened = new Set<number>();
  /** first paths of hard-link groups, with the inode that stays; undefined when it gets a new one */
  readonly #groups = new Map<RawPath, string | undefined>();
  /** inodes with several names that a node has kept: no other node may share them */
  readonly #claimed = new Set<string>();
  readonly #decisions = new Decisions();
  readonly #counts = { create: 0, change: 0, leave: 0, remove: 0, bytes: 0 };
  readonly #surplus = new Map<number, Removal[]>();
  readonly #inTheWay = new Map<number, Removal[]>();
  readonly #room: Room;
  #top: EntryPlace | undefined;

  constructor(parts: SurveyParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#comparison = new Comparison(parts.owners, signal);
    this.#door = new Door(rawFromText(parts.request.component));
    const { descriptor, there } = openAnchor(parts.destination, { uid: parts.uid, make: false });
    this.#opened.add(descriptor);
    this.#room = new Room(descriptor);
    if (there) this.#top = { directory: descriptor, name: parts.destination.rootName };
  }

  async run(): Promise<Survey> {
    const { reader, component } = this.#parts.request;
    for await (const batch of reader.nodes({ component, signal: this.#signal })) {
      for (const node of batch) {
        await this.#visit(node, this.#door.admit(node));
        if (this.#decisions.count % STRETCH === 0) await breathe(this.#signal);
      }
      this.#signal.throwIfAborted();
    }
    this.#leaveTo(0);
    return {
      decisions: this.#decisions,
      counts: this.#counts,
      surplus: this.#surplus,
      inTheWay: this.#inTheWay,
      room: this.#room,
    };
  }

  close(): void {
    for (const descriptor of this.#opened) closeSync(descriptor);
  }

  async #visit(node: Node, { level, name, path }: Admitted): Promise<void> {
    this.#leaveTo(level);
    const region = this.#regionOf(path, node);
    const parent = this.#levels.at(-1);
    parent?.siblings?.take(name);
    const place = this.#placeOf(parent, region, node, name);
    const live = place === undefined ? undefined : lookAt(place);
    const decision =
      region === 'between' ? decideBetween(live) : await this.#decide(node, path, place, live, parent);
    const index = this.#decisions.count;
    this.#decisions.add(decision);
    this.#count(node, decision, live, parent);
    if (node.type === 'dir') this.#enter(index, path, region, writesAnew(decision) ? undefined : place, live);
  }

  #regionOf(path: RawPath, node: Node): Region {
    const region = this.#parts.destination.region(path);
    if (region === undefined || (region === 'between' && node.type !== 'dir')) {
      const reason = 'it lies outside of what the snapshot says it was captured from';
      throw restoreErrors.RESTORE_UNSAFE_PATH({ path: this.#parts.destination.shown(path), reason });
    }
    return region;
  }

  #placeOf(parent: Level | undefined, region: Region, node: Node, name: RawName): EntryPlace | undefined {
    const directory = parent?.descriptor;
    const place =
      parent === undefined ? this.#top : directory === undefined ? undefined : { directory, name };
    if (place === undefined || region === 'inside' || node.type === 'symlink') return place;
    const through = throughLinks(place, this.#parts.uid);
    if (through.opened !== undefined) this.#opened.add(through.opened);
    return through;
  }

  async #decide(
    node: Node,
    path: RawPath,
    place: EntryPlace | undefined,
    live: Status | undefined,
    parent: Level | undefined,
  ): Promise<Decision> {
    const isFile = node.type === 'file';
    const first = node.hardlink;
    const linked = isFile && first !== undefined && this.#groups.has(first);
    if (isFile && node.links > 1 && !linked) this.#groups.set(node.path, undefined);
    if (place === undefined || live === undefined) return CREATE;
    if (live.type !== node.type) return this.#decideOtherType(path, place, live, parent);
    if (linked) {
      return this.#groups.get(first) === identityOf(live) ? LEAVE : decisionFor(bitOf('hardlink')) | REWRITE;
    }
    let bits: number;
    try {
      bits = await this.#comparison.differences(node, live, place);
    } catch (error) {
      // It vanished or changed its type just now, or its attributes can't be read.
      if (systemCode(error) === undefined) throw error;
      return CREATE;
    }
    return isFile ? this.#decideFile(node, live, bits) : decideOther(node, bits);
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

  #decideOtherType(path: RawPath, place: EntryPlace, live: Status, parent: Level | undefined): Decision {
    const replaced = decisionFor(bitOf('type')) | REWRITE;
    if (live.type !== 'dir') return replaced;
    const { rules } = this.#parts;
    const device = parent?.device ?? live.device;
    if (live.device !== device || rules.avoid.has(live)) return BLOCKED;
    const removals: Removal[] = [];
    const within = parent?.within ?? true;
    const where = { path, within, device, depth: this.#levels.length };
    if (!collectBelow(place.directory, place.name, where, rules, removals)) return BLOCKED;
    this.#inTheWay.set(this.#decisions.count, removals);
    this.#counts.remove += removals.length;
    return replaced;
  }

  #count(node: Node, decision: Decision, live: Status | undefined, parent: Level | undefined): void {
    this.#counts[actionOf(decision)] += 1;
    const bytes = bytesOf(node, decision);
    this.#counts.bytes += bytes;
    if (bytes > 0) this.#room.need(parent?.device, node, live);
  }

  #enter(
    index: number,
    path: RawPath,
    region: Region,
    place: EntryPlace | undefined,
    live: Status | undefined,
  ): void {
    const parent = this.#levels.at(-1);
    const descriptor = place === undefined || live?.type !== 'dir' ? undefined : openIfAllowed(place);
    if (descriptor === undefined) {
      const device = parent?.device ?? this.#room.device;
      const fresh = { descriptor, device, maildir: false, siblings: undefined };
      this.#levels.push({ index, path, region, within: false, ...fresh });
      return;
    }
    this.#opened.add(descriptor);
    const { device } = statusOf(descriptor);
    this.#room.meet(device, descriptor);
    const within = this.#isWithin(path, region, parent);
    const hidden =
      region === 'inside' &&
      parent !== undefined &&
      this.#parts.origin.oneFileSystem &&
      device !== parent.device;
    const names = hidden ? [] : namesIn(descriptor);
    const siblings = new Siblings(names);
    this.#levels.push({
      index,
      path,
      region,
      descriptor,
      device,
      within,
      maildir: looksLikeMaildir(names),
      siblings,
    });
  }

  #isWithin(path: RawPath, region: Region, parent: Level | undefined): boolean {
    const { selection } = this.#parts.rules;
    if (region === 'between') return false;
    if (region === 'root' || parent === undefined) return selection.keepsAllOf(path);
    return selection.choose(path, true, parent.within) === 'kept';
  }

  #leaveTo(level: number): void {
    while (this.#levels.length > level) {
      const left = this.#levels.pop();
      if (left?.descriptor === undefined) continue;
      this.#collect(left, left.descriptor);
      this.#opened.delete(left.descriptor);
      closeSync(left.descriptor);
    }
  }

  #collect(folder: Level, descriptor: number): void {
    const removals: Removal[] = [];
    for (const name of folder.siblings?.surplus() ?? []) {
      const path = joinRaw(folder.path, name);
      if (isTemporaryName(name)) {
        if (lookAt({ directory: descriptor, name })?.type !== 'dir') removals.push({ path, folder: false });
      } else if (this.#removesFrom(folder, name)) {
        const { within, device } = folder;
        const where = { path, within, device, depth: this.#levels.length };
        collectSurplus(descriptor, name, where, this.#parts.rules, removals);
      }
    }
    if (removals.length === 0) return;
    this.#surplus.set(folder.index, removals);
    this.#counts.remove += removals.length;
  }

  /** A mail server's locks and what it is delivering are never captured, and are its own. */
  #removesFrom(folder: Level, name: RawName): boolean {
    if (!this.#parts.request.delete || folder.region === 'between') return false;
    if (folder.maildir && name.endsWith('.lock')) return false;
    return !(nameOf(folder.path) === 'tmp' && this.#levels.at(-1)?.maildir === true);
  }
}

/** How many bytes are written for a node: none for a further name of a file. */
export function bytesOf(node: Node, decision: Decision): number {
  return node.type === 'file' && node.hardlink === undefined && writesAnew(decision) ? node.size : 0;
}

function decideBetween(live: Status | undefined): Decision {
  if (live === undefined) return CREATE;
  return live.type === 'dir' ? LEAVE : BLOCKED;
}

/** Folders keep their inode; what is neither file nor folder is small enough to be made anew for any reason. */
function decideOther(node: Node, bits: number): Decision {
  return node.type === 'dir' || bits === 0 ? decisionFor(bits) : decisionFor(bits) | REWRITE;
}

/** undefined for what isn't there, and for what can't be looked at: the attempt to restore it tells why. */
function lookAt(place: EntryPlace): Status | undefined {
  try {
    return statusIfThere(place.directory, place.name);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function openIfAllowed(place: EntryPlace): number | undefined {
  try {
    return openDirectoryAt(place.directory, place.name);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function namesIn(descriptor: number): RawName[] {
  try {
    return listFolder(descriptor);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}
