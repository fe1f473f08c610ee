/** Streams of a dump's pieces, and back to bytes. */
import type { DumpScanner, Piece } from './dump-scanner.ts';

/** What is handed on at once, in bytes: not so little that handing it on would cost more than what is done with it. */
const CHUNK = 65_536;

export async function* piecesOf(
  dump: AsyncIterable<Uint8Array>,
  scanner: DumpScanner,
): AsyncGenerator<readonly Piece[]> {
  for await (const part of dump) yield scanner.push(part);
  yield scanner.end();
}

/** Small parts put together. */
export class Chunks {
  #parts: Uint8Array[] = [];
  #size = 0;

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  /** What has come together, when it is worth handing on. */
  *full(): Generator<Uint8Array> {
    if (this.#size >= CHUNK) yield* this.rest();
  }

  *rest(): Generator<Uint8Array> {
    if (this.#size > 0) yield Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
  }
}
