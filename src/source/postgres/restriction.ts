/**
 * Newer clients put \restrict with a random word at the head of a dump and \unrestrict near its end, so that psql obeys no
 * other command of its own in between. The random word would make every dump another one: dumps are kept without them, and
 * whoever loads one puts a word of his own around it.
 */

/** Both stand alone on a line with an empty one after it; the first within the comment at the head. */
const HEAD = 4_096;
const TAIL = 1_024;

export async function* withoutRestriction(dump: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let word: string | undefined;
  let tail: Buffer = Buffer.alloc(0);
  for await (const part of dump) {
    let bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    if (head !== undefined) {
      head = Buffer.concat([head, bytes]);
      if (head.length < HEAD) continue;
      ({ bytes, word } = withoutHead(head));
      head = undefined;
    }
    if (word === undefined) {
      yield bytes;
      continue;
    }
    // The last bytes are kept back until it is known that they are the last.
    const held: Buffer = Buffer.concat([tail, bytes.subarray(-TAIL)]);
    if (bytes.length <= TAIL) {
      tail = held.subarray(-TAIL);
      if (held.length > TAIL) yield held.subarray(0, -TAIL);
    } else {
      if (tail.length > 0) yield tail;
      yield bytes.subarray(0, -TAIL);
      tail = Buffer.from(bytes.subarray(-TAIL));
    }
  }
  if (head !== undefined) ({ bytes: tail, word } = withoutHead(head));
  yield word === undefined ? tail : withoutLine(tail, `\\unrestrict ${word}\n`);
}

function withoutHead(head: Buffer): { bytes: Buffer<ArrayBuffer>; word: string | undefined } {
  const word = /^\\restrict ([A-Za-z0-9]+)$/m.exec(head.toString('latin1', 0, 512))?.[1];
  const bytes = word === undefined ? head : withoutLine(head, `\\restrict ${word}\n`);
  return { bytes: Buffer.from(bytes), word };
}

/** The last such line: what lies before it may look like one. */
function withoutLine(bytes: Buffer, line: string): Buffer {
  const before = bytes.lastIndexOf(Buffer.from(`\n${line}`));
  if (before < 0) return bytes;
  const end = before + 1 + line.length;
  return Buffer.concat([bytes.subarray(0, before + 1), bytes.subarray(bytes[end] === 0x0a ? end + 1 : end)]);
}
