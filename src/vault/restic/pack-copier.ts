/**
 * Puts blobs that exist already into new packs. They are taken over as they are sealed, because the key is the same; but each
 * is opened and hashed first, so that no damage is carried on.
 */
import { UnderWay } from '../../base/under-way.ts';
import type { Emit } from '../../model/events.ts';
import { unpackBlob } from './blob-reader.ts';
import { isLoss } from './damage.ts';
import type { BlobType, PackedBlob } from './format/blob.ts';
import type { IndexedPack } from './format/index-file.ts';
import { packKey } from './layout.ts';
import { PackFiller } from './pack-filler.ts';
import type { Repository } from './repository.ts';
import type { FinishedPack } from './storing-jobs.ts';

/** Packs on their way to the storage. */
const MOST_PUTS = 3;
/** So much that nobody needs is read along, rather than to ask once more. */
const MOST_GAP = 256 * 1024;
const MOST_PIECE = 16 * 1024 * 1024;

export class PackCopier {
  readonly #repository: Repository;
  readonly #signal: AbortSignal;
  readonly #fillers = new Map<BlobType, PackFiller>();
  readonly #puts = new UnderWay();
  readonly #packs: IndexedPack[] = [];

  constructor(repository: Repository, { signal }: { readonly signal: AbortSignal }) {
    this.#repository = repository;
    this.#signal = signal;
  }

  /**
   * Copies these blobs of a pack, which are given by their offsets. False when one of them can't be read as what it should
   * be; what was copied until then is there twice.
   */
  async copy(pack: string, blobs: readonly PackedBlob[], emit: Emit): Promise<boolean> {
    for (const piece of piecesOf(blobs)) {
      let sound: readonly (readonly [PackedBlob, Uint8Array])[];
      try {
        sound = await this.#readSound(pack, piece);
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!(error instanceof SyntaxError || isLoss(error))) throw error;
        return false;
      }
      for (const [blob, sealed] of sound) {
        this.#fillerOf(blob.type).addSealed(blob, sealed);
        await this.#puts.below(MOST_PUTS);
      }
      emit({ type: 'work.done', files: 0, bytes: piece.length, unchanged: 0, changed: 0 });
    }
    return true;
  }

  async #readSound(
    pack: string,
    { offset, length, blobs }: Piece,
  ): Promise<readonly (readonly [PackedBlob, Uint8Array])[]> {
    const { storage } = this.#repository;
    const bytes = await storage.readRange(packKey(pack), { offset, length, signal: this.#signal });
    return blobs.map((blob) => {
      const sealed = bytes.subarray(blob.offset - offset, blob.offset - offset + blob.length);
      unpackBlob(blob.id, blob, sealed, this.#repository);
      return [blob, sealed] as const;
    });
  }

  /** Stores a blob by its plain bytes, whose hash is `id`. */
  async add(type: BlobType, id: string, plain: Uint8Array): Promise<void> {
    this.#fillerOf(type).add(id, plain);
    await this.#puts.below(MOST_PUTS);
  }

  /** The packs that were made, when all of them are durable. */
  async finish(): Promise<readonly IndexedPack[]> {
    for (const filler of this.#fillers.values()) filler.flush();
    await this.#puts.below(1);
    if (this.#packs.length > 0) await this.#repository.storage.sync({ signal: this.#signal });
    return this.#packs;
  }

  /** Waits until nothing is on its way any more, however it ends: for when something else has failed. */
  async end(): Promise<void> {
    await this.#puts.below(1).catch(() => undefined);
  }

  #fillerOf(type: BlobType): PackFiller {
    let filler = this.#fillers.get(type);
    if (filler === undefined) {
      const { sealer } = this.#repository;
      filler = new PackFiller({ type, sealer, finished: (pack) => this.#put(pack) });
      this.#fillers.set(type, filler);
    }
    return filler;
  }

  #put({ id, bytes, blobs }: FinishedPack): void {
    const { storage } = this.#repository;
    const options = { signal: this.#signal, durable: 'at-sync', isNew: true, sha256: id } as const;
    const put = storage.put(packKey(id), bytes, options);
    this.#puts.add(put.then(() => void this.#packs.push({ id, blobs })));
  }
}

interface Piece {
  readonly offset: number;
  length: number;
  readonly blobs: PackedBlob[];
}

/** What is to be read at once: blobs that lie near each other. */
function piecesOf(blobs: readonly PackedBlob[]): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const blob of blobs) {
    const last = pieces.at(-1);
    const end = blob.offset + blob.length;
    const isNear = last !== undefined && blob.offset <= last.offset + last.length + MOST_GAP;
    if (isNear && end - last.offset <= MOST_PIECE) {
      last.length = Math.max(last.length, end - last.offset);
      last.blobs.push(blob);
    } else {
      pieces.push({ offset: blob.offset, length: blob.length, blobs: [blob] });
    }
  }
  return pieces;
}
