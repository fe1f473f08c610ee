/**
 * Which blobs the repository has, and where: one table in memory that all threads share. 52 bytes for a blob, and 4 for
 * each bucket.
 *
 * A chain hangs on each bucket. A blob is put at the head of its chain by one atomic exchange, when all that is known of it
 * is written; so nobody needs a lock, and of two threads that find the same new blob only one gets to store it.
 */
import type { BlobPlace, BlobType, PackedBlob } from './format/blob.ts';

const NEXT = 0;
const ID = 1;
const ID_BYTES = 32;
const PACK = 9;
const OFFSET = 10;
/** its highest bit tells trees from data */
const LENGTH = 11;
const PLAIN = 12;
const WORDS = 13;

/** Someone stores it just now. */
const UNDERWAY = 0;
/** Whoever wanted to store it has given up. */
const GIVEN_UP = -1;

const TREE = 0x8000_0000;
const FEWEST_BUCKETS = 1 << 18;
const PAGE = 65_536;
const GROWTH = 16;
const MOST_ENTRIES = 1 << 25;
/** Room for all of them, and for what threads that grow it at once make too much. */
const MOST_PAGES = Math.ceil((MOST_ENTRIES * WORDS * 4) / PAGE) + 64 * GROWTH;

/**
 * Memory that grows while threads look at it. A SharedArrayBuffer can do that too, but to read a number of one that may grow
 * takes V8 ten times as long; those that this gives do not grow, and see the same bytes.
 */
interface GrowingMemory {
  /** as long as it is at this moment */
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** The types of Node.js leave this out, and those of browsers bring too much. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => GrowingMemory;
};

/** What another thread needs to use the same table. */
export interface SharedIndex {
  readonly buckets: SharedArrayBuffer;
  readonly entries: GrowingMemory;
}

export interface MarkedPack {
  readonly pack: string;
  /** by their offsets */
  readonly blobs: readonly (PackedBlob & { readonly marked: boolean })[];
}

/** The part of the table that every thread has. */
export class BlobClaims {
  readonly shared: SharedIndex;
  protected readonly buckets: Int32Array;
  /** Those that were there when this thread last looked; see entryOf. */
  protected entries: Int32Array;
  readonly #idWords = new Int32Array(8);
  readonly #idBytes = Buffer.from(this.#idWords.buffer);

  constructor(shared: SharedIndex) {
    this.shared = shared;
    this.buckets = new Int32Array(shared.buckets);
    this.entries = new Int32Array(shared.entries.buffer);
  }

  /** True when nobody has the blob: whoever is told so must store it. `id` is its 32 bytes. */
  claim(type: BlobType, id: Uint8Array): boolean {
    const words = this.wordsOf(id);
    const bucket = this.bucketOf(words);
    let head = Atomics.load(this.buckets, bucket);
    if (this.isKnown(head, 0, type, words)) return false;
    const entry = this.newEntry(type, words);
    for (;;) {
      this.entries[entry + NEXT] = head;
      const found = Atomics.compareExchange(this.buckets, bucket, head, entry / WORDS);
      if (found === head) return true;
      // Others came first; one of them may have had the same blob.
      if (this.isKnown(found, head, type, words)) return false;
      head = found;
    }
  }

