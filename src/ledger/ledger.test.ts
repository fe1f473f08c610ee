import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Clock } from '../base/clock.ts';
import type { HikaeError } from '../base/errors.ts';
import { trouble } from '../model/trouble.ts';
import { type Ledger, type OpenedLedger, openLedger, type SnapshotFact } from './ledger.ts';
import { migrations } from './migrations.ts';
import { KEPT_WORD_FOR_WORD } from './records.ts';

const NOON = Date.parse('2026-11-22T03:00:00Z');
const { signal } = new AbortController();

let folder: string;
let now: number;
let told: HikaeError[];
let opened: Ledger[];
const clock: Clock = { now: () => now, elapsed: () => now / 1000 };

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'hikae-ledger-')), 'state');
  now = NOON;
  told = [];
  opened = [];
});

afterEach(async () => {
  for (const ledger of opened) ledger.close();
  await rm(join(folder, '..'), { recursive: true });
});

async function openAll(): Promise<OpenedLedger> {
  const result = await openLedger(folder, { clock, signal, onTrouble: (error) => told.push(error) });
  opened.push(result.ledger);
  return result;
}

async function open(): Promise<Ledger> {
  return (await openAll()).ledger;
}

/** Does something to the file behind the ledger's back. */
function tamper(sql: string): void {
  const database = new DatabaseSync(join(folder, 'ledger.sqlite'));
  database.exec(sql);
  database.close();
}

function closeAll(): void {
  for (const ledger of opened.splice(0)) ledger.close();
}

const run = (id: string) => ({ id, verb: 'backup', host: 'dell', targets: ['mail', 'blog'] }) as const;
const snapshot = (place: string): SnapshotFact => ({
  vault: 'v1',
  place,
  id: place,
  target: 'mail',
  schedule: 'daily',
  time: NOON,
  complete: true,
});

describe('locks', () => {
  test('are kept by the place of the vault and by target, the newest first', async () => {
    const ledger = await open();
    const set = (vault: string, bytes: number) =>
      ({
        type: 'locks.set',
        vault,
        objects: 9,
        bytes: 900,
        asked: 4,
        extended: 2,
        stored: { objects: 3, bytes },
        requests: { puts: 5, gets: 8 },
        until: NOON + 0.5,
      }) as const;
    for (const [id, bytes] of [
      ['r1', 10],
      ['r2', 20],
    ] as const) {
      const recorder = await ledger.startRun(run(id), { signal });
      recorder.record({ type: 'target.started', verb: 'backup', target: 'mail', vault: 'hdd' });
      recorder.record(set('s3://one', bytes));
      recorder.record({ type: 'target.started', verb: 'backup', target: 'blog', vault: 'hdd' });
      recorder.record(set('s3://one', 7));
      recorder.record(set('s3://two', 8));
      await recorder.finish('succeeded');
    }
    closeAll();
    const again = await open();
    const newest = async (vault: string, target: string, limit = 30) =>
      (await again.lastLocks(vault, target, limit, { signal })).map(({ newBytes }) => newBytes);
    assert.deepEqual(await newest('s3://one', 'mail'), [20, 10]);
    assert.deepEqual(await newest('s3://one', 'mail', 1), [20]);
    assert.deepEqual(await newest('s3://one', 'blog'), [7, 7]);
    assert.deepEqual(await newest('s3://two', 'mail'), []);
    const [last] = await again.lastLocks('s3://two', 'blog', 1, { signal });
    assert.deepEqual(last, {
      time: NOON,
      objects: 9,
      bytes: 900,
      newObjects: 3,
      newBytes: 8,
      extended: 2,
      puts: 5,
      gets: 8,
      until: NOON + 1,
    });
  });
});

