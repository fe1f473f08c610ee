/** A cancelled backup ends soon and for good: nothing more is changed, nothing is left open, nobody still listens. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Cancelled } from '../../src/base/abort.ts';
import { isHikaeError } from '../../src/base/errors.ts';
import type { Event } from '../../src/model/events.ts';
import type { Vault } from '../../src/vault/vault.ts';
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
  takeInto,
  verifyAll,
  writing,
} from '../vault/taking.ts';

const FILES = 600;
let folder = '';
let root = '';
let place = '';
let vault: Vault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-cancel-'));
  root = join(folder, 'source');
  place = join(folder, 'vault');
  mkdirSync(root);
  for (let file = 0; file < FILES; file++) writeFileSync(join(root, `file-${file}`), `the file ${file}`);
  // Names that wait for another, which is never stored: they must be let go as well.
  linkSync(join(root, 'file-0'), join(root, 'z-also-file-0'));
  vault = await openVault(place);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file that takes a while to copy, though nothing of it was ever written. */
function makeLarge(size = '800M'): void {
  execFileSync('fallocate', ['-l', size, join(root, 'large')]);
  linkSync(join(root, 'large'), join(root, 'large-again'));
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function everything(): string {
  return execFileSync('find', [place, '-printf', '%p %i %s %T@ %C@\n'], { encoding: 'utf8' });
}

/** Cancels when an event comes that is wanted; tells how long it took then. */
function cancelOn(wanted: (event: Event) => boolean) {
  const controller = new AbortController();
  const state = { at: 0 };
  const emit = (event: Event) => {
    if (controller.signal.aborted || !wanted(event)) return;
    state.at = performance.now();
    controller.abort(new Cancelled());
  };
  return { emit, signal: controller.signal, state };
}

const copying = (event: Event) => event.type === 'work.done' && event.bytes > 1_000_000;
const phase = (name: string) => (event: Event) => event.type === 'phase' && event.phase === name;

describe('cancelling', () => {
  test('in the copy of a large file ends within a second, and then nothing changes', async () => {
    makeLarge();
    const { emit, signal, state } = cancelOn(copying);
    await writing(vault, async (writable) => {
      await assert.rejects(takeInto(writable, { root, emit, signal }), Cancelled);
      const took = performance.now() - state.at;
      assert.ok(state.at > 0, 'it was over before it could be cancelled');
      assert.ok(took < 1000, `${took} ms`);
      const found = everything();
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
      await delay(700);
      assert.equal(everything(), found);
    });
    assert.deepEqual(await listed(vault), []);
  });

  test('keeps what was stored for the next run', async () => {
    makeLarge();
    const { emit, signal } = cancelOn(copying);
    await assert.rejects(take(vault, { root, emit, signal }), Cancelled);
    const partial = join(place, 'daily/files/2026-11-22.partial/c');
    const before = new Map(readdirSync(partial).map((name) => [name, inode(join(partial, name))]));
    assert.ok(before.size > 100, `${before.size} files`);
    rmSync(join(root, 'large'));
    rmSync(join(root, 'large-again'));
    const { entry } = await take(vault, { root });
    const shared = [...before].filter(
      ([name, known]) => name.startsWith('file-') && inode(join(place, entry.place, 'c', name)) === known,
    );
    assert.ok(shared.length > 100, `${shared.length} of ${before.size} were taken over`);
    assert.deepEqual(readdirSync(join(place, 'daily/files')).sort(), ['2026-11-22', 'latest']);
    assert.deepEqual((await verifyAll(vault)).findings, []);
  });

  test('after everything was stored publishes nothing, and the next run takes it all over', async () => {
    const { emit, signal } = cancelOn(phase('syncing'));
    await assert.rejects(take(vault, { root, emit, signal }), Cancelled);
    assert.deepEqual(await listed(vault), []);
    const { stored } = await take(vault, { root });
    assert.equal(stored.newBytes, 0);
    assert.deepEqual((await verifyAll(vault)).findings, []);
  });

  test('before anything was stored leaves nothing', async () => {
    await writing(vault, async (writable) => {
      const aborted = AbortSignal.abort(new Cancelled());
      await assert.rejects(takeInto(writable, { root, signal: aborted }), Cancelled);
    });
    assert.deepEqual(readdirSync(join(place, 'daily/files')), []);
  });

  test('the wait for another writer ends it at once', async () => {
    await writing(vault, async () => {
      const { emit, signal, state } = cancelOn(phase('waiting'));
      await assert.rejects(vault.acquire({ wait: 60_000, emit, signal }), Cancelled);
      assert.ok(performance.now() - state.at < 400);
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
    });
  });

  test('a verification ends it soon and leaves no listener', async () => {
    makeLarge('250M');
    await take(vault, { root });
    const { snapshots } = await vault.list({ signal: never });
    const { emit, signal, state } = cancelOn(phase('verifying'));
    await assert.rejects(vault.verify(snapshots, { level: 'full', emit, signal }), Cancelled);
    assert.ok(performance.now() - state.at < 1500);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});

describe('nothing stays open', () => {
  const failing = async () => {
    await writing(vault, async (writable) => {
      const writer = await writable.begin(draftOf(), { emit: silent, signal: never });
      const draft = { name: 'c', origin: originOf({ root }) };
      const failed = writer.component(draft, async (troubles) => {
        const capture = await captureOf({ root }, troubles);
        return {
          close: () => capture.close(),
          async *nodes() {
            for await (const batch of capture.nodes()) {
              yield batch;
              throw new Error('the source gave up');
            }
          },
        };
      });
      await assert.rejects(failed, /gave up/);
      await writer.abandon({ discard: false });
    });
  };
  const cancelled = async () => {
    const { emit, signal } = cancelOn(copying);
    await assert.rejects(take(vault, { root, emit, signal }), Cancelled);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  };
  const cancelledLate = async () => {
    const { emit, signal } = cancelOn(phase('syncing'));
    await assert.rejects(take(vault, { root, emit, signal }), Cancelled);
  };
  const refused = async () => {
    const expects = { bytes: 1e18, files: 1 };
    await assert.rejects(take(vault, { root, expects }), (error) => isHikaeError(error, 'VAULT_NO_ROOM'));
  };
  let day = 0;
  const success = async () => {
    const controller = new AbortController();
    await take(vault, { root, time: dayTime(day++), signal: controller.signal });
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
  };
  const everythingElse = async () => {
    const { entry } = await take(vault, { root, time: dayTime(day++) });
    await verifyAll(vault);
    const reader = await vault.open(entry, { signal: never });
    for await (const batch of reader.nodes()) for (const node of batch) if (node.type === 'file') break;
    await reader.close();
    await writing(vault, async (writable) => {
      await writable.derive(entry, 'weekly', { emit: silent, signal: never });
      await writable.remove(entry, { signal: never });
    });
    const capture = await captureOf({ root }, () => undefined);
    await vault.preview('files', { name: 'c', origin: originOf({ root }) }, capture, { signal: never });
    await capture.close();
  };

  for (const [what, work] of Object.entries({
    success,
    failing,
    refused,
    cancelledLate,
    everythingElse,
    cancelled,
  })) {
    test(`after ${what}`, async () => {
      // Libraries and the first thread open things for good.
      await take(vault, { root, target: 'warm-up' });
      if (work === cancelled) makeLarge();
      await delay(50);
      const before = descriptors();
      await work();
      await work();
      await delay(50);
      assert.equal(descriptors(), before);
    });
  }
});

function inode(path: string): number {
  return Number(execFileSync('stat', ['-c', '%i', path], { encoding: 'utf8' }));
}
