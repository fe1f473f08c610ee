/** The ledger on a disk that is full, and on one that is read-only: real ones, which only root can make. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HikaeError } from '../../src/base/errors.ts';
import { isHikaeError, systemCode } from '../../src/base/errors.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { trouble } from '../../src/model/trouble.ts';

const { signal } = new AbortController();
const clock = { now: () => Date.now(), elapsed: () => performance.now() / 1000 };
const skip = process.getuid?.() === 0 ? false : 'mounting needs root';
const run = { id: 'r', verb: 'backup', host: 'dell', targets: ['mail'] } as const;

async function onDisk(work: (disk: string, told: HikaeError[]) => Promise<void>): Promise<void> {
  const disk = mkdtempSync(join(tmpdir(), 'hikae-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'hikae-test', disk]);
  try {
    await work(disk, []);
  } finally {
    execFileSync('umount', [disk]);
    rmdirSync(disk);
  }
}

test(
  'a full disk: the run goes on, it is told once, and the end is written when there is room',
  { skip },
  () =>
    onDisk(async (disk, told) => {
      const { ledger } = await openLedger(disk, { clock, signal, onTrouble: (error) => told.push(error) });
      const recorder = await ledger.startRun(run, { signal });
      const filler = join(disk, 'filler');
      assert.throws(
        () => writeFileSync(filler, Buffer.alloc(2_000_000)),
        (error) => systemCode(error) === 'ENOSPC',
      );
      for (let at = 0; at < 500; at++) {
        const lost = trouble('vanished', `${at}/${'long'.repeat(200)}`);
        recorder.record({ type: 'trouble', target: 'mail', trouble: lost });
      }
      for (const outcome of ['partial', 'succeeded'] as const) {
        recorder.record({
          type: 'target.finished',
          verb: 'backup',
          target: 'mail',
          vault: 'hdd',
          outcome,
          seconds: 1,
        });
      }
      assert.deepEqual(
        told.map(({ code }) => code),
        ['LEDGER_UNWRITABLE'],
      );
      rmSync(filler);
      await recorder.finish('partial');
      const [found] = await ledger.recentRuns(1, { signal });
      assert.deepEqual([found?.outcome, found?.notes, found?.results.length], ['partial', 500, 2]);
      assert.equal((await ledger.troublesOf('r', { signal })).length, 500);
      ledger.close();
    }),
);

test('a full disk before the first run: an empty ledger, which is told', { skip }, () =>
  onDisk(async (disk, told) => {
    try {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(2_000_000));
    } catch (error) {
      if (systemCode(error) !== 'ENOSPC') throw error;
    }
    const { ledger } = await openLedger(disk, { clock, signal, onTrouble: (error) => told.push(error) });
    await (await ledger.startRun(run, { signal })).finish('succeeded');
    assert.ok(told.length === 1 && isHikaeError(told[0], 'LEDGER_UNWRITABLE'));
    ledger.close();
  }),
);

test('a read-only disk: what was known is still known, and it is told', { skip }, () =>
  onDisk(async (disk, told) => {
    const open = () => openLedger(disk, { clock, signal, onTrouble: (error) => told.push(error) });
    const before = await open();
    await before.ledger.recordVault({ id: 'v1', name: 'hdd', path: '/mnt/hdd' });
    await before.ledger.startRun(run, { signal });
    before.ledger.close();
    assert.deepEqual(told, []);

    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const { ledger } = await open();
    assert.equal((await ledger.vaultSeen({ path: '/mnt/hdd' }, { signal }))?.name, 'hdd');
    await (await ledger.startRun({ ...run, id: 'unrecorded' }, { signal })).finish('succeeded');
    assert.deepEqual(
      (await ledger.recentRuns(9, { signal })).map(({ id }) => id),
      ['r'],
    );
    assert.ok(told.length === 1 && isHikaeError(told[0], 'LEDGER_UNWRITABLE'));
    ledger.close();
  }),
);