describe('runs', () => {
  test('are kept with all that was told of them, past the end of the process', async () => {
    const first = await open();
    const recorder = await first.startRun(run('r1'), { signal });
    const ja = { message: 'ありません', hint: '確かめてください' };
    const failure = { code: 'SOURCE_GONE', message: 'gone', hint: 'look', ja };
    const unforeseen = { code: 'UNEXPECTED', message: 'boom', hint: '' };
    const note = trouble('vanished', 'vmail/a');
    const problem = trouble('unreadable', 'vmail/b', 'EIO');
    recorder.record({ type: 'work.done', files: 900, bytes: 9_000, unchanged: 0, changed: 9 });
    recorder.record({ type: 'trouble', target: 'mail', trouble: note });
    recorder.record({
      type: 'component.finished',
      target: 'mail',
      component: 'vmail',
      files: 7,
      bytes: 70,
      newBytes: 5,
    });
    recorder.record({ type: 'trouble', target: 'mail', trouble: problem });
    const ended = { type: 'target.finished', verb: 'backup', vault: 'hdd', seconds: 1.5 } as const;
    recorder.record({ ...ended, target: 'mail', outcome: 'partial' });
    recorder.record({ ...ended, target: 'blog', outcome: 'failed', error: failure });
    now += 60_000;
    await recorder.finish('failed', unforeseen);
    closeAll();

    const second = await open();
    assert.deepEqual(await second.recentRuns(10, { signal }), [
      {
        ...run('r1'),
        started: NOON,
        finished: NOON + 60_000,
        outcome: 'failed',
        error: unforeseen,
        files: 7,
        bytes: 70,
        newBytes: 5,
        notes: 1,
        problems: 1,
        results: [
          { verb: 'backup', target: 'mail', vault: 'hdd', outcome: 'partial', seconds: 1.5 },
          { verb: 'backup', target: 'blog', vault: 'hdd', outcome: 'failed', seconds: 1.5, error: failure },
        ],
      },
    ]);
    assert.deepEqual(await second.troublesOf('r1', { signal }), [note, problem]);
    assert.deepEqual(told, []);
  });

  test('come newest first, as many as asked for', async () => {
    const ledger = await open();
    for (const id of ['a', 'b', 'c']) await (await ledger.startRun(run(id), { signal })).finish('succeeded');
    const ids = (await ledger.recentRuns(2, { signal })).map(({ id }) => id);
    assert.deepEqual(ids, ['c', 'b']);
  });

  test('without components are measured by the work done', async () => {
    const ledger = await open();
    const recorder = await ledger.startRun({ ...run('r'), verb: 'verify' }, { signal });
    recorder.record({ type: 'work.done', files: 3, bytes: 30, unchanged: 0, changed: 0 });
    recorder.record({ type: 'work.done', files: 1, bytes: 12, unchanged: 0, changed: 0 });
    await recorder.finish('succeeded');
    const [found] = await ledger.recentRuns(1, { signal });
    assert.deepEqual([found?.files, found?.bytes, found?.newBytes], [4, 42, 0]);
  });

  test('keep the first troubles word for word and count the rest', async () => {
    const ledger = await open();
    const recorder = await ledger.startRun(run('r'), { signal });
    for (let at = 0; at < KEPT_WORD_FOR_WORD + 5; at++) {
      recorder.record({ type: 'trouble', target: 'mail', trouble: trouble('vanished', `f${at}`) });
    }
    await recorder.finish('succeeded');
    const kept = await ledger.troublesOf('r', { signal });
    assert.equal(kept.length, KEPT_WORD_FOR_WORD);
    assert.equal(kept.at(-1)?.path, `f${KEPT_WORD_FOR_WORD - 1}`);
    assert.equal((await ledger.recentRuns(1, { signal }))[0]?.notes, KEPT_WORD_FOR_WORD + 5);
  });

  test('of an earlier version have their errors in the language that they were kept in, and no vaults', async () => {
    await open();
    closeAll();
    rmSync(join(folder, 'ledger.sqlite'));
    const old = new DatabaseSync(join(folder, 'ledger.sqlite'));
    for (const step of migrations.slice(0, 3)) old.exec(step);
    old.exec(`PRAGMA user_version = 3;
      INSERT INTO runs VALUES (1, 'r', 'backup', 'dell', '[]', ${NOON}, ${NOON}, 'failed', 'SOURCE_GONE', 'gone',
        'look', 0, 0, 0, 0, 0, 1, 1, 'boot');
      INSERT INTO results VALUES (1, 0, 'backup', 'mail', 'succeeded', 2, NULL, NULL, NULL)`);
    old.close();
    const [found] = await (await open()).recentRuns(1, { signal });
    assert.deepEqual(found?.error, { code: 'SOURCE_GONE', message: 'gone', hint: 'look' });
    assert.deepEqual(found?.results, [{ verb: 'backup', target: 'mail', outcome: 'succeeded', seconds: 2 }]);
    assert.deepEqual(told, []);
  });

  test('keep their troubles for 400 days, and the last hundred even so', async () => {
    const ledger = await open();
    const take = async (id: string) => {
      const recorder = await ledger.startRun(run(id), { signal });
      recorder.record({ type: 'trouble', target: 'mail', trouble: trouble('vanished', id) });
      await recorder.finish('succeeded');
    };
    const kept = async (id: string) => (await ledger.troublesOf(id, { signal })).length;
    const DAY = 86_400_000;
    for (let at = 0; at < 120; at++) await take(`r${at}`);
    now += 399 * DAY;
    await take('later');
    assert.equal(await kept('r0'), 1);
    now += 2 * DAY;
    await take('last');
    assert.deepEqual(
      [await kept('r0'), await kept('r20'), await kept('r21'), await kept('last')],
      [0, 0, 1, 1],
    );
    const [, , ...earlier] = await ledger.recentRuns(1000, { signal });
    assert.ok(
      earlier.length === 120 && earlier.every(({ notes }) => notes === 1),
      'the runs stay, with their counts',
    );
  });

  test('of a process that lives are not interrupted', async () => {
    await (await open()).startRun(run('r'), { signal });
    const { interrupted, ledger } = await openAll();
    assert.deepEqual(interrupted, []);
    assert.equal((await ledger.recentRuns(1, { signal }))[0]?.outcome, undefined);
  });

  test('of a process that was killed are interrupted, and reported once', async () => {
    const child = inChild(`
      const recorder = await ledger.startRun(${JSON.stringify(run('killed'))}, { signal });
      recorder.record({ type: 'target.finished', verb: 'backup', target: 'mail', outcome: 'succeeded', seconds: 2 });
      process.stdout.write('started');
      setInterval(() => {}, 1000);`);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');

    const { interrupted, ledger } = await openAll();
    assert.deepEqual(
      interrupted.map(({ id, outcome, finished, results }) => [id, outcome, finished, results.length]),
      [['killed', 'interrupted', undefined, 1]],
    );
    assert.deepEqual(await ledger.markInterrupted({ signal }), []);
    assert.equal((await ledger.recentRuns(1, { signal }))[0]?.outcome, 'interrupted');
  });

  for (const [what, change] of [
    ['another boot', "boot = 'another'"],
    ['a process that got the same pid later', 'process_started = process_started - 1'],
  ]) {
    test(`of ${what} are interrupted`, async () => {
      await (await open()).startRun(run('r'), { signal });
      tamper(`UPDATE runs SET ${change}`);
      assert.deepEqual(
        (await openAll()).interrupted.map(({ id }) => id),
        ['r'],
      );
    });
  }
});

