import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawName } from '../../../base/raw-path.ts';
import { packResults, packTasks, unpackResults, unpackTasks } from './job.ts';
import type { FileResult } from './write.ts';

/** As object literals are: a record without prototype would come back with one. */
const plain = { noNullPrototype: true } as const;
// A name has anything in it but a slash.
const name = fc.string({ minLength: 1 }).map((text) => text.replaceAll('/', '_') as RawName);
const place = fc.record({ directory: fc.nat(2 ** 31 - 1), name }, plain);
const id = fc.nat(2 ** 32 - 2);
const range = fc.record({ offset: fc.nat(), length: fc.nat() }, plain);
const xattr = fc.record({ name: fc.string(), value: fc.uint8Array() }, plain);

const tasks = fc.boolean().chain((owned) =>
  fc.array(
    fc.record(
      {
        from: place,
        to: place,
        temporary: name,
        size: fc.nat(Number.MAX_SAFE_INTEGER),
        sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
        holes: fc.array(range),
        attributes: fc.record(
          {
            owner: owned ? fc.record({ uid: id, gid: id }, plain) : fc.constant(undefined),
            mode: fc.nat(0o7777),
            mtime: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
            xattrs: fc.array(xattr),
          },
          plain,
        ),
        publish: fc.boolean(),
        bare: fc.boolean(),
      },
      plain,
    ),
  ),
);

test('tasks come out of a job as they went in, also through a clone', () => {
  fc.assert(
    fc.property(tasks, (given) => {
      assert.deepEqual([...unpackTasks(structuredClone(packTasks(given)))], given);
    }),
  );
});

const result: fc.Arbitrary<FileResult> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('written' as const),
      inode: fc.bigInt(0n, 2n ** 64n - 1n),
      device: fc.bigInt(0n, 2n ** 64n - 1n),
      unset: fc.array(fc.string()),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('failed' as const),
      where: fc.constantFrom('vault' as const, 'destination' as const),
      code: fc.string(),
      reason: fc.string(),
    },
    plain,
  ),
  fc.constant({ kind: 'cancelled' as const }),
);

test('results come back as they were sent, also through a clone', () => {
  fc.assert(
    fc.property(fc.array(result), (given) => {
      assert.deepEqual(unpackResults(structuredClone(packResults(given))), given);
    }),
  );
});
