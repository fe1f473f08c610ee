import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Node } from '../model/node.ts';
import type { SnapshotReader } from '../model/snapshot-reader.ts';
import { withHashes } from './whole-hashes.ts';

/** A reader whose every content is one text; `reads` counts. */
function readerOf(text: string) {
  const reads = { count: 0 };
  async function* content() {
    reads.count += 1;
    yield Buffer.from(text);
  }
  return { reads, reader: { content } as unknown as SnapshotReader };
}

test('only what is known in parts is read, and only where the other side needs it', async () => {
  const signal = new AbortController().signal;
  const sha256 = createHash('sha256').update('text').digest('hex');
  const whole = { type: 'file', sha256 } as Node;
  const parts = { type: 'file', inParts: true } as Node;
  const [left, right] = [readerOf('text'), readerOf('text')];
  const [known] = await withHashes([left.reader, whole], [right.reader, whole], signal);
  assert.equal(known, whole);
  const [one, other] = await withHashes([left.reader, whole], [right.reader, parts], signal);
  assert.deepEqual([one.sha256, other.sha256], [sha256, sha256]);
  assert.deepEqual([left.reads.count, right.reads.count], [0, 1]);
});
