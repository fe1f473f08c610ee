/** A pack: sealed blobs, one behind the other, then a sealed list of them, then the length of that list. */
import { type BlobType, MOST_BLOB, type PackedBlob } from './blob.ts';
import { SEAL, type Sealer } from './sealing.ts';

/** A pack is closed when it has this many bytes; restic's own size. */
export const PACK_SIZE = 16 * 1024 * 1024;
/** No chunk of data is larger; a tree may be. */
export const MOST_CHUNK = 8 * 1024 * 1024;
export const MOST_HEADER = 16 * 1024 * 1024;
/** The length of the list, at the very end. */
export const TAIL = 4;

const PLAIN_ENTRY = 37;
const COMPRESSED_ENTRY = 41;
const types: readonly BlobType[] = ['data', 'tree'];

/** More blobs than this make a list that is longer than restic reads, however small they are. */
export const MOST_BLOBS = Math.floor((MOST_HEADER - SEAL) / COMPRESSED_ENTRY);

/** The list of a pack, `blobs` in the order in which they lie there. */
export function encodePackList(blobs: readonly PackedBlob[]): Buffer {
  const list = Buffer.allocUnsafeSlow(blobs.length * COMPRESSED_ENTRY);
  let at = 0;
  for (const { type, id, length, plainLength } of blobs) {
    at = list.writeUInt8(types.indexOf(type) + (plainLength === undefined ? 0 : 2), at);
    at = list.writeUInt32LE(length, at);
    if (plainLength !== undefined) at = list.writeUInt32LE(plainLength, at);
    at += list.write(id, at, 'hex');
  }
  return list.subarray(0, at);
}

/** What stands behind the blobs of a pack, `list` being theirs. */
export function encodePackEnd(list: Uint8Array, sealer: Sealer): Buffer {
  const header = sealer.seal(list);
  const tail = Buffer.alloc(TAIL);
  tail.writeUInt32LE(header.length);
  return Buffer.concat([header, tail]);
}

/** How long the list of a pack is, from the pack's last four bytes. Throws a SyntaxError. */
export function headerLength(tail: Uint8Array, packSize: number): number {
  const length = Buffer.from(tail).readUInt32LE();
  if (length < SEAL + PLAIN_ENTRY || length > MOST_HEADER || length + TAIL > packSize) {
    throw new SyntaxError(`its list would have ${length} bytes`);
  }
  return length;
}

/** The blobs of a pack of `packSize` bytes, from its sealed list. Throws a SyntaxError. */
export function parsePackHeader(sealed: Uint8Array, packSize: number, sealer: Sealer): PackedBlob[] {
  const blobs = parsePackList(sealer.open(sealed));
  const { offset, length } = blobs.at(-1) ?? { offset: 0, length: 0 };
  if (offset + length + sealed.length + TAIL !== packSize) {
    throw new SyntaxError('its list and its size do not agree');
  }
  return blobs;
}

/** Throws a SyntaxError for what is no list. */
export function parsePackList(header: Buffer): PackedBlob[] {
  const blobs: PackedBlob[] = [];
  let offset = 0;
  for (let at = 0; at < header.length; ) {
    const kind = header.readUInt8(at);
    const type = types[kind % 2];
    if (kind > 3 || type === undefined) throw new SyntaxError(`its list names a blob of type ${kind}`);
    const size = kind < 2 ? PLAIN_ENTRY : COMPRESSED_ENTRY;
    if (at + size > header.length) throw new SyntaxError('its list ends in the middle');
    const length = header.readUInt32LE(at + 1);
    const plainLength = kind < 2 ? undefined : header.readUInt32LE(at + 5);
    const id = header.toString('hex', at + size - 32, at + size);
    if (length < SEAL || (plainLength ?? 0) > MOST_BLOB)
      throw new SyntaxError('its list names absurd lengths');
    blobs.push({ type, id, offset, length, plainLength });
    offset += length;
    at += size;
  }
  return blobs;
}
