/** What every kind of vault must do. A kind's own test calls this with a way to make one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Capture } from '../../src/model/capture.ts';
import type { NodeMetadata } from '../../src/model/node.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import type { TroubleSink } from '../../src/model/trouble.ts';
import type { ComponentDraft, SnapshotWriter, Vault } from '../../src/vault/vault.ts';
import { captureDumps, type Dump, dumpOrigin, sqlText, takeDumps } from './dumps.ts';
import {
  captureOf,
  dayTime,
  describeSnapshot,
  draftOf,
  listed,
  never,
  nodeAt,
  nodesOf,
  originOf,
  silent,
  type TakeOptions,
  take,
  verifyAll,
  writing,
} from './taking.ts';

export interface VaultFactory {
  readonly kind: string;
  /** A vault in an empty place below `folder`, or the one that is there already. */
  open(folder: string): Promise<Vault>;
  /** content that lies anywhere in the vault is not stored again under another path */
  readonly deduplicates: boolean;
  /** Makes a snapshot unreadable, as a failing disk would. */
  ruin(folder: string, entry: SnapshotEntry): void | Promise<void>;
}

export function vaultContract(factory: VaultFactory): void {
  describe(`the contract of vaults, by ${factory.kind}`, () => {
    let folder = '';
    let root = '';
    let vault: Vault;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'hikae-contract-'));
      root = join(folder, 'source');
      mkdirSync(join(root, 'folder'), { recursive: true });
      writeFileSync(join(root, 'a'), 'first');
      writeFileSync(join(root, 'folder/b'), 'second');
      writeFileSync(join(root, 'big'), Buffer.alloc(3_000_000, 'x'));
      linkSync(join(root, 'a'), join(root, 'folder/a-again'));
      symlinkSync('nowhere', join(root, 'link'));
      vault = await factory.open(folder);
    });
    afterEach(async () => {
      await vault.close();
      rmSync(folder, { recursive: true });
    });

    const draft = (name: string): ComponentDraft => ({ name, origin: originOf({ root }) });
    const component = (writer: SnapshotWriter, name: string) =>
      writer.component(draft(name), (troubles) => captureOf({ root, component: name }, troubles));

    const assertEmpty = async () => {
      const { snapshots, unreadable, foreign = 0 } = await vault.list({ signal: never });
      assert.deepEqual({ snapshots, unreadable, foreign }, { snapshots: [], unreadable: [], foreign: 0 });
    };

    test('an empty vault lists nothing, and has an identity that stays', async () => {
      await assertEmpty();
      assert.match(vault.identity.id, /^[0-9a-f]{32}$/);
      const again = await factory.open(folder);
      assert.deepEqual(again.identity, vault.identity);
      await again.close();
    });

    test('nothing is visible before it is published, and all of it then', async () => {
      await writing(vault, async (writable) => {
        assert.equal(await writable.predecessor('files', { signal: never }), undefined);
        const begun = draftOf();
        const writer = await writable.begin(begun, { emit: silent, signal: never });
        assert.deepEqual(await listed(vault), []);
        const { summary, newBytes, unchanged } = await component(writer, 'c');
        assert.deepEqual(await listed(vault), []);
        assert.deepEqual(
          { nodes: summary.nodes, files: summary.files, bytes: summary.bytes, newBytes, unchanged },
          { nodes: 7, files: 4, bytes: 3_000_016, newBytes: 3_000_011, unchanged: 0 },
        );
        const entry = await writer.publish();
        assert.ok(entry.complete);
        assert.equal(entry.header.id, begun.id);
        const { snapshots, unreadable } = await vault.list({ signal: never });
        assert.deepEqual(snapshots, [entry]);
        assert.deepEqual(unreadable, []);
        assert.deepEqual(await writable.predecessor('files', { signal: never }), entry);
        assert.equal(await writable.predecessor('other', { signal: never }), undefined);
      });
      assert.deepEqual((await vault.list({ target: 'other', signal: never })).snapshots, []);
    });

    test('forced, it reads what nothing tells has changed, and shares what is the same', async () => {
      const attributes = new Map<string, NodeMetadata>();
      // As a disk that has lost a write shows it: other bytes, and everything else as it was.
      const capture = async (troubles: TroubleSink): Promise<Capture> => {
        const live = await captureOf({ root }, troubles);
        async function* nodes() {
          for await (const batch of live.nodes()) {
            yield batch.map((captured) => {
              const { path } = captured.metadata;
              const metadata = attributes.get(path) ?? captured.metadata;
              attributes.set(path, metadata);
              return { ...captured, metadata, xattrs: () => captured.xattrs() };
            });
          }
        }
        return { nodes, close: () => live.close() };
      };
      const store = (day: number, force: boolean) =>
        writing(vault, async (writable) => {
          const options = { emit: silent, signal: never, force };
          const writer = await writable.begin(draftOf({ time: dayTime(day) }), options);
          const { newBytes } = await writer.component(draft('c'), capture);
          return { newBytes, entry: await writer.publish() };
        });
      const contentOf = async ({ entry }: { entry: SnapshotEntry }) =>
        nodeAt(await nodesOf(vault, entry), 'c/folder/b').sha256;
      const first = await store(0, false);
      writeFileSync(join(root, 'folder/b'), 'SECOND');
      assert.equal(await contentOf(await store(1, false)), await contentOf(first));
      const forced = await store(2, true);
      assert.equal(await contentOf(forced), createHash('sha256').update('SECOND').digest('hex'));
      assert.equal(forced.newBytes, 6);
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('an abandoned snapshot is none', async () => {
      for (const discard of [true, false]) {
        await writing(vault, async (writable) => {
          const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
          await component(writer, 'c');
          await writer.abandon({ discard });
        });
        await assertEmpty();
      }
    });

    test('of a component that fails midway nothing remains, and it may be tried again', async () => {
      const entry = await writing(vault, async (writable) => {
        const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
        await component(writer, 'a');
        await assert.rejects(
          writer.component(draft('b'), async (troubles) =>
            failing(await captureOf({ root, component: 'b' }, troubles)),
          ),
          /the source gave up/,
        );
        await assert.rejects(
          writer.component(draft('b'), async () => {
            throw new Error('nothing to capture');
          }),
          /nothing to capture/,
        );
        // Something else by now: of the first try nothing may be left.
        unlinkSync(join(root, 'big'));
        await component(writer, 'b');
        await component(writer, 'c');
        return writer.publish();
      });
      const nodes = await nodesOf(vault, entry);
      assert.deepEqual(
        [...nodes.keys()].filter((path) => path.startsWith('b')),
        ['b', 'b/a', 'b/folder', 'b/folder/a-again', 'b/folder/b', 'b/link'],
      );
      assert.ok(nodes.has('a/big' as never));
      assert.deepEqual(
        entry.header.components.map(({ name, complete }) => ({ name, complete })),
        ['a', 'b', 'c'].map((name) => ({ name, complete: true })),
      );
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('an absent component makes the snapshot incomplete', async () => {
      const entry = await writing(vault, async (writable) => {
        const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
        writer.absent(draft('b'));
        await component(writer, 'c');
        return writer.publish();
      });
      assert.equal(entry.complete, false);
      const [found] = (await vault.list({ signal: never })).snapshots;
      assert.deepEqual(found, entry);
      assert.deepEqual(
        found?.header.components.map(({ name, complete }) => `${name} ${complete}`),
        ['b false', 'c true'],
      );
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('what has not changed costs nothing the next time', async () => {
      await take(vault, { root });
      writeFileSync(join(root, 'folder/b'), 'second, changed');
      const { stored, entry } = await take(vault, { root, time: dayTime(1) });
      assert.equal(stored.newBytes, 'second, changed'.length);
      assert.equal(stored.unchanged, stored.summary.nodes - 1);
      assert.equal(nodeAt(await nodesOf(vault, entry), 'c/folder/b').size, 15);
    });

    test('the newest incomplete and the newest complete snapshot are both shared', async () => {
      await writing(vault, async (writable) => {
        const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
        await component(writer, 'a');
        await component(writer, 'b');
        await writer.publish();
      });
      await writing(vault, async (writable) => {
        const writer = await writable.begin(draftOf({ time: dayTime(1) }), { emit: silent, signal: never });
        writer.absent(draft('a'));
        await component(writer, 'b');
        await writer.publish();
      });
      await writing(vault, async (writable) => {
        const writer = await writable.begin(draftOf({ time: dayTime(2) }), { emit: silent, signal: never });
        assert.equal((await component(writer, 'a')).newBytes, 0);
        assert.equal((await component(writer, 'b')).newBytes, 0);
        await writer.publish();
      });
    });

    test('a safety snapshot is shared as well, and takes the place of no other', async () => {
      const day = (options: Partial<TakeOptions>, ...names: string[]) =>
        writing(vault, async (writable) => {
          const writer = await writable.begin(draftOf(options), { emit: silent, signal: never });
          const stored = [];
          for (const name of names) stored.push(await component(writer, name));
          return { entry: await writer.publish(), newBytes: stored.map(({ newBytes }) => newBytes) };
        });
      const { entry } = await day({}, 'a', 'b');
      writeFileSync(join(root, 'new'), 'since the last backup');
      await day({ time: dayTime(1), schedule: 'safety' }, 'a');
      await writing(vault, async (writable) => {
        assert.deepEqual(await writable.predecessor('files', { signal: never }), entry);
      });
      const { newBytes } = await day({ time: dayTime(2) }, 'a', 'b');
      assert.deepEqual(newBytes, [0, factory.deduplicates ? 0 : 'since the last backup'.length]);
    });

    test('a snapshot that is derived has the same id and the same data, and costs nothing', async () => {
      const { entry } = await take(vault, { root });
      const weekly = await writing(vault, (writable) =>
        writable.derive(entry, 'weekly', { emit: silent, signal: never }),
      );
      assert.equal(weekly.header.schedule, 'weekly');
      assert.deepEqual({ ...weekly.header, schedule: 'daily' }, entry.header);
      assert.deepEqual(await nodesOf(vault, weekly), await nodesOf(vault, entry));
      assert.deepEqual(await describeSnapshot(vault, weekly), await describeSnapshot(vault, entry));
      assert.equal((await listed(vault)).length, 2);
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('a derived snapshot outlives the one that it was made from', async () => {
      const { entry } = await take(vault, { root });
      const before = await describeSnapshot(vault, entry);
      const weekly = await writing(vault, async (writable) => {
        const derived = await writable.derive(entry, 'weekly', { emit: silent, signal: never });
        await writable.remove(entry, { signal: never });
        return derived;
      });
      assert.deepEqual(await describeSnapshot(vault, weekly), before);
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('what was removed is listed no more, whatever is left of it', async () => {
      const { entry } = await take(vault, { root });
      const other = await take(vault, { root, time: dayTime(1) });
      const cancelled = AbortSignal.abort();
      await writing(vault, async (writable) => {
        await assert.rejects(writable.remove(entry, { signal: cancelled }));
        assert.equal((await listed(vault)).length, 2, 'a cancelled removal has not begun');
        await writable.remove(entry, { signal: never });
        assert.deepEqual(await listed(vault), [other.entry.place]);
      });
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('a snapshot that is being read is not removed', async () => {
      const { entry } = await take(vault, { root });
      const reader = await vault.open(entry, { signal: never });
      await writing(vault, async (writable) => {
        await assert.rejects(writable.remove(entry, { signal: never }), (error) =>
          isHikaeError(error, 'SNAPSHOT_IN_USE'),
        );
        await reader.close();
        await writable.remove(entry, { signal: never });
      });
      assert.deepEqual(await listed(vault), []);
    });

    test('protection is listed, lifted, and gone with the snapshot', async () => {
      const { entry } = await take(vault, { root });
      const protectedUntil = async () =>
        (await vault.list({ signal: never })).snapshots.map((one) => one.protectedUntil);
      await writing(vault, async (writable) => {
        await writable.protect(entry, dayTime(90), { signal: never });
        assert.deepEqual(await protectedUntil(), [dayTime(90)]);
        await writable.protect(entry, undefined, { signal: never });
        assert.deepEqual(await protectedUntil(), [undefined]);
        await writable.protect(entry, dayTime(90), { signal: never });
        await writable.remove(entry, { signal: never });
      });
      await take(vault, { root });
      assert.deepEqual(await protectedUntil(), [undefined], 'another snapshot in the same place');
    });

    test('what can not be read is listed as such and hides nothing else', async () => {
      const { entry } = await take(vault, { root });
      const other = await take(vault, { root, time: dayTime(1) });
      await factory.ruin(folder, entry);
      const { snapshots, unreadable } = await vault.list({ signal: never });
      assert.deepEqual(snapshots, [other.entry]);
      assert.deepEqual(
        unreadable.map(({ place }) => place),
        [entry.place],
      );
      assert.ok(unreadable[0]?.reason instanceof Error);
      assert.ok((await take(vault, { root, time: dayTime(2) })).entry.complete);
    });

    test('a reader gives nodes in order, contents whole and in parts, and places', async () => {
      const { entry } = await take(vault, { root });
      const nodes = await nodesOf(vault, entry);
      assert.deepEqual(
        [...nodes.keys()],
        ['c', 'c/a', 'c/big', 'c/folder', 'c/folder/a-again', 'c/folder/b', 'c/link'],
      );
      assert.equal(nodeAt(nodes, 'c/folder/a-again').hardlink, 'c/a');
      assert.equal(nodeAt(nodes, 'c/link').target, 'nowhere');
      const reader = await vault.open(entry, { signal: never });
      const read = async (path: string, options = {}) => {
        const parts: Uint8Array[] = [];
        for await (const part of reader.content(nodeAt(nodes, path), options)) parts.push(part);
        return Buffer.concat(parts).toString();
      };
      assert.equal(await read('c/a'), 'first');
      assert.equal(await read('c/folder/a-again'), 'first');
      assert.equal(await read('c/a', { offset: 1, length: 3 }), 'irs');
      assert.equal(await read('c/a', { offset: 4 }), 't');
      assert.equal((await read('c/big')).length, 3_000_000);
      const located = reader.locate(nodeAt(nodes, 'c/folder/b'));
      if (located !== undefined) {
        assert.ok(located.directory >= 0);
        located.release();
      }
      const names: string[] = [];
      for await (const batch of reader.nodes({ component: 'other' }))
        names.push(...batch.map(({ path }) => path));
      assert.deepEqual(names, []);
      await reader.close();
    });

    describe('streams', () => {
      const dumps: Record<string, Dump> = {
        'empty.sql': { content: '' },
        'large.sql': { content: sqlText(3_000_000) },
        'plain.txt': { content: 'plain', compressible: false },
        'small.sql': { content: 'SELECT 1;\n' },
      };
      const day = (at: number, more: Record<string, Dump> = {}) =>
        takeDumps(vault, { ...dumps, ...more }, { time: dayTime(at) });

      test('are read back as they came, whole and in parts', async () => {
        const { entry, stored } = await day(0);
        assert.equal(stored.summary.bytes, 3_000_015);
        assert.equal(stored.summary.files, 4);
        const nodes = await nodesOf(vault, entry);
        assert.deepEqual([...nodes.keys()], ['c', ...Object.keys(dumps).map((name) => `c/${name}`)]);
        const reader = await vault.open(entry, { signal: never });
        for (const [name, { content }] of Object.entries(dumps)) {
          const node = nodeAt(nodes, `c/${name}`);
          const whole = Buffer.from(content as string);
          assert.equal(node.size, whole.length);
          assert.equal(node.sha256, createHash('sha256').update(whole).digest('hex'));
          const length = whole.length;
          for (const [offset, wanted] of [
            [0, length],
            [0, 1],
            [1, length],
            [Math.floor(length / 3), 70_000],
            [length - 1, 10],
            [length, 1],
            [0, 0],
          ] as const) {
            const parts: Uint8Array[] = [];
            for await (const part of reader.content(node, { offset, length: wanted })) parts.push(part);
            const expected = whole.subarray(offset, offset + wanted);
            assert.ok(Buffer.concat(parts).equals(expected), `${name}: ${wanted} bytes from ${offset}`);
          }
        }
        await reader.close();
        assert.deepEqual((await verifyAll(vault)).findings, []);
      });

      test('with the same content cost nothing the next time, and are another where they changed', async () => {
        const { entry: first } = await day(0);
        const { entry: second, stored } = await day(1);
        assert.equal(stored.newBytes, 0);
        assert.equal(stored.unchanged, 4);
        const { entry: third } = await day(2, { 'small.sql': { content: 'SELECT 2;\n' } });
        const described = await describeSnapshot(vault, second);
        assert.equal(described.get('c/large.sql'), (await describeSnapshot(vault, first)).get('c/large.sql'));
        const changed = await describeSnapshot(vault, third);
        assert.equal(changed.get('c/large.sql'), described.get('c/large.sql'));
        assert.notEqual(changed.get('c/small.sql'), described.get('c/small.sql'));
        assert.deepEqual((await verifyAll(vault)).findings, []);
      });

      test('of a derived snapshot are the same, and outlive the one that it was made from', async () => {
        const { entry } = await day(0);
        const [nodes, described] = [await nodesOf(vault, entry), await describeSnapshot(vault, entry)];
        const weekly = await writing(vault, async (writable) => {
          const derived = await writable.derive(entry, 'weekly', { emit: silent, signal: never });
          assert.deepEqual(await nodesOf(vault, derived), nodes);
          await writable.remove(entry, { signal: never });
          return derived;
        });
        assert.deepEqual(await describeSnapshot(vault, weekly), described);
        assert.deepEqual((await verifyAll(vault)).findings, []);
      });

      test('that end with an error leave nothing, and the component may be tried again', async () => {
        const failing = {
          content: async function* () {
            yield sqlText(200_000);
            throw new Error('the server has gone away');
          },
        };
        const entry = await writing(vault, async (writable) => {
          const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
          const draft = { name: 'c', origin: dumpOrigin };
          await assert.rejects(
            writer.component(draft, async () => captureDumps({ ...dumps, 'large.sql': failing }, dayTime(0))),
            /the server has gone away/,
          );
          await writer.component(draft, async () => captureDumps(dumps, dayTime(0)));
          return writer.publish();
        });
        assert.equal(nodeAt(await nodesOf(vault, entry), 'c/large.sql').size, 3_000_000);
        assert.deepEqual((await verifyAll(vault)).findings, []);
      });
    });

    test('a preview says what writing then does', async () => {
      const changes = [
        () => undefined,
        () => writeFileSync(join(root, 'folder/b'), 'now longer than it was'),
        () => writeFileSync(join(root, 'a'), 'both names change'),
        () => unlinkSync(join(root, 'folder/a-again')),
        () => writeFileSync(join(root, 'new'), 'new'),
      ];
      await take(vault, { root });
      for (const [day, change] of changes.entries()) {
        change();
        const capture = await captureOf({ root }, () => undefined);
        const preview = await vault.preview('files', draft('c'), capture, { signal: never });
        await capture.close();
        const before = await listed(vault);
        const { stored } = await take(vault, { root, time: dayTime(day + 1) });
        assert.equal((await listed(vault)).length, before.length + 1);
        const { nodes, bytes } = stored.summary;
        const { newBytes, unchanged } = stored;
        assert.deepEqual(preview, { nodes, bytes, newBytes, unchanged }, `change ${day}`);
      }
    });

    test('one writer at a time', async () => {
      await writing(vault, async () => {
        const other = await factory.open(folder);
        await assert.rejects(other.acquire({ wait: 0, emit: silent, signal: never }), (error) =>
          isHikaeError(error, 'VAULT_LOCKED'),
        );
        await other.close();
      });
      await (await vault.acquire({ wait: 0, emit: silent, signal: never })).release();
    });
  });
}

/** Ends with an error after its first nodes. */
function failing(capture: Capture): Capture {
  return {
    async *nodes() {
      for await (const batch of capture.nodes()) {
        yield batch;
        throw new Error('the source gave up');
      }
    },
    close: () => capture.close(),
  };
}