describe('vaults', () => {
  test('are known by identity and by path, with first and last sight', async () => {
    const ledger = await open();
    await ledger.recordVault({ id: 'v1', name: 'hdd', path: '/mnt/hdd' });
    now += 1_000;
    await ledger.recordVault({ id: 'v1', name: 'disk', path: '/mnt/disk' });
    const seen = {
      id: 'v1',
      name: 'disk',
      path: '/mnt/disk',
      firstSeen: NOON,
      lastSeen: NOON + 1_000,
    };
    assert.deepEqual(await ledger.vaultSeen({ id: 'v1' }, { signal }), seen);
    assert.deepEqual(await ledger.vaultSeen({ path: '/mnt/disk' }, { signal }), seen);
    assert.equal(await ledger.vaultSeen({ path: '/mnt/hdd' }, { signal }), undefined);
    assert.equal(await ledger.vaultSeen({ id: 'v2' }, { signal }), undefined);
  });

  test('of one path: the one seen last', async () => {
    const ledger = await open();
    for (const id of ['old', 'new']) {
      now += 1_000;
      await ledger.recordVault({ id, name: 'hdd', path: '/mnt/hdd' });
    }
    assert.equal((await ledger.vaultSeen({ path: '/mnt/hdd' }, { signal }))?.id, 'new');
  });
});

