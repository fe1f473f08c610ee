/** Packs of blobs so small that the list of them is longer than they are. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Kernels } from '../../kernels/kernels.ts';
import { newMasterKey } from './format/key-file.ts';
import { MOST_BLOBS, MOST_HEADER, parsePackHeader, TAIL } from './format/pack.ts';
import { SEAL, Sealer } from './format/sealing.ts';
import { PackFiller } from './pack-filler.ts';
import type { FinishedPack } from './storing-jobs.ts';

test('a pack takes no more blobs than can be listed, however small they are', () => {
  const sealer = new Sealer(newMasterKey(randomBytes), { kernels: new Kernels(0), random: randomBytes });
  const packs: FinishedPack[] = [];
  const filler = new PackFiller({ type: 'data', sealer, finished: (pack) => packs.push(pack) });
  const sealed = Buffer.alloc(SEAL + 1);
  const count = MOST_BLOBS + 3;
  for (let at = 0; at < count; at += 1) {
    filler.addSealed(
      { id: at.toString(16).padStart(64, '0'), length: sealed.length, plainLength: 1 },
      sealed,
    );
  }
  filler.flush();
  assert.deepEqual(
    packs.map(({ blobs }) => blobs.length),
    [MOST_BLOBS, 3],
  );
  for (const { bytes, blobs } of packs) {
    const end = bytes.length - TAIL;
    const length = Buffer.from(bytes).readUInt32LE(end);
    assert.ok(length <= MOST_HEADER);
    assert.deepEqual(parsePackHeader(bytes.subarray(end - length, end), bytes.length, sealer), blobs);
  }
});
