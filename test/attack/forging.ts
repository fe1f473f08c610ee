/** What an intruder makes with the repository's password: objects that nobody can tell from true ones by their seal. */
import { createHash, randomBytes } from 'node:crypto';
import { Secret } from '../../src/base/secret.ts';
import { idOf, type PackedBlob } from '../../src/vault/restic/format/blob.ts';
import {
  encodeIndexFile,
  type IndexedPack,
  parseIndexFile,
} from '../../src/vault/restic/format/index-file.ts';
import { encodePackEnd, encodePackList } from '../../src/vault/restic/format/pack.ts';
import { encodeUnpacked } from '../../src/vault/restic/format/unpacked.ts';
import { keyOf, packKey } from '../../src/vault/restic/layout.ts';
import { listIds, readUnpacked } from '../../src/vault/restic/objects.ts';
import { openRepository, type Repository } from '../../src/vault/restic/repository.ts';
import { PASSWORD } from '../vault/restic-taking.ts';
import { never } from '../vault/taking.ts';
import type { Field } from './ground.ts';

const options = { signal: never };

export class Forger {
  readonly #field: Field;
  readonly repository: Repository;

  private constructor(field: Field, repository: Repository) {
    this.#field = field;
    this.repository = repository;
  }

  static async at(field: Field): Promise<Forger> {
    const storage = await field.storage();
    const password = new Secret(PASSWORD);
    const repository = await openRepository(storage, { password, random: randomBytes, ...options });
    if (repository === undefined) throw new Error('there is no repository');
    return new Forger(field, repository);
  }

  async close(): Promise<void> {
    await this.repository.storage.close();
  }

  /** Stores JSON as an object of its own, under its hash. */
  async put(folder: 'index' | 'snapshots' | 'locks', json: string): Promise<string> {
    const sealed = this.repository.sealer.seal(encodeUnpacked(json, 2));
    const id = idOf(sealed);
    await this.#field.put(keyOf(folder, id), sealed, hashed(sealed));
    return id;
  }

  /** An index that claims these blobs for a pack. */
  async claim(pack: string, blobs: readonly PackedBlob[]): Promise<string> {
    return this.put('index', encodeIndexFile([{ id: pack, blobs }]));
  }

  /** A pack that is whole from outside, and has garbage where these blobs should be. */
  async garbagePack(blobs: readonly Pick<PackedBlob, 'type' | 'id'>[]): Promise<IndexedPack> {
    const length = 200;
    const listed = blobs.map((blob, at) => ({
      ...blob,
      offset: at * length,
      length,
      plainLength: undefined,
    }));
    const body = Buffer.concat([
      randomBytes(length * blobs.length),
      encodePackEnd(encodePackList(listed), this.repository.sealer),
    ]);
    const id = idOf(body);
    await this.#field.put(packKey(id), body, hashed(body));
    return { id, blobs: listed };
  }

  /** What the true indexes say. */
  async packs(): Promise<readonly IndexedPack[]> {
    const { storage } = this.repository;
    const packs: IndexedPack[] = [];
    for (const { id } of await listIds(storage, 'index', options))
      packs.push(...(await readUnpacked(this.repository, keyOf('index', id), parseIndexFile, options)).packs);
    return packs;
  }
}

/** As the uploader has to send it, so that the server keeps the hash. */
export function hashed(body: Uint8Array) {
  const ChecksumSHA256 = createHash('sha256').update(body).digest('base64');
  return { ChecksumAlgorithm: 'SHA256', ChecksumSHA256 } as const;
}