describe('snapshots added since the last forget', () => {
  const added = (ledger: Ledger) => ledger.snapshotsAddedSinceLastForget('v1', 'mail', 'daily', { signal });

  test('are counted from the last removal, in order of recording and not of the clock', async () => {
    const ledger = await open();
    assert.equal(await added(ledger), 0);
    await ledger.recordSnapshot({ ...snapshot('a'), bytes: 1 });
    await ledger.recordSnapshot({ ...snapshot('b'), bytes: 1 });
    assert.equal(await added(ledger), 2);
    await ledger.recordRemoval(snapshot('a'));
    assert.equal(await added(ledger), 0);
    now -= 86_400_000;
    await ledger.recordSnapshot({ ...snapshot('c'), bytes: 1 });
    assert.equal(await added(ledger), 1);
  });

  test('are those of one vault, target and schedule', async () => {
    const ledger = await open();
    await ledger.recordSnapshot({ ...snapshot('a'), bytes: 1 });
    await ledger.recordSnapshot({ ...snapshot('w'), schedule: 'weekly', bytes: 1 });
    await ledger.recordSnapshot({ ...snapshot('o'), target: 'blog', bytes: 1 });
    await ledger.recordSnapshot({ ...snapshot('a'), vault: 'v2', bytes: 1 });
    await ledger.recordRemoval({ ...snapshot('o'), target: 'blog' });
    assert.equal(await added(ledger), 1);
  });

  test('end with the removal of one that the ledger never heard of', async () => {
    const ledger = await open();
    await ledger.recordSnapshot({ ...snapshot('a'), bytes: 1 });
    await ledger.recordRemoval(snapshot('older than the ledger'));
    assert.equal(await added(ledger), 0);
  });
});

describe('verifications', () => {
  test('are kept by level, the last of each, newest first', async () => {
    const ledger = await open();
    const fact = { vault: 'v1', snapshot: 's1', outcome: 'succeeded', findings: [] } as const;
    const flipped = { kind: 'content', path: 'vmail/a', reason: 'sha256' } as const;
    await ledger.recordVerify({ ...fact, level: 'full', outcome: 'failed', findings: [flipped, flipped] });
    now += 1_000;
    await ledger.recordVerify({ ...fact, level: 'full', outcome: 'failed', findings: [flipped] });
    now += 1_000;
    await ledger.recordVerify({ ...fact, level: 'structure' });
    assert.deepEqual(await ledger.lastVerify('v1', 's1', { signal }), [
      { ...fact, level: 'structure', time: NOON + 2_000, findings: 0, first: [] },
      { ...fact, level: 'full', outcome: 'failed', time: NOON + 1_000, findings: 1, first: [flipped] },
    ]);
    assert.deepEqual(await ledger.lastVerify('v1', 's2', { signal }), []);
  });
});

