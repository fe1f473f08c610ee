import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standInName, standInOf, standsFor } from './stand-ins.ts';

const random = Uint8Array.from([0, 1, 2, 255]);
const bytes = { length: 63, unit: 'bytes' } as const;

test('a stand-in tells what it is and whose', () => {
  const name = standInName('app', 'new', random, bytes);
  assert.equal(name, 'app_hikae_new_000102ff');
  assert.deepEqual(standInOf(name), { of: 'app', kind: 'new' });
  assert.equal(standInOf('app_hikae_new'), undefined);
  assert.equal(standInOf('app'), undefined);
});

test('a long name is shortened by whole letters, and still found', () => {
  const long = '名簿'.repeat(10);
  const name = standInName(long, 'replaced', random, bytes);
  assert.ok(Buffer.byteLength(name) <= 63 && Buffer.byteLength(name) > 60);
  const standIn = standInOf(name);
  assert.ok(standIn !== undefined && standsFor(standIn, long));
  assert.equal(
    standInName(long, 'old', random, { length: 64, unit: 'characters' }),
    `${long}_hikae_old_000102ff`,
  );
});

test('one of a short name belongs to no other database', () => {
  assert.ok(!standsFor({ of: 'app', kind: 'new' }, 'app2'));
  assert.ok(standsFor({ of: 'app', kind: 'new' }, 'app'));
});
