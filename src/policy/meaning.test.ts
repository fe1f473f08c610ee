import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { notYetActing } from './later.ts';
import { checkPolicy } from './load.ts';
import { keepOf, originOf, schedulesOf, targetsOf } from './meaning.ts';
import type { Policy } from './policy-file.ts';

function policyOf(...lines: readonly string[]): Policy {
  const checked = checkPolicy(['version: 1', ...lines].join('\n'), {
    hostname: 'h',
    timezone: 'UTC',
    file: 'x',
  });
  assert.ok(checked.ok, JSON.stringify(checked));
  return checked.policy;
}

const small = 'targets: { a: { components: { c: { files: /a } } } }';

describe('keepOf', () => {
  const schedules =
    'schedules: { daily: { at: "02:00", to: v, keep: 5 }, weekly: { at: "Sun 04:00", to: v } }';
  test("is the vault's own word, or else the schedule's, or else 3 and 4", () => {
    const policy = policyOf(
      small,
      'vaults: { v: { plain: /v, keep: { daily: 7 } }, w: { plain: /w } }',
      schedules,
    );
    assert.deepEqual(keepOf(policy, 'v'), { daily: 7, weekly: 4 });
    assert.deepEqual(keepOf(policy, 'w'), { daily: 5, weekly: 4 });
    const plain = policyOf(
      small,
      'vaults: { v: { plain: /v } }',
      'schedules: { daily: { at: "02:00", to: v } }',
    );
    assert.deepEqual(keepOf(plain, 'v'), { daily: 3, weekly: 4 });
  });
});

describe('schedulesOf and targetsOf', () => {
  test('keep the order of the file', () => {
    const policy = policyOf(
      'targets: { b: { components: { c: { files: /b } } }, a: { components: { c: { files: /a } } } }',
      'vaults: { v: { plain: /v } }',
      'schedules: { weekly: { at: "Sun 04:00", to: v }, daily: { at: "02:00", to: v, targets: [a] } }',
    );
    const schedules = schedulesOf(policy);
    assert.deepEqual(
      schedules.map(([name, schedule]) => [name, targetsOf(policy, schedule)]),
      [
        ['weekly', ['b', 'a']],
        ['daily', ['a']],
      ],
    );
  });
});

describe('originOf', () => {
  const origin = (settings: string) => {
    const policy = policyOf(
      `targets: { a: { components: { c: { ${settings} } } } }`,
      'vaults: { v: { plain: /v } }',
      'schedules: { daily: { at: "02:00", to: v } }',
    );
    const component = policy.targets.a?.components.c;
    assert.ok(component !== undefined);
    return originOf(component);
  };

  test('is the content of a folder, or absolute paths', () => {
    const rest = { include: [], exclude: [], oneFileSystem: true };
    assert.deepEqual(origin('files: /a/'), { kind: 'files', layout: 'folder', roots: ['/a'], ...rest });
    assert.deepEqual(origin('files: [/a]'), { kind: 'files', layout: 'list', roots: ['/a'], ...rest });
    assert.deepEqual(origin('files: /a, exclude: ["*.tmp"], include: ["/x"], oneFileSystem: false'), {
      kind: 'files',
      layout: 'folder',
      roots: ['/a'],
      include: ['/x'],
      exclude: ['*.tmp'],
      oneFileSystem: false,
    });
  });

  test('is a command', () => {
    assert.deepEqual(origin('command: { argv: [ls, -l], file: list }'), {
      kind: 'command',
      argv: ['ls', '-l'],
      file: 'list',
    });
  });

  test('is a database server, reached in one of three ways', () => {
    assert.deepEqual(origin('mysql: { socket: /s, user: me, password: { env: PW }, together: true }'), {
      kind: 'mysql',
      together: true,
      server: { via: 'socket', path: '/s' },
      user: 'me',
      password: { env: 'PW' },
      databases: 'all',
    });
    assert.deepEqual(origin('postgres: { host: "127.0.0.1", port: 5433, databases: [a, b] }'), {
      kind: 'postgres',
      server: { via: 'tcp', host: '127.0.0.1', port: 5433 },
      databases: ['a', 'b'],
    });
    assert.deepEqual(origin('postgres: { docker: pg }'), {
      kind: 'postgres',
      server: { via: 'docker', container: 'pg' },
      databases: 'all',
    });
  });

  test('is a volume, and how long its containers may stand still', () => {
    const volume = { kind: 'docker-volume', volume: 'x' };
    assert.deepEqual(origin('docker-volume: { volume: x }'), { ...volume, pause: 0 });
    assert.deepEqual(origin('docker-volume: { volume: x, pause: true }'), { ...volume, pause: 600_000 });
    assert.deepEqual(origin('docker-volume: { volume: x, pause: true, maxPause: 90s }'), {
      ...volume,
      pause: 90_000,
    });
  });
});

describe('notYetActing', () => {
  test('is empty for every kind of component in local plain vaults', () => {
    const policy = policyOf(
      'targets: { a: { components: { f: { files: /a }, m: { mysql: { docker: x } }, p: { postgres: { host: x } }, d: { docker-volume: { volume: x } } } } }',
      'vaults: { v: { plain: /v } }',
      'schedules: { daily: { at: "02:00", to: v } }',
    );
    assert.deepEqual(notYetActing(policy), []);
  });

  test('names every other part by its path', () => {
    const policy = policyOf(
      small,
      'vaults: { v: { plain: /v, limits: {} }, n: { plain: "sftp://h/x" }, s: { restic: "s3://bucket/x", password: { env: X }, lock: { mode: compliance, for: 1d } }, p: { plain: "s3://bucket/p", lock: { mode: compliance, for: 1d } }, r: { restic: /r, password: { env: X } } }',
      'schedules: { daily: { at: "02:00", to: v, copyTo: [n, s] } }',
      'notify: {}',
      'scan: {}',
      'cost: { rate: 1, warning: 1, critical: 2 }',
      'drill: {}',
    );
    assert.deepEqual(
      notYetActing(policy).map(({ path }) => path),
      ['vaults.v.limits', 'notify', 'scan', 'cost', 'drill'],
    );
  });
});
