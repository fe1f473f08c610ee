/**
 * Puts blobs that exist already into new packs. They are taken over as they are sealed, because the key is the same; but each
 * is opened and hashed first, so that no damage is carried on.
 */
import { UnderWay } from '../../base/under-way.ts';
import type { BlobType, PackedBlob } from './format/blob.ts';
import type { IndexedPack } from './format/index-file.ts';
import { packKey } from './layout.ts';
import { FILLER_SIZE, PackFiller } from './pack-filler.ts';
import type { Repository } from './repository.ts';
import type { FinishedPack } from './storing-jobs.ts';

/** Packs on their way to the storage. */
const MOST_PUTS = 3;

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

  /** Takes over a blob whose sealed bytes were opened and found sound. */
  async addSealed(blob: PackedBlob, sealed: Uint8Array): Promise<void> {
    this.#fillerOf(blob.type).addSealed(blob, sealed);
    await this.#puts.below(MOST_PUTS);
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
      const buffer = Buffer.alloc(FILLER_SIZE);
      filler = new PackFiller({ type, sealer, buffer, finished: (pack) => this.#put(pack) });
      this.#fillers.set(type, filler);
    }
    return filler;
  }

  #put({ id, bytes, blobs }: FinishedPack): void {
    const { storage } = this.#repository;
    const put = storage.put(packKey(id), bytes, { signal: this.#signal, durable: 'at-sync' });
    this.#puts.add(put.then(() => void this.#packs.push({ id, blobs })));
  }
}
