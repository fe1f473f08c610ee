/** A repository as the vault of a policy: every command on it, and restic beside it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { describeTree } from '../doubles/live-tree.ts';
import { damageFolder } from '../vault/damaged-folder.ts';
import { plantLock } from '../vault/planted-lock.ts';
import { restic, resticBackup, resticCheck } from '../vault/restic-command.ts';
import { PASSWORD } from '../vault/restic-taking.ts';
import { run, runAt, runHere, runPlain, Scratch, type ToldRestore } from './command.ts';

function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update('noise').digest();
}

function policyOf(scratch: Scratch): string {
  scratch.write('site/page', 'text');
  scratch.write('site/large', noise(9_000_000));
  scratch.write('password', `${PASSWORD}\n`, 0o600);
  const components = {
    site: { files: scratch.at('site') },
    dump: { command: { argv: ['seq', '200000'], file: 'numbers.sql' } },
  };
  return scratch.policy({
    targets: { blog: { components } },
    vaults: {
      safe: {
        restic: scratch.at('repository'),
        password: { file: scratch.at('password') },
        keep: { daily: 2, weekly: 1 },
      },
    },
    schedules: { daily: { at: '02:00', to: 'safe' }, weekly: { at: 'Sun 04:00', to: 'safe' } },
  });
}

const day = (at: number) => `2026-11-${at}T02:00:00+09:00`;

interface ToldSnapshots {
  readonly vaults: readonly { readonly snapshots: readonly { readonly place: string }[] }[];
}

interface ToldDiff {
  readonly changes: readonly { readonly path: string; readonly differences: readonly string[] }[];
}

interface ToldFind {
  readonly versions: readonly { readonly node: { readonly path: string } }[];
}

interface Repaired {
  readonly ends: readonly unknown[];
}

interface Pruned {
  readonly ends: readonly {
    readonly report: Record<'kept' | 'marked' | 'removed', { readonly packs: number }>;
  }[];
}

describe('a repository in a policy', { timeout: 300_000 }, () => {
  it('is repaired from another vault, and says what it lacks without one', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    assert.equal((await runAt(day(21), policy, ['backup'])).status, 0);
    const replica = scratch.at('replica');
    cpSync(scratch.at('repository'), replica, { recursive: true });
    rmSync(scratch.at('repository/data'), { recursive: true });
    const planned = await runHere<Repaired>(policy, ['repair', '--dry-run']);
    assert.equal(planned.status, 21);
    const alone = await runPlain(['--policy', policy, 'repair']);
    assert.equal(alone.status, 21);
    assert.match(alone.stdout, /What stays damaged/);
    const options = { environment: { RESTIC_PASSWORD: PASSWORD } };
    const mended = await runPlain(
      ['--policy', policy, 'repair', '--vault', 'safe', '--from', replica],
      options,
    );
    assert.equal(mended.status, 0, mended.stdout + mended.stderr);
    assert.match(mended.stdout, /brought back from .*replica: [1-9]/);
    assert.equal(resticCheck(scratch.at('repository')), 'sound');
    assert.equal((await runHere(policy, ['verify'])).status, 0);
    const itself = await runPlain(['--policy', policy, 'repair', '--from', 'safe', '--vault', 'safe']);
    assert.equal(itself.status, 2);
  });

  it('gives back what is around a folder whose list is damaged, but not the dumps of a component', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    scratch.write('site/lost/page', 'out of reach');
    assert.equal((await runHere(policy, ['backup'])).status, 0);
    const repository = scratch.at('repository');
    await damageFolder(repository, ['blog', 'site', 'lost']);
    const restored = await runHere<ToldRestore>(policy, ['restore', 'blog', '--to', scratch.at('restored')]);
    assert.equal(restored.status, 3, restored.stderr);
    assert.match(restored.stderr, /stored-damaged.*restored\/site\/lost"/);
    const expected = describeTree(scratch.at('site'));
    expected.delete('lost/page');
    assert.deepEqual(describeTree(scratch.at('restored/site')), expected);
    const emptied = await runHere(policy, ['restore', 'blog', '--in-place', '--delete']);
    assert.equal(emptied.status, 1, emptied.stderr);
    assert.match(emptied.stderr, /SNAPSHOT_DAMAGED/);
    assert.equal(readFileSync(scratch.at('site/lost/page'), 'utf8'), 'out of reach');
    await damageFolder(repository, ['blog', 'dump']);
    const dumps = await runHere(policy, ['restore', 'blog', '--to', scratch.at('dumps')]);
    assert.equal(dumps.status, 1, dumps.stderr);
    assert.match(dumps.stderr, /SNAPSHOT_DAMAGED/);
  });

  it('is pruned in two steps, and both are told', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    // What the first day stores may share a pack with what stays; of the second nothing stays.
    for (const at of [20, 21, 22, 23]) {
      scratch.write('site/page', `text of day ${at}`);
      assert.equal((await runAt(day(at), policy, ['backup'])).status, 0);
    }
    const planned = await runPlain(['--policy', policy, 'prune', '--dry-run']);
    assert.match(planned.stdout, /are marked: nobody needs them +\d/);
    assert.match(planned.stdout, /dry run/);
    const marked = await runHere<Pruned>(policy, ['prune']);
    assert.equal(marked.status, 0);
    assert.ok((marked.result.ends[0]?.report.marked.packs ?? 0) > 0);
    assert.equal(marked.result.ends[0]?.report.removed.packs, 0);
    assert.equal(resticCheck(scratch.at('repository')), 'sound');
    const removed = await runHere<Pruned>(policy, ['prune', '--grace', '0s']);
    assert.ok((removed.result.ends[0]?.report.removed.packs ?? 0) > 0);
    assert.equal(resticCheck(scratch.at('repository')), 'sound');
    assert.equal((await runHere(policy, ['verify'])).status, 0);
    const japanese = await runPlain(['--policy', policy, '--lang', 'ja', 'prune']);
    assert.match(japanese.stdout, /そのまま残す/);
    assert.match((await runPlain(['--policy', policy, 'log'])).stdout, /prune.*safe/);
  });

  it('is backed up to, looked into, verified, restored from, and forgotten in', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    for (const at of [21, 22, 23]) {
      scratch.write('site/page', `text of day ${at}`);
      const { result, status } = await runAt(day(at), policy, ['backup']);
      assert.deepEqual([status, result.outcome], [0, 'succeeded']);
    }
    const weekly = await runAt('2026-11-23T04:00:00+09:00', policy, ['backup', '--schedule', 'weekly']);
    assert.match(weekly.result.targets[0]?.from?.place ?? '', /^daily\/blog\/2026-11-23-/);
    const listed = await runPlain(['--policy', policy, 'snapshots']);
    assert.match(
      listed.stdout,
      /daily\/blog\/2026-11-22-[0-9a-f]{8} .*\n.*daily\/blog\/2026-11-23-.*\n.*weekly\/blog\/2026-W48-/,
    );
    assert.doesNotMatch(listed.stdout, /2026-11-21/, 'the third day is kept no more');
    assert.match((await runPlain(['--policy', policy, 'ls', 'blog', '/site'])).stdout, /large\n.*page/);
    assert.equal(
      (await runPlain(['--policy', policy, 'dump', 'blog', '/site/page'])).stdout,
      'text of day 23',
    );
    const verified = await run<{ outcome: string }>(policy, ['verify', '--level', 'full']);
    assert.deepEqual([verified.status, verified.result.outcome], [0, 'succeeded']);
    assert.equal(resticCheck(scratch.at('repository')), 'sound');

    const forced = await run(policy, ['backup', '--force']);
    assert.deepEqual([forced.status, forced.result.outcome], [0, 'succeeded']);
    const site = forced.result.targets[0]?.components.find(({ name }) => name === 'site');
    assert.equal(site?.newBytes, 0, 'what was read again is there already');
    assert.equal((await run(policy, ['backup', '--force', '--dry-run'])).status, 2);
    const source = describeTree(scratch.at('site'));
    rmSync(scratch.at('site'), { recursive: true });
    const restored = await run<ToldRestore>(policy, ['restore', 'blog', '--in-place', '--component', 'site']);
    assert.deepEqual([restored.status, restored.result.outcome], [0, 'succeeded']);
    assert.deepEqual(describeTree(scratch.at('site')), source);
    restic(scratch.at('repository'), [
      'restore',
      'latest',
      '--path',
      '/blog',
      '--target',
      scratch.at('by-restic'),
    ]);
    assert.deepEqual(describeTree(scratch.at('by-restic/blog/site')), source);
  });

  it('opens with no other password, and is never made anew when it is gone', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    assert.equal((await runHere(policy, ['backup'])).status, 0);
    scratch.write('password', 'another\n', 0o600);
    const { status, result } = await runHere(policy, ['snapshots']);
    assert.deepEqual([status, result.error?.code], [12, 'VAULT_WRONG_PASSWORD']);
    assert.equal((await runHere(policy, ['backup'])).status, 12);
    scratch.write('password', PASSWORD, 0o600);
    renameSync(scratch.at('repository'), scratch.at('moved'));
    for (const there of [false, true]) {
      if (there) mkdirSync(scratch.at('repository'));
      const gone = await runHere(policy, ['backup']);
      assert.deepEqual(
        [gone.status, gone.result.targets?.[0]?.error?.code ?? gone.result.error?.code],
        [10, 'VAULT_GONE'],
      );
    }
    rmSync(scratch.at('repository'), { recursive: true });
    renameSync(scratch.at('moved'), scratch.at('repository'));
    assert.equal((await runHere(policy, ['backup'])).status, 0);
  });

  it('of restic alone is looked into and restored from without a policy', async () => {
    using scratch = new Scratch();
    policyOf(scratch);
    const repository = scratch.at('repository');
    restic(repository, ['init']);
    resticBackup(repository, [scratch.at('site')]);
    const environment = { RESTIC_PASSWORD_FILE: scratch.at('password') };
    const target = `restic:${scratch.at('site')}`;
    const vault = ['--vault', repository];
    const listed = await runPlain(['snapshots', ...vault], { environment });
    assert.match(listed.stdout, /snapshots\/[0-9a-f]{64}/);
    const restored = await runPlain(['restore', target, ...vault, '--to', scratch.at('out')], {
      environment,
    });
    assert.equal(restored.status, 0, restored.stderr);
    assert.deepEqual(
      describeTree(scratch.at('out/files', scratch.at('site'))),
      describeTree(scratch.at('site')),
    );
    const { status } = await runPlain(['snapshots', ...vault]);
    assert.equal(status, 12, 'nothing says where the password is');

    const named = [...vault, '--password-file', scratch.at('password')];
    const page = scratch.at('site/page').slice(1);
    for (const args of [
      ['snapshots'],
      ['ls', target],
      ['find', 'page'],
      ['verify'],
      ['dump', target, `files/${page}`],
    ]) {
      const ran = await runPlain([...args, ...named]);
      assert.equal(ran.status, 0, `${args[0]}: ${ran.stderr}`);
    }
    assert.equal((await runPlain(['snapshots', '--password-file', scratch.at('password')])).status, 2);
  });

  it('has its files found and compared, by hikae and by restic alone, however many blobs they are', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    const repository = scratch.at('repository');
    const large = scratch.at('site/large');
    /** Of hikae and of restic: the places of their newest snapshots. */
    const takeBoth = async (at: number): Promise<string[]> => {
      assert.equal((await runAt(day(at), policy, ['backup'])).status, 0);
      resticBackup(repository, [scratch.at('site')]);
      const { result } = await runHere<ToldSnapshots>(policy, ['snapshots']);
      const places = result.vaults[0]?.snapshots.map(({ place }) => place) ?? [];
      return [/^daily/, /^snapshots/].map((kind) => places.findLast((place) => kind.test(place)) ?? '');
    };
    const differ = async (before: readonly string[], after: readonly string[], expected: string) => {
      for (const [at, place] of before.entries()) {
        const { status, result } = await runHere<ToldDiff>(policy, ['diff', place, after[at] ?? '']);
        assert.equal(status, 0);
        const [change] = result.changes.filter(({ path }) => path.endsWith('/large'));
        assert.deepEqual(change?.differences, [expected], `${place} and ${after[at]}`);
      }
    };
    const first = await takeBoth(21);
    utimesSync(large, 1, 1);
    const second = await takeBoth(22);
    await differ(first, second, 'mtime');
    writeFileSync(large, Buffer.concat([noise(8_999_999), Buffer.from('!')]));
    utimesSync(large, 1, 1);
    const third = await takeBoth(23);
    await differ(second, third, 'content');
    const found = await runHere<ToldFind>(policy, [
      'find',
      'large',
      '--target',
      `restic:${scratch.at('site')}`,
    ]);
    assert.equal(found.result.versions.length, 3, 'each has other bytes or another time');
    const [, foreign = ''] = third;
    const path = found.result.versions[0]?.node.path ?? '';
    assert.match((await runPlain(['--policy', policy, 'ls', foreign, '--recursive'])).stdout, /large/);
    const dumped = await runPlain(['--policy', policy, 'dump', foreign, path]);
    assert.deepEqual([dumped.status, dumped.stdout.at(-1)], [0, '!']);
  });

  it('is read without a lock when somebody is alone with it, and else not', async () => {
    using scratch = new Scratch();
    const policy = policyOf(scratch);
    assert.equal((await runHere(policy, ['backup'])).status, 0);
    await plantLock(scratch.at('repository'));
    const locked = await runHere(policy, ['ls', 'blog', '--lock-wait', '0s']);
    assert.deepEqual([locked.status, locked.result.error?.code], [11, 'VAULT_REPOSITORY_LOCKED']);
    assert.match(locked.result.error?.hint ?? '', /hikae unlock/);
    assert.equal((await runHere(policy, ['backup', '--lock-wait', '0s'])).status, 11);
    assert.equal((await runHere(policy, ['ls', 'blog', '--no-lock'])).status, 0);
    const restore = ['restore', 'blog', '--to', scratch.at('out'), '--no-lock'];
    assert.equal((await runHere(policy, restore)).status, 0);
  });
});
