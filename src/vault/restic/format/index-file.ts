/** A file in `index/`: which blobs lie in which packs. */
import { z } from 'zod';
import { isId, MOST_BLOB, type PackedBlob } from './blob.ts';
import { MOST_HEADER } from './pack.ts';
import { SEAL } from './sealing.ts';

export interface IndexedPack {
  readonly id: string;
  readonly blobs: readonly PackedBlob[];
}

export interface IndexFile {
  readonly packs: readonly IndexedPack[];
  /** packs that a prune has marked, as rustic does; what is in them is not to be used any more */
  readonly packsToDelete: readonly PackToDelete[];
}

export interface PackToDelete extends IndexedPack {
  /** RFC 3339: when it was marked */
  readonly time: string;
  /** bytes of the pack; without it, what its blobs come to */
  readonly size?: number | undefined;
}

/** What is in the list is looked at later, and not by a schema: there are as many as files. */
const list = z.custom<readonly unknown[] | null>((value) => value === null || Array.isArray(value));
const pack = z.object({ id: z.string(), blobs: list });
const schema = z.object({
  packs: z.array(pack).nullable(),
  packs_to_delete: z
    .array(pack.extend({ time: z.string(), size: z.int().nonnegative().optional() }))
    .nullish(),
});

/** A pack holds no more than its list can name. */
const MOST_BLOBS = MOST_HEADER / 37;

/** Throws a SyntaxError. */
export function parseIndexFile(json: string): IndexFile {
  const parsed = schema.safeParse(JSON.parse(json));
  if (!parsed.success) throw new SyntaxError(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  return {
    packs: (parsed.data.packs ?? []).map(parsePack),
    packsToDelete: (parsed.data.packs_to_delete ?? []).map(({ time, size, ...one }) => ({
      ...parsePack(one),
      time,
      ...(size === undefined ? {} : { size }),
    })),
  };
}

function parsePack({ id, blobs }: z.infer<typeof pack>): IndexedPack {
  if (!isId(id)) throw new SyntaxError('it names a pack by no id');
  if ((blobs?.length ?? 0) > MOST_BLOBS) throw new SyntaxError(`it gives the pack ${id} too many blobs`);
  return { id, blobs: (blobs ?? []).map(parseBlob) };
}

function parseBlob(value: unknown): PackedBlob {
  const { id, type, offset, length, uncompressed_length: plain } = (value ?? {}) as Record<string, unknown>;
  if (!isId(id)) throw new SyntaxError('it names a blob by no id');
  if (type !== 'data' && type !== 'tree') throw new SyntaxError(`the blob ${id} has no type`);
  if (!isSize(offset, 2 ** 32) || !isSize(length, MOST_BLOB) || length < SEAL) {
    throw new SyntaxError(`the blob ${id} lies nowhere`);
  }
  if (plain === undefined || plain === 0) return { type, id, offset, length, plainLength: undefined };
  if (!isSize(plain, MOST_BLOB)) throw new SyntaxError(`the blob ${id} has an absurd length`);
  return { type, id, offset, length, plainLength: plain };
}

function isSize(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

export function encodeIndexFile(
  packs: readonly IndexedPack[],
  packsToDelete: readonly PackToDelete[] = [],
): string {
  const marked = packsToDelete.map(({ time, size, ...pack }) => ({ ...encodePack(pack), time, size }));
  return JSON.stringify({
    packs: packs.map(encodePack),
    ...(marked.length === 0 ? {} : { packs_to_delete: marked }),
  });
}

function encodePack({ id, blobs }: IndexedPack): { readonly id: string; readonly blobs: readonly object[] } {
  return {
    id,
    blobs: blobs.map(({ id: blob, type, offset, length, plainLength }) => ({
      id: blob,
      type,
      offset,
      length,
      ...(plainLength === undefined ? {} : { uncompressed_length: plainLength }),
    })),
  };
}