describe('a file that was lost or damaged', () => {
  test('folder and files are for their owner alone', async () => {
    await (await open()).startRun(run('r'), { signal });
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    for (const name of await readdir(folder)) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    }
  });

  test('lost: a new one is begun', async () => {
    await (await open()).startRun(run('r'), { signal });
    closeAll();
    await rm(folder, { recursive: true });
    const { ledger, interrupted, setAside } = await openAll();
    assert.deepEqual([interrupted, setAside, await ledger.recentRuns(9, { signal })], [[], undefined, []]);
  });

  test('garbage: it is set aside and a new one begun', async () => {
    await open();
    closeAll();
    const garbage = Buffer.alloc(20_000, 'garbage ');
    await writeFile(join(folder, 'ledger.sqlite'), garbage);
    const { ledger, setAside } = await openAll();
    assert.equal(setAside, join(folder, 'ledger.sqlite.damaged-2026-11-22T030000Z'));
    assert.deepEqual(await readFile(setAside), garbage);
    await (await ledger.startRun(run('r'), { signal })).finish('succeeded');
    assert.equal((await ledger.recentRuns(9, { signal })).length, 1);
    assert.deepEqual(told, []);
    assert.equal((await openAll()).setAside, undefined);
  });

  test('damaged in the middle: the same', async () => {
    const ledger = await open();
    for (let at = 0; at < 200; at++) await ledger.startRun(run(`run number ${at}`), { signal });
    closeAll();
    const file = join(folder, 'ledger.sqlite');
    const bytes = await readFile(file);
    bytes.fill(0xff, 4096 * 2, 4096 * 3);
    await writeFile(file, bytes);
    assert.notEqual((await openAll()).setAside, undefined);
  });

  test('cut short: the same', async () => {
    const ledger = await open();
    for (let at = 0; at < 200; at++) await ledger.startRun(run(`run number ${at}`), { signal });
    closeAll();
    await truncate(join(folder, 'ledger.sqlite'), 4096 * 5 + 17);
    assert.notEqual((await openAll()).setAside, undefined);
  });

  test('an empty file is a new one', async () => {
    await open();
    closeAll();
    await truncate(join(folder, 'ledger.sqlite'), 0);
    assert.equal((await openAll()).setAside, undefined);
    assert.deepEqual(told, []);
  });
});

describe('values that something else wrote', () => {
  for (const [column, value] of [
    ['outcome', "'splendid'"],
    ['verb', "'sing'"],
    ['targets', "'[1]'"],
    ['targets', "'{'"],
    ['files', '-1'],
    ['bytes', '9007199254740993'],
  ]) {
    test(`${column} = ${value}: it is told once, and no run fails`, async () => {
      const ledger = await open();
      for (const id of ['sound', 'spoilt'])
        await (await ledger.startRun(run(id), { signal })).finish('succeeded');
      tamper(`UPDATE runs SET ${column} = ${value} WHERE id = 'spoilt'`);
      const ids = (await ledger.recentRuns(9, { signal })).map(({ id }) => id);
      // A number beyond what fits fails the whole query, any other value its own row.
      assert.deepEqual(ids, column === 'bytes' ? [] : ['sound']);
      await ledger.recentRuns(9, { signal });
      assert.deepEqual(
        told.map(({ code }) => code),
        ['LEDGER_UNREADABLE'],
      );
    });
  }

  test('tables that are gone are answered as a lost ledger would', async () => {
    const ledger = await open();
    tamper(
      'DROP TABLE findings; DROP TABLE verifications; DROP TABLE vaults; DROP TABLE snapshots; DROP TABLE kits',
    );
    await ledger.recordSnapshot({ ...snapshot('a'), bytes: 1 });
    assert.equal(await ledger.snapshotsAddedSinceLastForget('v1', 'mail', 'daily', { signal }), 0);
    assert.equal(await ledger.vaultSeen({ id: 'v1' }, { signal }), undefined);
    assert.deepEqual(await ledger.lastVerify('v1', 's1', { signal }), []);
    assert.deepEqual(await ledger.kitsConfirmed('v1', { signal }), []);
    assert.deepEqual(
      told.map(({ code }) => code),
      ['LEDGER_UNWRITABLE', 'LEDGER_UNREADABLE'],
    );
  });
});

