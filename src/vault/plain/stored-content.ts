/** The content of a stored file as the source had it, whichever way it is stored. */
import { fstatSync, readSync } from 'node:fs';
import { breathe } from '../../base/abort.ts';
import type { Node } from '../../model/node.ts';
import { partsOf, Tally, Unpackable, unpack } from './packing.ts';

const CHUNK = 1024 * 1024;

export interface Range {
  readonly offset: number;
  readonly end: number;
}

/** Parts of the content from `offset` to `end`, of an open file. Throws Unpackable when less, or something else, is there. */
export async function* readStored(
  file: number,
  node: Node,
  { offset, end }: Range,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (node.stored !== undefined) {
    yield* readPacked(file, node, { offset, end }, signal);
    return;
  }
  for (let position = offset; position < end; ) {
    const part = Buffer.allocUnsafe(Math.min(CHUNK, end - position));
    const read = readSync(file, part, 0, part.length, position);
    if (read === 0) throw new Unpackable(`it ends after ${position} bytes`);
    position += read;
    yield part.subarray(0, read);
    await breathe(signal);
  }
}

async function* readPacked(
  file: number,
  node: Node,
  { offset, end }: Range,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { size } = fstatSync(file);
  if (size !== node.stored?.size) throw new Unpackable(`${size} bytes in place of ${node.stored?.size}`);
  yield* rangeOfPacked(partsOf(file), node, { offset, end }, signal);
}

/** The same of what comes packed, from its beginning. */
export async function* rangeOfPacked(
  packed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  node: Node,
  { offset, end }: Range,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const part of unpack(packed, { size: node.size, stored: new Tally(), signal })) {
    const wanted = part.subarray(Math.max(0, offset - position), Math.max(0, end - position));
    position += part.length;
    if (wanted.length > 0) yield wanted;
    // Who wants all of it wants to know as well that nothing follows.
    if (position >= end && end < node.size) return;
  }
}

/** Reads what was packed to its end and says what is wrong with it, if anything. */
export async function packedFlaw(
  packed: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  node: Node,
  options: { signal: AbortSignal },
): Promise<string | undefined> {
  const [stored, content] = [new Tally(), new Tally()];
  try {
    for await (const part of unpack(packed, { size: node.size, stored, ...options })) content.add(part);
  } catch (error) {
    if (error instanceof Unpackable) return `it can not be unpacked: ${error.message}`;
    throw error;
  }
  if (stored.size !== node.stored?.size || stored.digest() !== node.stored.sha256)
    return 'its bytes hash to something else';
  return content.digest() === node.sha256 ? undefined : 'what it unpacks to hashes to something else';
}
