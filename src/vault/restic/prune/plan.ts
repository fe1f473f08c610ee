/**
 * What becomes of each pack: a pure function of what the indexes say, what snapshots need, and what lies in the storage.
 *
 * A pack that nobody needs is only marked; a later prune removes it, when the time of grace is over and nobody needs it
 * still. So who has read the index before, or works without a lock as rustic does, finds everything it names. Of a
 * pack that is needed in part the needed blobs are copied into a new one, but only where that is worth it.
 */

import type { Catalog } from '../catalog.ts';
import type { BlobType, PackedBlob } from '../format/blob.ts';
import { PACK_SIZE } from '../format/pack.ts';

export interface PlanInput {
  readonly catalog: Pick<Catalog, 'blobs' | 'live' | 'marked'>;
  /** marks of the blobs that snapshots need */
  readonly needed: Uint8Array;
  /** the packs in the storage, with their bytes */
  readonly present: ReadonlyMap<string, number>;
  /** milliseconds since 1970 UTC */
  readonly now: number;
  /** how long a marked pack stays, in milliseconds */
  readonly grace: number;
  /** whether the storage lets a pack be removed yet */
  readonly mayGo: (pack: string) => boolean;
  /** whether what is needed of a pack may be copied, so that the rest of it can go */
  readonly copies: boolean;
}

/**
 * `keep`: as it is. `recover`: it is marked, and needed after all. `copy`: its needed blobs go into a new pack, and it is
 * marked. `hold`: nobody needs it, and it may not go yet: until then it is as good as any for who needs it again. `mark`:
 * nobody needs it. `wait`: it is marked, and stays for now. `remove`. `drop`: it is named and is gone.
 */
export type Fate = 'keep' | 'recover' | 'copy' | 'hold' | 'mark' | 'wait' | 'remove' | 'drop';

export interface PlannedPack {
  readonly pack: string;
  readonly fate: Fate;
  /** as it lies in the storage */
  readonly bytes: number;
  /** of all blobs that are known of it, sealed, and of those that are needed */
  readonly blobBytes: number;
  readonly neededBytes: number;
}

export interface Plan {
  readonly packs: readonly PlannedPack[];
  /** needed blobs that several packs hold, as `type id`, and the pack in which each is kept */
  readonly keepers: ReadonlyMap<string, string>;
  /** needed blobs that indexes name in packs which are gone or cut off, and nowhere else */
  readonly lost: readonly LostBlob[];
  /** packs that no index names */
  readonly unknown: number;
}

export interface LostBlob {
  readonly type: BlobType;
  readonly id: string;
  readonly pack: string;
}

/** So much of what is left may be unneeded, as with restic. */
const MOST_UNNEEDED = 0.05;
/** Smaller packs than this are put together. */
const SMALL = PACK_SIZE / 4;

export function planPacks(input: PlanInput): Plan {
  const { catalog, present, needed } = input;
  const { keepers, lost } = chooseKeepers(input);
  const rows: Row[] = [];
  for (const { pack, blobs } of catalog.blobs.everyPack(needed)) {
    const bytes = present.get(pack);
    const isKept = (blob: PackedBlob & { marked: boolean }) => blob.marked && keptIn(keepers, blob, pack);
    rows.push({
      pack,
      type: typeOf(blobs),
      bytes: bytes ?? 0,
      isThere: bytes !== undefined,
      neededBytes: blobs.filter(isKept).reduce(sumOfLengths, 0),
      blobBytes: blobs.reduce(sumOfLengths, 0),
    });
  }
  const named = new Set(rows.map(({ pack }) => pack));
  const without = [...catalog.live, ...catalog.marked.keys(), ...present.keys()];
  for (const pack of new Set(without)) if (!named.has(pack)) rows.push(emptyRow(pack, present.get(pack)));
  const copies = chooseCopies(rows, input);
  const packs = rows.map((row) => {
    const { pack, bytes, blobBytes, neededBytes } = row;
    return { pack, bytes, blobBytes, neededBytes, fate: fateOf(row, copies.has(pack), input) };
  });
  const unknown = [...present.keys()].filter((pack) => !isNamed(pack, input)).length;
  return { packs, keepers, lost, unknown };
}

/** True for a needed blob that is kept in this pack, and not in another that holds it as well. */
export function keptIn(
  keepers: Plan['keepers'],
  { type, id }: Pick<PackedBlob, 'type' | 'id'>,
  pack: string,
): boolean {
  return (keepers.get(`${type} ${id}`) ?? pack) === pack;
}

interface Row {
  readonly pack: string;
  readonly type: BlobType | 'mixed';
  readonly bytes: number;
  readonly isThere: boolean;
  readonly neededBytes: number;
  readonly blobBytes: number;
}