  /**
   * An id, as its 32 bytes or in hexadecimal, as words that hold until the next call. It may begin at any address. What is no
   * id becomes one that nothing has.
   */
  protected wordsOf(id: Uint8Array | string): Int32Array {
    if (typeof id !== 'string') this.#idBytes.set(id);
    else if (this.#idBytes.write(id, 'hex') < ID_BYTES) this.#idWords.fill(0);
    return this.#idWords;
  }

  /** In hexadecimal. */
  protected idAt(entry: number): string {
    for (let at = 0; at < 8; at++) this.#idWords[at] = this.entries[entry + ID + at] as number;
    return this.#idBytes.toString('hex');
  }

  /** Where the entry with this number begins. Another thread may have made room for it. */
  protected entryOf(at: number): number {
    const entry = at * WORDS;
    if (entry + WORDS > this.entries.length) {
      const { entries } = this.shared;
      // To grow by nothing is what tells this thread of what others have made.
      entries.grow(0);
      this.entries = new Int32Array(entries.buffer);
    }
    return entry;
  }

  /** The number of the last entry, all of which can be seen. */
  protected last(): number {
    const last = Atomics.load(this.entries, 0);
    this.entryOf(last);
    return last;
  }

  protected isKnown(head: number, until: number, type: BlobType, words: Int32Array): boolean {
    for (let at = head; at !== until; ) {
      const entry = this.entryOf(at);
      at = this.entries[entry + NEXT] as number;
      if (this.isSame(entry, type, words) && Atomics.load(this.entries, entry + PACK) !== GIVEN_UP)
        return true;
    }
    return false;
  }

  protected isSame(entry: number, type: BlobType, words: Int32Array): boolean {
    const { entries } = this;
    for (let at = 0; at < 8; at++) if (entries[entry + ID + at] !== words[at]) return false;
    return (entries[entry + LENGTH] as number) < 0 === (type === 'tree');
  }

  protected bucketOf(words: Int32Array): number {
    return (words[0] as number) & (this.buckets.length - 1);
  }

  /** Room for one more, with its name already written. */
  protected newEntry(type: BlobType, words: Int32Array): number {
    // The first entry counts the others.
    const at = Atomics.add(this.entries, 0, 1) + 1;
    if (at >= MOST_ENTRIES) throw new RangeError('more blobs than one index can hold');
    this.#makeRoom((at + 1) * WORDS * 4);
    const entry = this.entryOf(at);
    for (let word = 0; word < 8; word++) this.entries[entry + ID + word] = words[word] as number;
    this.entries[entry + LENGTH] = type === 'tree' ? TREE : 0;
    this.entries[entry + PACK] = UNDERWAY;
    return entry;
  }

  #makeRoom(bytes: number): void {
    const { entries } = this.shared;
    // Two threads that do this at once make more room than it takes.
    if (entries.buffer.byteLength < bytes) entries.grow(GROWTH);
  }
}

/** The whole table, for the main thread. */
export class BlobIndex extends BlobClaims {
  readonly #packs: { readonly id: string; end: number }[] = [];
  readonly #numbers = new Map<string, number>();

  /** `expected` blobs find short chains. */
  constructor(expected: number) {
    const buckets = Math.max(FEWEST_BUCKETS, 2 ** Math.ceil(Math.log2(expected + 1)));
    super({
      buckets: new SharedArrayBuffer(buckets * 4),
      entries: new WebAssembly.Memory({ initial: GROWTH, maximum: MOST_PAGES, shared: true }),
    });
  }

  get packs(): number {
    return this.#packs.length;
  }

  /** Adds what an index says of a pack, or what has just been stored in it. */
  addPack(id: string, blobs: readonly PackedBlob[]): void {
    const number = this.#numberOf(id);
    const pack = this.#packs[number - 1] as { end: number };
    for (const blob of blobs) {
      pack.end = Math.max(pack.end, blob.offset + blob.length);
      const words = this.wordsOf(blob.id);
      const entry = this.#entryFor(blob, words, number);
      if (entry === undefined) continue;
      this.entries[entry + OFFSET] = blob.offset;
      this.entries[entry + LENGTH] = blob.length + (blob.type === 'tree' ? TREE : 0);
      this.entries[entry + PLAIN] = blob.plainLength ?? 0;
      Atomics.store(this.entries, entry + PACK, number);
    }
  }

  /** Every place that is known of a blob; none for one that is not stored yet. */
  placesOf(type: BlobType, id: string): BlobPlace[] {
    const words = this.wordsOf(id);
    const places: BlobPlace[] = [];
    for (let at = this.#headOf(words); at !== 0; at = this.entries[at * WORDS + NEXT] as number) {
      const entry = this.entryOf(at);
      const pack = this.entries[entry + PACK] as number;
      if (pack <= 0 || !this.isSame(entry, type, words)) continue;
      places.push({
        pack: this.#packs[pack - 1]?.id as string,
        offset: (this.entries[entry + OFFSET] as number) >>> 0,
        length: (this.entries[entry + LENGTH] as number) & 0x7fff_ffff,
        plainLength: this.entries[entry + PLAIN] || undefined,
      });
    }
    return places;
  }

