import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LockRecord } from '../ledger/ledger.ts';
import type { Event } from '../model/events.ts';
import type { LockForecast } from '../vault/vault.ts';
import { foretellLocks, lockAllowance, pricing } from './lock-cost.ts';
import type { OpenedVault, PolicyParts, UnusualLocks } from './parts.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 22);

const record = (newBytes: number): LockRecord => ({
  time: NOW - DAY,
  objects: 100,
  bytes: 50e9,
  newObjects: 3,
  newBytes,
  extended: 2,
  puts: 20,
  gets: 30,
  until: NOW + 90 * DAY,
});

const forecast: LockForecast = {
  objects: 7,
  bytes: 8e9,
  newBytes: 8e9,
  extended: 0,
  requests: { puts: 9, gets: 9 },
  until: NOW + 90 * DAY,
  newUntil: NOW + 100 * DAY,
};

function world(past: readonly LockRecord[], confirmLocks?: PolicyParts['confirmLocks']) {
  const told: Event[] = [];
  const asked: number[] = [];
  const policy = {
    vaults: { s3: { lock: { mode: 'compliance', for: 90 * DAY, generation: 10 * DAY } } },
    cost: { currency: 'JPY', rate: 150 },
  };
  const vault = {
    location: 's3://bucket/server',
    forecastLocks: async (_: string, newBytes: number) => {
      asked.push(newBytes);
      return forecast;
    },
  };
  const parts = {
    ledger: { lastLocks: async () => past },
    policy,
    clock: { now: () => NOW, elapsed: () => 0 },
    emit: (event: Event) => told.push(event),
    signal: new AbortController().signal,
    ...(confirmLocks && { confirmLocks }),
  } as unknown as PolicyParts;
  return { told, asked, parts, opened: { name: 's3', vault } as unknown as OpenedVault };
}

describe('the allowance of a run', () => {
  const usual = [record(2e9), record(3e9), record(900e9)];

  it('is none for the first runs, nor where nothing is locked', async () => {
    const { opened, parts } = world(usual.slice(0, 2));
    assert.deepEqual(await lockAllowance('mail', opened, parts), {});
    const unlocked = { name: 'hdd', vault: {} } as OpenedVault;
    assert.deepEqual(await lockAllowance('mail', unlocked, world(usual).parts), {});
  });

  it('asks a person, and fails where there is none or the answer is no', async () => {
    const facts: UnusualLocks[] = [];
    for (const answer of [true, false, undefined]) {
      const confirm = async (asked: UnusualLocks) => {
        facts.push(asked);
        return answer === true;
      };
      const { opened, parts } = world(usual, answer === undefined ? undefined : confirm);
      const { allowance } = await lockAllowance('mail', opened, parts);
      assert.equal(allowance?.most, 30e9);
      if (answer === true) await allowance.exceeded();
      else await assert.rejects(allowance.exceeded(), { code: 'VAULT_LOCKS_UNUSUAL' });
    }
    const [first] = facts;
    assert.deepEqual(first, { vault: 's3', target: 'mail', usual: 3e9, most: 30e9 });
  });
});

describe('what is told before the first lock', () => {
  it('is the forecast of the vault where nothing is on record', async () => {
    const { told, asked, opened, parts } = world([]);
    await foretellLocks('mail', opened, 8e9, parts);
    assert.deepEqual(asked, [8e9]);
    const [event] = told;
    assert.ok(event?.type === 'locks.expected');
    assert.deepEqual([event.objects, event.newBytes, event.price.currency], [7, 8e9, 'JPY']);
    // 8 GB for 100 days.
    assert.ok(Math.abs(event.price.storage - ((8 * 0.025 * 100) / 30) * 150) < 0.01);
  });

  it('is otherwise what the last run has come to, with what is new or usual', async () => {
    for (const [newBytes, expected] of [
      [undefined, 3e9],
      [1e9, 1e9],
    ] as const) {
      const { told, asked, opened, parts } = world([record(2e9), record(3e9), record(4e9)]);
      await foretellLocks('mail', opened, newBytes, parts);
      assert.deepEqual(asked, [], 'the server is not asked');
      const [event] = told;
      assert.ok(event?.type === 'locks.expected');
      assert.deepEqual([event.newBytes, event.bytes], [expected, 48e9 + expected]);
      assert.deepEqual(event.requests, { puts: 20, gets: 30 });
      assert.deepEqual([event.until, event.newUntil], [NOW + 90 * DAY, NOW + 100 * DAY]);
    }
  });
});

it('what was locked is told with what it costs a month', () => {
  const { told, parts } = world([]);
  const set = { type: 'locks.set', vault: 's3', objects: 9, bytes: 30e9, asked: 1, extended: 0 } as const;
  const emit = pricing(parts.emit, parts.policy);
  emit({ ...set, requests: { puts: 1_000, gets: 0 }, until: NOW });
  emit({ type: 'phase', phase: 'locking' });
  const [event, other] = told;
  assert.ok(event?.type === 'locks.set' && event.price !== undefined);
  assert.ok(Math.abs(event.price.storage - 30 * 0.025 * 150) < 0.01);
  assert.ok(Math.abs(event.price.requests - 0.0047 * 150) < 1e-9);
  assert.deepEqual(other, { type: 'phase', phase: 'locking' });
});
