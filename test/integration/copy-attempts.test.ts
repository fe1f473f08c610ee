/** A copy on a line that breaks: what is tried again, what arrives all the same, and what is told of the rest. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { isHikaeError } from '../../src/base/errors.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import type { Event } from '../../src/model/events.ts';
import { type CopyQuestion, copyTarget } from '../../src/operations/copy-target.ts';
import type { PolicyParts } from '../../src/operations/parts.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { storageErrors } from '../../src/storage/storage.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { dayTime, listed, never, openVault, take } from '../vault/taking.ts';

const question: CopyQuestion = {
  target: 'files',
  from: 'here',
  vault: 'there',
  attempts: { times: 3, wait: 1 },
  forgets: false,
  yes: false,
};

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-attempts-'));
  mkdirSync(join(folder, 'tree'));
  const vault = await openVault(join(folder, 'here'));
  for (const day of [0, 1, 2]) {
    writeFileSync(join(folder, 'tree/file'), `day ${day}`);
    await take(vault, { root: join(folder, 'tree'), time: dayTime(day) });
  }
  await vault.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

function broken(): Error {
  return storageErrors.STORAGE_INTERRUPTED({
    storage: 'there',
    operation: 'put',
    key: 'x',
    reason: 'the line is cut',
  });
}

/** Copies, where `spoil` stands before every use of the destination. */
async function copyWith(spoil: {
  readonly open?: () => void;
  readonly begin?: () => void;
}): Promise<{ end: Awaited<ReturnType<typeof copyTarget>>; events: readonly Event[] }> {
  const events: Event[] = [];
  const { ledger } = await openLedger(join(folder, 'state'), {
    clock: systemClock,
    signal: never,
    onTrouble: (trouble) => assert.fail(trouble),
  });
  const parts: PolicyParts = {
    clock: systemClock,
    random: randomBytes,
    emit: (event) => events.push(event),
    signal: never,
    environment: {},
    host: 'test',
    zone: 'UTC',
    version: '0',
    source: async () => assert.fail('nothing is captured'),
    openVault: async (name) => {
      const vault = await openVault(join(folder, name));
      if (name === 'here') return { name, vault };
      spoil.open?.();
      return { name, vault: spoiled(vault, spoil.begin) };
    },
    vaults: ['here', 'there'],
    ledger,
    policy: { vaults: {}, targets: {} } as unknown as Policy,
    lockWait: 0,
  };
  try {
    return { end: await copyTarget(question, parts), events };
  } finally {
    ledger.close();
  }
}

function spoiled(vault: Vault, begin: () => void = () => {}): Vault {
  return {
    ...vault,
    async acquire(options) {
      const writable = await vault.acquire(options);
      return {
        ...writable,
        async begin(draft, writing) {
          begin();
          return writable.begin(draft, writing);
        },
      };
    },
  };
}

function failing(...at: readonly number[]): () => void {
  let call = 0;
  return () => {
    call += 1;
    if (at.includes(call)) throw broken();
  };
}

async function there(): Promise<number> {
  return (await listed(await openVault(join(folder, 'there')))).length;
}

describe('a copy on a line that breaks', () => {
  test('goes on where it was when the line is back', async () => {
    const { end, events } = await copyWith({ open: failing(1), begin: failing(2, 3) });
    assert.deepEqual([end.outcome, end.copied.length, end.missing], ['succeeded', 3, []]);
    const newestFirst = end.copied.map(({ snapshot }) => snapshot.header.time);
    assert.deepEqual(newestFirst, [dayTime(2), dayTime(1), dayTime(0)]);
    const again = events.filter((event) => event.type === 'warning' && event.code === 'copy-again');
    assert.equal(again.length, 3);
    assert.equal(await there(), 3);
  });

  test('gives a snapshot three attempts, keeps what has arrived, and names what is missing', async () => {
    const { end } = await copyWith({ begin: failing(2, 3, 4) });
    assert.deepEqual([end.outcome, end.copied.length], ['failed', 1]);
    assert.deepEqual(end.missing, ['daily/files/2026-11-23', 'daily/files/2026-11-22']);
    assert.ok(isHikaeError(end.error, 'COPY_INCOMPLETE'));
    assert.match(end.error.message, /2026-11-23.*the line is cut/);
    assert.equal(await there(), 1);
    const next = await copyWith({});
    assert.deepEqual([next.end.outcome, next.end.copied.length], ['succeeded', 2]);
  });

  test('tells why it never got there', async () => {
    await assert.rejects(copyWith({ open: failing(1, 2, 3) }), (error) =>
      isHikaeError(error, 'STORAGE_INTERRUPTED'),
    );
  });
});