  /** True when it is stored, or is about to be. */
  has(type: BlobType, id: string): boolean {
    const words = this.wordsOf(id);
    return this.isKnown(this.#headOf(words), 0, type, words);
  }

  /** How far the blobs of a pack reach, as far as is known. */
  endOf(pack: string): number {
    return this.#packs[(this.#numbers.get(pack) ?? 0) - 1]?.end ?? 0;
  }

  /** Marks of blobs, to be told which are in use; see `mark` and `inUse`. */
  newMarks(): Uint8Array {
    return new Uint8Array(this.last() + 1);
  }

  /** Marks every place of a blob; false when it has none, or was marked before. */
  mark(marks: Uint8Array, type: BlobType, id: string): boolean {
    const words = this.wordsOf(id);
    let marked = false;
    for (let at = this.#headOf(words); at !== 0; at = this.entries[at * WORDS + NEXT] as number) {
      if (marks[at] !== 0 || !this.isSame(this.entryOf(at), type, words)) continue;
      marks[at] = 1;
      marked = true;
    }
    return marked;
  }

  /** The marked blobs of all packs, or of those that are wanted; those of a pack by their offsets. */
  *inUse(
    marks: Uint8Array,
    isWanted?: (pack: string) => boolean,
  ): Generator<{ readonly pack: string; readonly blobs: readonly PackedBlob[] }> {
    const isOf = this.#isIn(isWanted);
    for (const { pack, entries } of this.#byPack((at) => marks[at] === 1 && isOf(at)))
      yield { pack, blobs: entries.map((at) => this.#blobAt(at * WORDS)).sort(byOffset) };
  }

  /** All blobs of all packs, or of those that are wanted; and which of them are marked. */
  *everyPack(marks: Uint8Array, isWanted?: (pack: string) => boolean): Generator<MarkedPack> {
    for (const { pack, entries } of this.#byPack(this.#isIn(isWanted))) {
      const blobs = entries.map((at) => ({ ...this.#blobAt(at * WORDS), marked: marks[at] === 1 }));
      yield { pack, blobs: blobs.sort(byOffset) };
    }
  }

  /** Whether an entry lies in one of the wanted packs, and whether it lies anywhere. */
  #isIn(isWanted: (pack: string) => boolean = () => true): (at: number) => boolean {
    const wanted = this.#packs.map(({ id }) => isWanted(id));
    return (at) => wanted[(this.entries[at * WORDS + PACK] as number) - 1] === true;
  }

  *#byPack(isWanted: (at: number) => boolean): Generator<{ pack: string; entries: number[] }> {
    const packOf = (at: number) => this.entries[at * WORDS + PACK] as number;
    const last = this.last();
    const found: number[] = [];
    for (let at = 1; at <= last; at++) if (packOf(at) > 0 && isWanted(at)) found.push(at);
    const sorted = Uint32Array.from(found).sort((left, right) => packOf(left) - packOf(right));
    for (let from = 0; from < sorted.length; ) {
      const number = packOf(sorted[from] as number);
      let to = from;
      while (to < sorted.length && packOf(sorted[to] as number) === number) to += 1;
      yield { pack: this.#packs[number - 1]?.id as string, entries: [...sorted.subarray(from, to)] };
      from = to;
    }
  }

  #blobAt(entry: number): PackedBlob {
    const { entries } = this;
    const length = entries[entry + LENGTH] as number;
    return {
      type: length < 0 ? 'tree' : 'data',
      id: this.idAt(entry),
      offset: (entries[entry + OFFSET] as number) >>> 0,
      length: length & 0x7fff_ffff,
      plainLength: entries[entry + PLAIN] || undefined,
    };
  }

  /** What was claimed and never stored is free to be claimed again. */
  giveUpClaims(): void {
    const last = this.last();
    for (let at = 1; at <= last; at++)
      Atomics.compareExchange(this.entries, at * WORDS + PACK, UNDERWAY, GIVEN_UP);
  }

  #headOf(words: Int32Array): number {
    return Atomics.load(this.buckets, this.bucketOf(words));
  }

  /** The entry that was claimed for it, or a new one; undefined for a place that is known already. */
  #entryFor({ type, offset }: PackedBlob, words: Int32Array, pack: number): number | undefined {
    let claimed: number | undefined;
    for (let at = this.#headOf(words); at !== 0; at = this.entries[at * WORDS + NEXT] as number) {
      const entry = this.entryOf(at);
      if (!this.isSame(entry, type, words)) continue;
      const known = this.entries[entry + PACK];
      if (known === pack && this.entries[entry + OFFSET] === (offset | 0)) return undefined;
      if (known === UNDERWAY) claimed = entry;
    }
    if (claimed !== undefined) return claimed;
    const entry = this.newEntry(type, words);
    const bucket = this.bucketOf(words);
    for (let head = Atomics.load(this.buckets, bucket); ; ) {
      this.entries[entry + NEXT] = head;
      const found = Atomics.compareExchange(this.buckets, bucket, head, entry / WORDS);
      if (found === head) return entry;
      head = found;
    }
  }

  #numberOf(id: string): number {
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = this.#packs.push({ id, end: 0 });
      this.#numbers.set(id, number);
    }
    return number;
  }
}

function byOffset(left: PackedBlob, right: PackedBlob): number {
  return left.offset - right.offset;
}
