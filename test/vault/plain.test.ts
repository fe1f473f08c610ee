/** The plain vault: the contract of all vaults, and what only dated trees have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { vaultContract } from './contract.ts';
import {
  captureOf,
  dayTime,
  draftOf,
  listed,
  never,
  openVault,
  originOf,
  silent,
  take,
  verifyAll,
  writing,
} from './taking.ts';

vaultContract({
  kind: 'plain',
  deduplicates: false,
  open: (folder) => openVault(join(folder, 'vault')),
  ruin: (folder, { place }) => truncateSync(join(folder, 'vault', place, '.hikae/manifest'), 10),
});

describe('dated trees', () => {
  let folder = '';
  let root = '';
  let place = '';
  let vault: Vault;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hikae-plain-'));
    root = join(folder, 'source');
    place = join(folder, 'vault');
    mkdirSync(root);
    for (const name of ['one', 'two', 'three']) writeFileSync(join(root, name), `the file ${name}`);
    vault = await openVault(place);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const at = (path: string) => join(place, path);
  const inode = (path: string) => lstatSync(at(path)).ino;
  const target = () => readdirSync(at('daily/files')).sort();

  test('a snapshot is usable with common tools alone', async () => {
    await take(vault, { root });
    assert.equal(readFileSync(at('daily/files/2026-11-22/c/one'), 'utf8'), 'the file one');
    assert.equal(readlinkSync(at('daily/files/latest')), '2026-11-22');
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'checksums.sha256'], {
      cwd: at('daily/files/2026-11-22'),
    });
    assert.equal(lstatSync(place).mode & 0o7777, 0o700);
    assert.deepEqual(target(), ['2026-11-22', 'latest']);
  });

  test('unchanged files are one inode in daily, next day and weekly', async () => {
    const { entry } = await take(vault, { root });
    await writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, signal: never }));
    await take(vault, { root, time: dayTime(1) });
    const first = inode('daily/files/2026-11-22/c/one');
    assert.equal(inode('daily/files/2026-11-23/c/one'), first);
    assert.equal(inode('weekly/files/2026-W47/c/one'), first);
    assert.equal(readlinkSync(at('weekly/files/latest')), '2026-W47');
  });

  test('an incomplete snapshot is not latest', async () => {
    await take(vault, { root });
    await writing(vault, async (writable) => {
      const writer = await writable.begin(draftOf({ time: dayTime(1) }), { emit: silent, signal: never });
      writer.absent({ name: 'c', origin: { kind: 'docker-volume', volume: 'v', pause: 0 } });
      assert.equal((await writer.publish()).complete, false);
    });
    assert.deepEqual(target(), ['2026-11-22', '2026-11-23', 'latest']);
    assert.equal(readlinkSync(at('daily/files/latest')), '2026-11-22');
  });

  test('latest never points to what was removed', async () => {
    const first = await take(vault, { root });
    const second = await take(vault, { root, time: dayTime(1) });
    await writing(vault, async (writable) => {
      await writable.remove(second.entry, { signal: never });
      assert.equal(readlinkSync(at('daily/files/latest')), '2026-11-22');
      await writable.remove(first.entry, { signal: never });
      assert.equal(lstatSync(at('daily/files/latest'), { throwIfNoEntry: false }), undefined);
    });
  });

  test('an interrupted removal is finished by the next writer', async () => {
    await take(vault, { root });
    await take(vault, { root, time: dayTime(1) });
    renameSync(at('daily/files/2026-11-22'), at('daily/files/2026-11-22.removing'));
    assert.deepEqual(await listed(vault), ['daily/files/2026-11-23']);
    await writing(vault, async () => undefined);
    assert.deepEqual(target(), ['2026-11-23', 'latest']);
  });

  test('the newest of several interrupted runs is kept, and all go with the next snapshot', async () => {
    for (let run = 0; run < 4; run++) {
      await writing(vault, async (writable) => {
        const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
        writeFileSync(join(root, 'run'), String(run));
        await writer.component({ name: 'c', origin: originOf({ root }) }, (troubles) =>
          captureOf({ root }, troubles),
        );
        await writer.abandon({ discard: false });
      });
    }
    const newest = inode('daily/files/2026-11-22.partial/c/run');
    assert.equal(readFileSync(at('daily/files/2026-11-22.partial/c/run'), 'utf8'), '3');
    await take(vault, { root });
    assert.equal(inode('daily/files/2026-11-22/c/run'), newest);
    assert.deepEqual(target(), ['2026-11-22', 'latest']);
  });

  describe('damage', () => {
    const damage = (path: string, text: string) => {
      const { atime, mtime } = lstatSync(at(path));
      writeFileSync(at(path), text);
      utimesSync(at(path), atime, mtime);
    };

    test('that verify finds is named for all who share it, and read anew from the source next time', async () => {
      await take(vault, { root });
      await take(vault, { root, time: dayTime(1) });
      writeFileSync(at('daily/files/2026-11-22/c/one'), 'THE FILE ONE');
      execFileSync('touch', ['-r', join(root, 'one'), at('daily/files/2026-11-22/c/one')]);
      const { findings } = await verifyAll(vault);
      assert.deepEqual(
        findings.map(({ kind, path, places }) => ({ kind, path, places })),
        [{ kind: 'content', path: 'c/one', places: ['daily/files/2026-11-23', 'daily/files/2026-11-22'] }],
      );
      const { stored } = await take(vault, { root, time: dayTime(2) });
      assert.equal(stored.newBytes, 'the file one'.length);
      assert.equal(readFileSync(at('daily/files/2026-11-24/c/one'), 'utf8'), 'the file one');
      const [newest] = (await vault.list({ signal: never })).snapshots.slice(-1);
      assert.ok(newest);
      const again = await vault.verify([newest], { level: 'full', emit: silent, signal: never });
      assert.deepEqual(again.findings, []);
    });

    test('of a name that is no text is told in the quoting that every command shows and takes', async () => {
      const name = Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x0a, 0x1b]);
      writeFileSync(Buffer.concat([Buffer.from(`${root}/`), name]), 'coffee');
      writeFileSync(join(root, '手紙'), 'letter');
      const { entry } = await take(vault, { root });
      const stored = Buffer.concat([Buffer.from(`${at(`${entry.place}/c`)}/`), name]);
      truncateSync(stored, 2);
      truncateSync(at(`${entry.place}/c/手紙`), 2);
      const { findings } = await verifyAll(vault);
      assert.deepEqual(
        findings.map(({ kind, path }) => `${kind} ${path}`),
        ['size c/caf\\xe9\\n\\x1b', 'size c/手紙'],
      );
      const reader = await vault.open(entry, { signal: never });
      for await (const batch of reader.nodes())
        for (const node of batch)
          if (node.size === 6)
            await assert.rejects(async () => {
              for await (const _ of reader.content(node));
            }, /c\/(?:caf\\xe9\\n\\x1b|手紙) in daily/);
      await reader.close();
    });

    test('behind a damaged manifest is found in the older snapshot that shares it', async () => {
      await take(vault, { root });
      await take(vault, { root, time: dayTime(1) });
      writeFileSync(at('daily/files/2026-11-23/c/two'), 'THE FILE TWO');
      execFileSync('touch', ['-r', join(root, 'two'), at('daily/files/2026-11-23/c/two')]);
      const manifest = at('daily/files/2026-11-23/.hikae/manifest');
      const [header = '', ...lines] = readFileSync(manifest, 'utf8').split('\n');
      writeFileSync(manifest, [header, ...lines.slice(0, 2)].join('\n'));
      const { findings } = await verifyAll(vault);
      const told = findings.map(({ kind, path, places }) => `${kind} ${path} ${places[0]}`);
      assert.ok(told.includes('content c/two daily/files/2026-11-22'), told.join('\n'));
      assert.ok(told.some((one) => one.startsWith('manifest  daily/files/2026-11-23')));
    });

    test('of an earlier manifest is not inherited', async () => {
      await take(vault, { root });
      const manifest = at('daily/files/2026-11-22/.hikae/manifest');
      const text = readFileSync(manifest, 'utf8');
      writeFileSync(manifest, text.replace(/"sha256":"./, '"sha256":"g'));
      const { entry, stored } = await take(vault, { root, time: dayTime(1) });
      assert.equal(stored.unchanged, 0);
      const { findings } = await vault.verify([entry], { level: 'full', emit: silent, signal: never });
      assert.deepEqual(findings, []);
    });

    test('of a file is not handed on to a derived snapshot', async () => {
      const { entry } = await take(vault, { root });
      damage('daily/files/2026-11-22/c/one', 'THE FILE ONE');
      await verifyAll(vault);
      await assert.rejects(
        writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, signal: never })),
        (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'),
      );
      rmSync(at('daily/files/2026-11-22/c/one'));
      await assert.rejects(
        writing(vault, (writable) => writable.derive(entry, 'weekly', { emit: silent, signal: never })),
        (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'),
      );
      assert.deepEqual(await listed(vault), ['daily/files/2026-11-22']);
      assert.deepEqual(readdirSync(at('weekly/files')), []);
    });

    test('is an error of the content when it is read back', async () => {
      const { entry } = await take(vault, { root });
      const reader = await vault.open(entry, { signal: never });
      const readAll = async () => {
        for await (const batch of reader.nodes())
          for (const node of batch) if (node.type === 'file') for await (const _ of reader.content(node));
      };
      await readAll();
      damage('daily/files/2026-11-22/c/one', 'THE FILE ONE');
      await assert.rejects(readAll(), (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'));
      rmSync(at('daily/files/2026-11-22/c/one'));
      await assert.rejects(readAll(), (error) => isHikaeError(error, 'SNAPSHOT_CONTENT_DAMAGED'));
      await reader.close();
    });

    test('of the record of damage stops what relies on it', async () => {
      await take(vault, { root });
      appendFileSync(at('.hikae/damaged.json'), '{');
      await assert.rejects(take(vault, { root, time: dayTime(1) }), (error) =>
        isHikaeError(error, 'VAULT_DAMAGED'),
      );
    });
  });

  test('the policy lies beside the data and is covered by the checksums', async () => {
    const entry = await writing(vault, async (writable) => {
      const options = { emit: silent, signal: never, policy: Buffer.from('version: 1\n') };
      const writer = await writable.begin(draftOf(), options);
      writer.absent({ name: 'c', origin: { kind: 'docker-volume', volume: 'v', pause: 0 } });
      return writer.publish();
    });
    assert.ok(existsSync(at(`${entry.place}/.hikae/policy.yaml`)));
    assert.deepEqual((await verifyAll(vault)).findings, []);
    appendFileSync(at(`${entry.place}/.hikae/policy.yaml`), 'lang: en\n');
    assert.equal((await verifyAll(vault)).findings[0]?.kind, 'checksums');
  });
});
