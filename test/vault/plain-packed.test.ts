/** What the plain vault packs: usable by hand, shared while unchanged, and nothing that was harmed is believed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isHikaeError } from '../../src/base/errors.ts';
import type { RawName } from '../../src/base/raw-path.ts';
import type { VerifyLevel } from '../../src/model/finding.ts';
import type { Node, StoredForm } from '../../src/model/node.ts';
import type { SnapshotEntry } from '../../src/model/snapshot.ts';
import { planFilesRestore } from '../../src/source/files/restore/restore.ts';
import { encodeTrailer } from '../../src/vault/plain/header-line.ts';
import { encodeNode, parseNode } from '../../src/vault/plain/node-line.ts';
import { captureComponent } from '../../src/vault/snapshot-capture.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { captureDumps, type Dump, dumpOrigin, sqlText, takeDumps } from './dumps.ts';
import {
  dayTime,
  describeSnapshot,
  draftOf,
  listed,
  never,
  nodeAt,
  nodesOf,
  openVault,
  silent,
  take,
  verifyAll,
  writing,
} from './taking.ts';

const sql = sqlText(400_000);
const gz = 'daily/files/2026-11-22/c/mail.sql.gz';

describe('a dump in a plain vault', () => {
  let folder = '';
  let place = '';
  let vault: Vault;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hikae-packed-'));
    place = join(folder, 'vault');
    vault = await openVault(place);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const at = (path: string) => join(place, path);
  const inode = (path: string) => lstatSync(at(path)).ino;
  const day = (number: number, dumps: Record<string, Dump> = { 'mail.sql': { content: sql } }) =>
    takeDumps(vault, dumps, { time: dayTime(number) });

  async function mailNode(entry: SnapshotEntry): Promise<Node> {
    return nodeAt(await nodesOf(vault, entry), 'c/mail.sql');
  }

  async function read(
    entry: SnapshotEntry,
    range: { offset?: number; length?: number } = {},
  ): Promise<Buffer> {
    const reader = await vault.open(entry, { signal: never });
    try {
      const parts: Uint8Array[] = [];
      const node = nodeAt(await nodesOf(vault, entry), 'c/mail.sql');
      for await (const part of reader.content(node, range)) parts.push(part);
      return Buffer.concat(parts);
    } finally {
      await reader.close();
    }
  }

  async function findingsOf(entry: SnapshotEntry, level: VerifyLevel): Promise<string[]> {
    const sample = level === 'sample' ? { sample: { seconds: 60, seed: 1 } } : {};
    const { findings } = await vault.verify([entry], { level, ...sample, emit: silent, signal: never });
    return findings.map(({ kind, path, reason }) => `${kind} ${path}: ${reason}`);
  }

  /** Changes the stored file behind hikae's back; a failing disk doesn't move its time. */
  function harm(path: string, change: (file: string) => void): void {
    const { atime } = lstatSync(at(path));
    execFileSync('cp', ['--attributes-only', '--preserve=timestamps', at(path), join(folder, 'times')]);
    change(at(path));
    utimesSync(at(path), atime, atime);
    execFileSync('touch', ['--reference', join(folder, 'times'), at(path)]);
  }

  /** Has the manifest and the checksums say what is there, as somebody with a text editor and time could. */
  function forge(entry: SnapshotEntry, change: (node: Node, bytes: Buffer) => Node): void {
    const path = at(`${entry.place}/.hikae/manifest`);
    const [header = '', ...rest] = readFileSync(path, 'utf8').trimEnd().split('\n');
    const bytes = readFileSync(at(`${entry.place}/c/mail.sql.gz`));
    const lines = rest.slice(0, -1).map((line) => {
      const node = parseNode(line);
      return node.stored === undefined ? line : encodeNode(change(node, bytes));
    });
    const body = [header, ...lines].map((line) => `${line}\n`).join('');
    const trailer = encodeTrailer({ nodes: lines.length, sha256: hashOf(body) });
    writeFileSync(path, `${body}${trailer}\n`);
    const sums = `${hashOf(bytes)}  c/mail.sql.gz\n${hashOf(readFileSync(path))}  .hikae/manifest\n`;
    writeFileSync(at(`${entry.place}/checksums.sha256`), sums);
  }

  const storedBytes = (bytes: Buffer): Pick<StoredForm, 'size' | 'sha256'> => ({
    size: bytes.length,
    sha256: hashOf(bytes),
  });
  const asStored = (node: Node, bytes: Buffer): Node => ({
    ...node,
    stored: { ...(node.stored as StoredForm), ...storedBytes(bytes) },
  });

  test('lies there for zcat and sha256sum, and is the plain file to everybody else', async () => {
    const { entry, stored } = await day(0);
    assert.deepEqual(readdirSync(at('daily/files/2026-11-22/c')), ['mail.sql.gz']);
    assert.ok(execFileSync('zcat', [at(gz)]).equals(sql));
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'checksums.sha256'], {
      cwd: at('daily/files/2026-11-22'),
    });
    assert.equal(lstatSync(at(gz)).mode & 0o7777, 0o600);
    const size = lstatSync(at(gz)).size;
    assert.ok(size < sql.length / 2, `${size} bytes of ${sql.length}`);
    assert.equal(stored.newBytes, size);
    assert.equal(stored.summary.bytes, sql.length);
    const node = await mailNode(entry);
    assert.deepEqual(
      [node.size, node.sha256, node.stored],
      [
        sql.length,
        hashOf(sql),
        { name: 'mail.sql.gz', encoding: 'gzip', ...storedBytes(readFileSync(at(gz))) },
      ],
    );
    const reader = await vault.open(entry, { signal: never });
    assert.equal(reader.locate(node), undefined);
    await reader.close();
  });

  test('has a header without a time: the same content gives the same bytes', async () => {
    await day(0);
    const other = await openVault(join(folder, 'other'));
    await takeDumps(other, { 'mail.sql': { content: sql } }, { time: dayTime(5) });
    const bytes = readFileSync(at(gz));
    assert.ok(bytes.equals(readFileSync(join(folder, 'other/daily/files/2026-11-27/c/mail.sql.gz'))));
    assert.deepEqual([...bytes.subarray(0, 8)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  });

  test('is restored as the plain file', async () => {
    const { entry } = await day(0);
    const reader = await vault.open(entry, { signal: never });
    const to = join(folder, 'restored');
    mkdirSync(to);
    const restoreOf = async () => {
      const origin = {
        kind: 'files',
        layout: 'folder',
        roots: [],
        include: [],
        exclude: [],
        oneFileSystem: false,
      };
      const planned = await planFilesRestore(
        {
          component: 'c',
          reader,
          origin: origin as never,
          to: { kind: 'folder', path: to },
          delete: false,
        },
        {
          ids: { userId: () => undefined, groupId: () => undefined },
          uid: process.getuid?.() ?? -1,
          random: (size) => randomBytes(size),
        },
        { signal: never },
      );
      const troubles: string[] = [];
      await planned.execute({
        emit: silent,
        troubles: ({ code, path }) => troubles.push(`${code} ${path}`),
        signal: never,
      });
      return troubles;
    };
    assert.deepEqual(await restoreOf(), []);
    const [restored] = readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('mail.sql'),
    );
    assert.ok(restored !== undefined);
    assert.ok(readFileSync(join(to, restored)).equals(sql));
    rmSync(join(to, restored));
    harm(gz, (file) => truncateSync(file, lstatSync(file).size - 100));
    assert.equal((await restoreOf()).length, 1);
    assert.deepEqual(
      readdirSync(to, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('mail.sql')),
      [],
    );
    await reader.close();
  });

  describe('while unchanged', () => {
    test('is one file in daily, next day and weekly', async () => {
      const { entry } = await day(0);
      await writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, signal: never }));
      const { stored, entry: next } = await day(1);
      assert.deepEqual([stored.newBytes, stored.unchanged], [0, 1]);
      assert.equal(inode('daily/files/2026-11-23/c/mail.sql.gz'), inode(gz));
      assert.equal(inode('weekly/files/2026-W47/c/mail.sql.gz'), inode(gz));
      assert.deepEqual(readdirSync(at('daily/files/2026-11-23/c')), ['mail.sql.gz']);
      assert.equal((await mailNode(next)).mtime, (await mailNode(entry)).mtime);
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('stays the file that another zlib has written', async () => {
      const { entry } = await day(0);
      const bytes = gzipSync(sql, { level: 9 });
      harm(gz, (file) => writeFileSync(file, bytes));
      forge(entry, asStored);
      const { stored, entry: next } = await day(1);
      assert.equal(stored.newBytes, 0);
      assert.equal(inode('daily/files/2026-11-23/c/mail.sql.gz'), inode(gz));
      assert.deepEqual((await mailNode(next)).stored, {
        name: 'mail.sql.gz',
        encoding: 'gzip',
        ...storedBytes(bytes),
      });
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });

    test('is found behind an incomplete snapshot that lacks it', async () => {
      await day(0);
      await writing(vault, async (writable) => {
        const writer = await writable.begin(draftOf({ time: dayTime(1) }), { emit: silent, signal: never });
        await writer.component({ name: 'b', origin: dumpOrigin }, async () => captureDumps({}, dayTime(1)));
        writer.absent({ name: 'c', origin: dumpOrigin });
        await writer.publish();
      });
      assert.equal((await day(2)).stored.newBytes, 0);
    });

    test('is stored anew where the earlier file was written to, has gone, or is known to be damaged', async () => {
      await day(0);
      appendFileSync(at(gz), 'x');
      assert.notEqual((await day(1)).stored.newBytes, 0);
      rmSync(at('daily/files/2026-11-23/c/mail.sql.gz'));
      const { stored, entry } = await day(2);
      assert.notEqual(stored.newBytes, 0);
      await day(3);
      harm('daily/files/2026-11-24/c/mail.sql.gz', flip);
      const { findings } = await vault.verify([entry], { level: 'full', emit: silent, signal: never });
      assert.deepEqual(
        findings.map(({ kind, path, places }) => ({ kind, path, places })),
        [
          {
            kind: 'content',
            path: 'c/mail.sql',
            places: ['daily/files/2026-11-24', 'daily/files/2026-11-25'],
          },
        ],
      );
      const again = await day(4);
      assert.notEqual(again.stored.newBytes, 0);
      assert.deepEqual(await findingsOf(again.entry, 'full'), []);
      await assert.rejects(
        writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, signal: never })),
        (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'),
      );
    });

    test('changes its form with what the source says of it', async () => {
      await day(0, { 'mail.sql': { content: sql, compressible: false } });
      assert.equal((await day(1)).entry.complete, true);
      assert.deepEqual(readdirSync(at('daily/files/2026-11-23/c')), ['mail.sql.gz']);
      await day(2, { 'mail.sql': { content: sql, compressible: false } });
      assert.deepEqual(readdirSync(at('daily/files/2026-11-24/c')), ['mail.sql']);
      assert.deepEqual((await verifyAll(vault)).findings, []);
    });
  });

  describe('harmed', () => {
    async function assertFound(entry: SnapshotEntry, found: Record<VerifyLevel, RegExp | undefined>) {
      for (const [level, pattern] of Object.entries(found)) {
        const findings = await findingsOf(entry, level as VerifyLevel);
        if (pattern === undefined) assert.deepEqual(findings, [], level);
        else assert.match(findings.join('\n'), pattern, level);
      }
    }

    async function assertUnreadable(entry: SnapshotEntry): Promise<void> {
      await assert.rejects(read(entry), (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'));
    }

    test('by a flipped byte', async () => {
      const { entry } = await day(0);
      harm(gz, flip);
      const content = /^content c\/mail\.sql: /;
      await assertFound(entry, { structure: undefined, sample: content, full: content });
      await assertUnreadable(entry);
    });

    test('by being cut short, or longer', async () => {
      for (const change of [
        (file: string) => truncateSync(file, lstatSync(file).size - 100),
        (file: string) => truncateSync(file, 0),
        (file: string) => appendFileSync(file, 'garbage'),
        (file: string) => appendFileSync(file, gzipSync('more')),
      ]) {
        const { entry } = await day(0);
        harm(gz, change);
        const size = /^size c\/mail\.sql: \d+ bytes in place of \d+$/;
        await assertFound(entry, { structure: size, sample: size, full: size });
        await assertUnreadable(entry);
        await writing(vault, (writable) => writable.remove(entry, { signal: never }));
      }
    });

    test('with a manifest that says so: only unpacking shows it', async () => {
      for (const [pattern, change] of [
        [/can not be unpacked/, (file: string) => truncateSync(file, lstatSync(file).size - 100)],
        [/can not be unpacked/, (file: string) => truncateSync(file, 0)],
        [/can not be unpacked/, (file: string) => writeFileSync(file, 'no gzip at all')],
        [/more than 400000 bytes/, (file: string) => appendFileSync(file, gzipSync('more'))],
        [/can not be unpacked|hash to something else/, (file: string) => appendFileSync(file, 'garbage')],
        [/in place of 400000/, (file: string) => writeFileSync(file, gzipSync('less'))],
        [/hashes to something else/, (file: string) => writeFileSync(file, gzipSync(sqlText(400_000, 1)))],
      ] as const) {
        const { entry } = await day(0);
        harm(gz, change);
        forge(entry, asStored);
        await assertFound(entry, { structure: undefined, sample: undefined, full: pattern });
        if (!readFileSync(at(gz)).toString('latin1').endsWith('garbage')) await assertUnreadable(entry);
        await writing(vault, (writable) => writable.remove(entry, { signal: never }));
      }
    });

    test('by packing endless zeros: no more is unpacked than the manifest says', async () => {
      const { entry } = await day(0);
      const bomb = gzipSync(Buffer.alloc(500_000_000), { level: 9 });
      harm(gz, (file) => writeFileSync(file, bomb));
      forge(entry, asStored);
      const start = process.memoryUsage.rss();
      const begun = performance.now();
      await assertFound(entry, { structure: undefined, sample: undefined, full: /more than 400000 bytes/ });
      await assertUnreadable(entry);
      assert.equal((await read(entry, { offset: 1000, length: 10 })).length, 10);
      assert.ok(process.memoryUsage.rss() - start < 100 * 1024 * 1024);
      assert.ok(performance.now() - begun < 20_000);
    });

    test('a manifest that names another file', async () => {
      const { entry } = await day(0);
      const manifest = at(`${entry.place}/.hikae/manifest`);
      const whole = readFileSync(manifest);
      for (const name of ['../../../secret.gz', 'other.sql.gz', 'mail.sql', '']) {
        writeFileSync(manifest, whole);
        forge(entry, (node) => ({
          ...node,
          stored: { ...(node.stored as StoredForm), name: name as RawName },
        }));
        assert.deepEqual(
          await findingsOf(entry, 'structure'),
          ['manifest : stored under a foreign name'],
          name,
        );
      }
    });
  });

  test('keeps its attributes when it is stored in another vault, in which it is packed as well', async () => {
    const owner = process.geteuid?.() === 0 ? { uid: 1234, gid: 4321 } : {};
    const metadata = { mode: 0o640, mtime: 1_600_000_000_123_456_789n, ...owner };
    const dumps = {
      'mail.sql': { content: sql, metadata },
      'plain.txt': { content: 'x', compressible: false },
    };
    const { entry } = await day(0, dumps);
    const other = await openVault(join(folder, 'other'));
    const store = (time: number) =>
      writing(other, async (writable) => {
        const writer = await writable.begin(draftOf({ time }), { emit: silent, signal: never });
        const reader = await vault.open(entry, { signal: never });
        const stored = await writer.component({ name: 'c', origin: dumpOrigin }, async () =>
          captureComponent(reader, { component: 'c', place: entry.place }, never),
        );
        return { stored, copy: await writer.publish() };
      });
    const { copy } = await store(dayTime(0));
    assert.deepEqual(await nodesOf(other, copy), await nodesOf(vault, entry));
    assert.deepEqual((await verifyAll(other)).findings, []);
    const again = await store(dayTime(1));
    assert.deepEqual([again.stored.newBytes, again.stored.unchanged], [0, 3]);
    harm(gz, flip);
    rmSync(join(folder, 'other'), { recursive: true });
    const third = await openVault(join(folder, 'third'));
    await assert.rejects(
      writing(third, async (writable) => {
        const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
        try {
          const reader = await vault.open(entry, { signal: never });
          await writer.component({ name: 'c', origin: dumpOrigin }, async () =>
            captureComponent(reader, { component: 'c', place: entry.place }, never),
          );
        } finally {
          await writer.abandon({ discard: true });
        }
      }),
      (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'),
    );
  });

  test('that hashes to something else than it should is refused', async () => {
    const sha256 = hashOf('something else');
    await assert.rejects(day(0, { 'mail.sql': { content: sql, sha256 } }), (error) =>
      isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'),
    );
    assert.deepEqual(await listed(vault), []);
  });

  test('is stored as it is where a packed name can not be', async () => {
    const long = `${'x'.repeat(251)}.sql`;
    const { entry } = await day(0, {
      [long]: { content: sql },
      'several.sql': { content: sql, metadata: { links: 2, inode: 7n } },
    });
    assert.deepEqual(readdirSync(at('daily/files/2026-11-22/c')).sort(), ['several.sql', long].sort());
    assert.deepEqual((await verifyAll(vault)).findings, []);
    assert.equal((await describeSnapshot(vault, entry)).size, 3);
  });

  test('beside a file with the name that it is packed under is refused', async () => {
    const both = { 'mail.sql': { content: sql }, 'mail.sql.gz': { content: 'x', compressible: false } };
    await assert.rejects(day(0, both), (error) => {
      assert.ok(isHikaeError(error, 'STORED_NAME_TAKEN'));
      assert.match(error.message, /^c\/mail\.sql\.gz /);
      return true;
    });
    assert.deepEqual(await listed(vault), []);
    // Nothing is in the way where it isn't packed, or the other isn't there.
    await day(0, { ...both, 'mail.sql': { content: sql, compressible: false } });
    await day(1, { 'mail.sql': { content: sql }, 'mail.sql.gz.sql': { content: 'x' } });
    assert.deepEqual((await verifyAll(vault)).findings, []);
  });

  test('and files of the same names in another snapshot are never taken for each other', async () => {
    const root = join(folder, 'source');
    mkdirSync(root);
    writeFileSync(join(root, 'mail.sql'), sql);
    await day(0);
    await take(vault, { root, time: dayTime(1) });
    await day(2);
    assert.deepEqual(readdirSync(at('daily/files/2026-11-23/c')), ['mail.sql']);
    assert.deepEqual((await verifyAll(vault)).findings, []);
  });

  test('larger than memory flows through', async () => {
    const part = sqlText(1_000_000);
    const content = async function* () {
      for (let at = 0; at < 400; at++) yield part;
    };
    await day(0, { 'mail.sql': { content: sql } });
    const start = process.memoryUsage.rss();
    const { entry } = await day(1, { 'mail.sql': { content } });
    let most = process.memoryUsage.rss();
    const reader = await vault.open(entry, { signal: never });
    let size = 0;
    for await (const bytes of reader.content(await mailNode(entry))) {
      size += bytes.length;
      most = Math.max(most, process.memoryUsage.rss());
    }
    await reader.close();
    assert.equal(size, 400_000_000);
    const grown = Math.round((most - start) / 1024 / 1024);
    assert.ok(grown < 128, `grew by ${grown} MiB`);
  });

  test('that is cancelled ends its source, and leaves no snapshot', async () => {
    const controller = new AbortController();
    let ended = false;
    const content = async function* () {
      try {
        for (let at = 0; ; at++) {
          yield sqlText(100_000, at);
          if (at === 5) controller.abort(new Error('enough'));
          controller.signal.throwIfAborted();
        }
      } finally {
        ended = true;
      }
    };
    const dumps = { 'mail.sql': { content } };
    await assert.rejects(takeDumps(vault, dumps, { signal: controller.signal }), /enough/);
    assert.ok(ended);
    assert.deepEqual(await listed(vault), []);
    assert.ok((await day(0)).entry.complete);
  });
});

function flip(file: string): void {
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

function hashOf(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
