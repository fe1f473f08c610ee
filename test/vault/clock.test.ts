/** Names of snapshots and `latest` under clocks that jump and zones that change. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Schedule } from '../../src/model/snapshot.ts';
import type { Vault } from '../../src/vault/vault.ts';
import { listed, openVault, take, verifyAll } from './taking.ts';

let folder = '';
let root = '';
let vault: Vault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hikae-clock-'));
  root = join(folder, 'source');
  mkdirSync(root);
  writeFileSync(join(root, 'file'), 'content');
  vault = await openVault(join(folder, 'vault'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Takes a snapshot at a moment and returns its name, which `latest` must have now. */
async function at(moment: string, zone = 'Asia/Tokyo', schedule: Schedule = 'daily'): Promise<string> {
  const { entry, stored } = await take(vault, { root, time: Date.parse(moment), zone, schedule });
  const name = entry.place.split('/').at(-1) ?? '';
  assert.equal(readlinkSync(join(folder, 'vault', schedule, 'files/latest')), name);
  assert.ok(stored.newBytes === 0 || (await listed(vault)).length === 1, 'it shares with the one before');
  return name;
}

test('three runs a day have three names, and latest is the last', async () => {
  assert.equal(await at('2026-11-22T02:00:00+09:00'), '2026-11-22');
  assert.equal(await at('2026-11-22T15:30:12+09:00'), '2026-11-22T153012');
  assert.equal(await at('2026-11-22T23:59:59+09:00'), '2026-11-22T235959');
  assert.equal(await at('2026-11-23T00:00:00+09:00'), '2026-11-23');
  assert.equal((await listed(vault)).length, 4);
  assert.deepEqual((await verifyAll(vault)).findings, []);
});

test('two runs in one second have two names', async () => {
  assert.equal(await at('2026-11-22T02:00:00Z', 'UTC'), '2026-11-22');
  assert.equal(await at('2026-11-22T02:00:00Z', 'UTC'), '2026-11-22T020000');
  assert.equal(await at('2026-11-22T02:00:00.900Z', 'UTC'), '2026-11-22T020001');
  assert.equal(await at('2026-11-22T02:00:01Z', 'UTC'), '2026-11-22T020002');
});

test('a day is a day of its owner’s zone, also when he moves', async () => {
  assert.equal(await at('2026-11-22T20:00:00Z', 'Asia/Tokyo'), '2026-11-23');
  assert.equal(await at('2026-11-22T21:00:00Z', 'America/New_York'), '2026-11-22');
  assert.equal(await at('2026-11-22T22:00:00Z', 'UTC'), '2026-11-22T220000');
  assert.equal(await at('2026-11-23T22:00:00Z', 'Pacific/Kiritimati'), '2026-11-24');
  assert.deepEqual(await listed(vault), [
    'daily/files/2026-11-23',
    'daily/files/2026-11-22',
    'daily/files/2026-11-22T220000',
    'daily/files/2026-11-24',
  ]);
});

test('the hour that comes twice in autumn', async () => {
  assert.equal(await at('2026-10-25T00:10:00Z', 'Europe/Berlin'), '2026-10-25');
  assert.equal(await at('2026-10-25T00:30:00Z', 'Europe/Berlin'), '2026-10-25T023000');
  assert.equal(await at('2026-10-25T01:30:00Z', 'Europe/Berlin'), '2026-10-25T023001');
  assert.equal(await at('2026-10-25T22:59:59Z', 'Europe/Berlin'), '2026-10-25T235959');
  assert.equal(await at('2026-10-25T23:00:00Z', 'Europe/Berlin'), '2026-10-26');
});

test('the hour that is left out in spring', async () => {
  assert.equal(await at('2026-03-29T00:59:59Z', 'Europe/Berlin'), '2026-03-29');
  assert.equal(await at('2026-03-29T01:00:00Z', 'Europe/Berlin'), '2026-03-29T030000');
  // A zone whose day begins at one o'clock, because its clocks are put forward at midnight.
  assert.equal(await at('2026-09-06T03:59:59Z', 'America/Santiago'), '2026-09-05');
  assert.equal(await at('2026-09-06T04:00:00Z', 'America/Santiago'), '2026-09-06');
});

test('weeks belong to the year of their Thursday', async () => {
  assert.equal(await at('2026-12-27T04:00:00Z', 'UTC', 'weekly'), '2026-W52');
  assert.equal(await at('2027-01-01T04:00:00Z', 'UTC', 'weekly'), '2026-W53');
  assert.equal(await at('2027-01-03T04:00:00Z', 'UTC', 'weekly'), '2027-01-03T040000');
  assert.equal(await at('2027-01-04T04:00:00Z', 'UTC', 'weekly'), '2027-W01');
});

test('a clock that was set back: what is taken now is latest, and lies in its own day', async () => {
  assert.equal(await at('2031-05-01T02:00:00Z', 'UTC'), '2031-05-01');
  assert.equal(await at('2026-11-22T02:00:00Z', 'UTC'), '2026-11-22');
  assert.equal(await at('2026-11-23T02:00:00Z', 'UTC'), '2026-11-23');
  assert.deepEqual(await listed(vault), [
    'daily/files/2026-11-22',
    'daily/files/2026-11-23',
    'daily/files/2031-05-01',
  ]);
  assert.deepEqual((await verifyAll(vault)).findings, []);
});