/** A pack that no index says more of than its name, or not even that. */
function emptyRow(pack: string, bytes: number | undefined): Row {
  return {
    pack,
    type: 'mixed',
    bytes: bytes ?? 0,
    isThere: bytes !== undefined,
    neededBytes: 0,
    blobBytes: 0,
  };
}

/** Of a blob that several packs hold one is enough: the packs that are needed anyway come first, those that are marked last. */
function chooseKeepers({ catalog, needed, present }: PlanInput): Pick<Plan, 'keepers' | 'lost'> {
  const { blobs: index, live } = catalog;
  const isUsable = (pack: string) => (present.get(pack) ?? -1) >= index.endOf(pack);
  const lost: LostBlob[] = [];
  const shared: { pack: string; needed: boolean; bytes: number; keys: string[] }[] = [];
  for (const { pack, blobs } of index.everyPack(needed)) {
    const keys: string[] = [];
    let [own, bytes] = [0, 0];
    for (const { marked, type, id, length } of blobs) {
      if (!marked) continue;
      const others = new Set(index.placesOf(type, id).map((place) => place.pack));
      others.delete(pack);
      const isElsewhere = [...others].some(isUsable);
      if (!isUsable(pack)) {
        if (!isElsewhere) lost.push({ type, id, pack });
      } else if (!isElsewhere) {
        own += 1;
      }
      if (others.size === 0) continue;
      keys.push(`${type} ${id}`);
      bytes += length;
    }
    if (keys.length > 0 && isUsable(pack)) shared.push({ pack, needed: own > 0, bytes, keys });
  }
  const rank = ({ pack, needed: own }: (typeof shared)[number]) => (own ? 0 : live.has(pack) ? 1 : 2);
  shared.sort((left, right) => rank(left) - rank(right) || right.bytes - left.bytes);
  const keepers = new Map<string, string>();
  for (const { pack, keys } of shared) for (const key of keys) if (!keepers.has(key)) keepers.set(key, pack);
  return { keepers, lost };
}

/** The packs whose needed blobs are worth to be copied. */
function chooseCopies(
  rows: readonly Row[],
  { catalog, mayGo, copies: isAllowed }: PlanInput,
): ReadonlySet<string> {
  if (!isAllowed) return new Set();
  const kept = rows.filter(({ pack, isThere, neededBytes }) => {
    return isThere && neededBytes > 0 && (catalog.live.has(pack) || catalog.marked.has(pack));
  });
  const open = kept.filter(({ pack }) => mayGo(pack));
  const unneeded = ({ blobBytes, neededBytes }: Row) => blobBytes - neededBytes;
  const partly = open.filter((row) => unneeded(row) > 0);
  // Trees are small, and read again and again: of these none is left as it is.
  const copies = new Set(partly.filter(({ type }) => type !== 'data'));
  const needed = kept.reduce((sum, row) => sum + row.neededBytes, 0);
  const allowed = (needed * MOST_UNNEEDED) / (1 - MOST_UNNEEDED);
  const data = partly.filter(({ type }) => type === 'data');
  data.sort((left, right) => unneeded(right) / right.blobBytes - unneeded(left) / left.blobBytes);
  let left = kept.filter((row) => !copies.has(row)).reduce((sum, row) => sum + unneeded(row), 0);
  for (const row of data) {
    if (left <= allowed) break;
    copies.add(row);
    left -= unneeded(row);
  }
  for (const type of ['data', 'tree'] as const) {
    const small = open.filter((row) => row.type === type && row.bytes < SMALL && !copies.has(row));
    const isJoined = [...copies].some((row) => row.type === type);
    if (small.length > 1 || isJoined) for (const row of small) copies.add(row);
  }
  return new Set([...copies].map(({ pack }) => pack));
}

function fateOf({ pack, isThere, neededBytes }: Row, isCopied: boolean, input: PlanInput): Fate {
  const { now, grace, mayGo, catalog } = input;
  const since = catalog.live.has(pack) ? undefined : catalog.marked.get(pack);
  if (!isThere) return 'drop';
  if (isCopied) return 'copy';
  if (neededBytes > 0) return since === undefined ? 'keep' : 'recover';
  if (!mayGo(pack)) return 'hold';
  if (now - (since ?? now) >= grace) return 'remove';
  return since === undefined ? 'mark' : 'wait';
}

function isNamed(pack: string, { catalog }: PlanInput): boolean {
  return catalog.live.has(pack) || catalog.marked.has(pack);
}

function typeOf(blobs: readonly PackedBlob[]): BlobType | 'mixed' {
  const [first] = blobs;
  return first === undefined || blobs.some(({ type }) => type !== first.type) ? 'mixed' : first.type;
}

function sumOfLengths(sum: number, { length }: PackedBlob): number {
  return sum + length;
}