test('which recovery kits were confirmed is known of each vault', async () => {
  const ledger = await open();
  assert.deepEqual(await ledger.kitsConfirmed('v1', { signal }), []);
  for (const key of ['k2', 'k1', 'k1']) await ledger.recordKit({ vault: 'v1', key });
  await ledger.recordKit({ vault: 'v2', key: 'k3' });
  assert.deepEqual(await ledger.kitsConfirmed('v1', { signal }), ['k1', 'k2']);
});

describe('a ledger that cannot be written', () => {
  test('a run goes on, it is told once, and what was missed is written when it can be', async () => {
    const ledger = await open();
    const recorder = await ledger.startRun(run('r'), { signal });
    const other = new DatabaseSync(join(folder, 'ledger.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const ended = {
      type: 'target.finished',
      verb: 'backup',
      vault: 'hdd',
      outcome: 'succeeded',
      seconds: 1,
    } as const;
    recorder.record({ ...ended, target: 'mail' });
    assert.deepEqual(
      told.map(({ code }) => code),
      ['LEDGER_UNWRITABLE'],
    );
    other.exec('ROLLBACK');
    other.close();
    await recorder.finish('succeeded');
    const [found] = await ledger.recentRuns(1, { signal });
    assert.deepEqual([found?.outcome, found?.results.length, told.length], ['succeeded', 1, 1]);
  });

  test('a folder that cannot be made: an empty ledger, which is told', async () => {
    await writeFile(folder, 'a file');
    const ledger = await open();
    await (await ledger.startRun(run('r'), { signal })).finish('succeeded');
    assert.deepEqual(
      told.map(({ code }) => code),
      ['LEDGER_UNWRITABLE'],
    );
    assert.match(told[0]?.message ?? '', /ENOTDIR|EEXIST/);
  });

  test('a query that was cancelled ends with the reason', async () => {
    const ledger = await open();
    const reason = new Error('stop');
    await assert.rejects(ledger.recentRuns(1, { signal: AbortSignal.abort(reason) }), reason);
  });
});

describe('several processes', () => {
  test('open a new ledger at once and write side by side', async () => {
    const children = ['a', 'b', 'c'].map((name) =>
      inChild(`
        for (let at = 0; at < 40; at++) {
          const recorder = await ledger.startRun({ ...${JSON.stringify(run(''))}, id: '${name}' + at }, { signal });
          recorder.record({ type: 'target.finished', verb: 'backup', target: 'mail', outcome: 'succeeded', seconds: 1 });
          await recorder.finish('succeeded');
          await ledger.recordSnapshot({ ...${JSON.stringify(snapshot(''))}, place: '${name}' + at, bytes: 1 });
        }
        ledger.close();`),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
    const ledger = await open();
    const runs = await ledger.recentRuns(1_000, { signal });
    assert.deepEqual([runs.length, runs.every(({ results }) => results.length === 1)], [120, true]);
    assert.equal(await ledger.snapshotsAddedSinceLastForget('v1', 'mail', 'daily', { signal }), 120);
  });

  test('meet a damaged file at once: it is set aside once, and neither loses what it writes then', async () => {
    await open();
    closeAll();
    await writeFile(join(folder, 'ledger.sqlite'), Buffer.alloc(20_000, 'garbage '));
    const children = ['a', 'b', 'c'].map((id) =>
      inChild(`await (await ledger.startRun(${JSON.stringify(run(id))}, { signal })).finish('succeeded');`),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'close'))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal((await readdir(folder)).filter((name) => name.includes('.damaged-')).length, 1);
    assert.equal((await (await open()).recentRuns(9, { signal })).length, 3);
  });
});

/** Runs code in another process, with this folder's ledger open; any trouble ends it with 1. */
function inChild(code: string) {
  const face = new URL('./ledger.ts', import.meta.url).href;
  const script = `
    import { openLedger } from ${JSON.stringify(face)};
    const { signal } = new AbortController();
    const clock = { now: () => Date.now(), elapsed: () => performance.now() / 1000 };
    const onTrouble = (trouble) => { throw trouble; };
    const { ledger } = await openLedger(${JSON.stringify(folder)}, { clock, signal, onTrouble });
    ${code}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
