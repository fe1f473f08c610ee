/** Bytes of which no two places look alike, the same at each call. */
export function patternOf(size: number): Buffer {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0, word = 1; index < words.length; index++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = word;
  }
  return Buffer.from(words.buffer, 0, size);
}
