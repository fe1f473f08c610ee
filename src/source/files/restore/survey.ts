/**
 * The pass that looks at what is there and decides for every node what a restore does with it. It changes nothing. The
 * snapshot's order and the folders' own are the same, so that both are merged in memory for one path only.
 */
import { closeSync } from 'node:fs';
import { breathe } from '../../../base/abort.ts';
import { type Status, statusOf } from '../../../base/libc.ts';
import { type RawName, type RawPath, rawFromText } from '../../../base/raw-path.ts';
import type { Node } from '../../../model/node.ts';
import { looksLikeMaildir } from '../capture/maildir.ts';
import { Contents } from './contents.ts';
import { Deciding, type Subject, type Undecided } from './deciding.ts';
import { actionOf, BLOCKED, CREATE, type Decision, Decisions, LEAVE, writesAnew } from './decisions.ts';
import { type EntryPlace, openAnchor, type Region, throughLinks } from './destination.ts';
import { type Admitted, Door } from './door.ts';
import { restoreErrors } from './errors.ts';
import { bytesOf, type Survey, type SurveyParts } from './found.ts';
import { collectLeftovers, type LeftFolder } from './leftovers.ts';
import { lookAt, namesIn, openIfAllowed } from './looking.ts';
import { Room } from './room.ts';
import { type Removal, Siblings, type SurplusPlace } from './surplus.ts';

/** Nodes after which others get their turn. */
const STRETCH = 1_024;

/** A folder of the snapshot that the survey is in. */
interface Level extends LeftFolder {
  readonly index: number;
  /** undefined where there is no such folder yet */
  readonly descriptor: number | undefined;
}

export async function surveyDestination(
  parts: SurveyParts,
  options: { signal: AbortSignal },
): Promise<Survey> {
  const surveyor = new Surveyor(parts, options.signal);
  try {
    return await surveyor.run();
  } finally {
    await surveyor.close();
  }
}

class Surveyor {
  readonly #parts: SurveyParts;
  readonly #signal: AbortSignal;
  readonly #deciding: Deciding;
  readonly #contents: Contents;
  readonly #door: Door;
  readonly #levels: Level[] = [];
  readonly #opened = new Set<number>();
  readonly #decisions = new Decisions();
  readonly #counts = { create: 0, change: 0, leave: 0, remove: 0, bytes: 0 };
  readonly #surplus = new Map<number, readonly Removal[]>();
  readonly #room: Room;
  #top: EntryPlace | undefined;

  constructor(parts: SurveyParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    this.#deciding = new Deciding(parts.owners, parts.rules);
    this.#contents = new Contents(signal);
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
        const decided = this.#visit(node, this.#door.admit(node));
        if (decided !== undefined) await decided;
        if (this.#decisions.count % STRETCH === 0) await breathe(this.#signal);
      }
      this.#signal.throwIfAborted();
    }
    this.#leaveTo(0);
    await this.#contents.settled();
    return {
      decisions: this.#decisions,
      counts: this.#counts,
      surplus: this.#surplus,
      inTheWay: this.#deciding.inTheWay,
      room: this.#room,
    };
  }

  async close(): Promise<void> {
    await this.#contents.close();
    for (const descriptor of this.#opened) closeSync(descriptor);
  }

  /** Resolves when the next node may be looked at; undefined where that is at once, as it is for most. */
  #visit(node: Node, { level, name, path }: Admitted): Promise<void> | undefined {
    this.#leaveTo(level);
    const region = this.#regionOf(path, node);
    const parent = this.#levels.at(-1);
    parent?.siblings?.take(name);
    const place = this.#placeOf(parent, region, node, name);
    const live = place === undefined ? undefined : lookAt(place);
    const index = this.#decisions.count;
    const decision =
      region === 'between'
        ? decideBetween(live)
        : this.#deciding.decide({ node, index, place, live, where: this.#whereOf(path, live, parent) });
    const device = parent?.device;
    if (typeof decision !== 'number') return this.#decideLater(decision, { node, index, live, device });
    this.#decisions.add(decision);
    this.#counts.remove += this.#deciding.inTheWay.get(index)?.length ?? 0;
    this.#count(node, decision, live, device);
    if (node.type === 'dir') this.#enter(index, path, region, writesAnew(decision) ? undefined : place, live);
    return undefined;
  }

  async #decideLater(
    { unread, first, decide }: Undecided,
    { node, index, live, device }: Pick<Subject, 'node' | 'index' | 'live'> & { device: bigint | undefined },
  ): Promise<void> {
    this.#decisions.add(LEAVE);
    await this.#contents.add(unread, (same) => {
      const known = decide(same);
      this.#decisions.set(index, known);
      this.#count(node, known, live, device);
    });
    if (first) await this.#contents.settled();
  }

  #whereOf(path: RawPath, live: Status | undefined, parent: Level | undefined): SurplusPlace {
    const device = parent?.device ?? live?.device ?? this.#room.device;
    return { path, within: parent?.within ?? true, device, depth: this.#levels.length };
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

  #count(node: Node, decision: Decision, live: Status | undefined, device: bigint | undefined): void {
    this.#counts[actionOf(decision)] += 1;
    const bytes = bytesOf(node, decision);
    this.#counts.bytes += bytes;
    if (bytes > 0) this.#room.need(device, node, live);
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
      const fresh = { descriptor, device, maildir: false, inMaildir: false, siblings: undefined };
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
      inMaildir: parent?.maildir === true,
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
    const rules = { ...this.#parts.rules, remove: this.#parts.request.delete };
    const removals = collectLeftovers(folder, descriptor, this.#levels.length, rules);
    if (removals.length === 0) return;
    this.#surplus.set(folder.index, removals);
    this.#counts.remove += removals.length;
  }
}

function decideBetween(live: Status | undefined): Decision {
  if (live === undefined) return CREATE;
  return live.type === 'dir' ? LEAVE : BLOCKED;
}
