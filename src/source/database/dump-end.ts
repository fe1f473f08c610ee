/** A dump is whole when its last line but a few says so: a client that was cut off may still report success. */

/** How far from its end a dump says that it is complete, in bytes. */
const TAIL = 1_024;

/** Passes the dump on, and throws what `cut` makes when its end lacks the marker. */
export async function* withEnd(
  dump: AsyncIterable<Uint8Array>,
  marker: string,
  cut: () => Error,
): AsyncGenerator<Uint8Array> {
  const tail = new Tail();
  for await (const part of dump) {
    tail.add(part);
    yield part;
  }
  if (!tail.has(marker)) throw cut();
}

/** The last bytes of a stream. */
class Tail {
  #bytes: Buffer = Buffer.alloc(0);

  add(part: Uint8Array): void {
    this.#bytes =
      part.length >= TAIL
        ? Buffer.from(part.subarray(part.length - TAIL))
        : Buffer.concat([this.#bytes, part]).subarray(-TAIL);
  }

  /** Whether a line of it begins with the marker. */
  has(marker: string): boolean {
    return this.#bytes.lastIndexOf(`\n${marker}`) >= 0;
  }
}
